"""Wide windows through the use cases, beside the bare PKCS#11 calls for as many HMACs.

The bare calls are C_SignInit and C_Sign of each message as ctypes makes them, unchecked, on an open
seed and arguments made beforehand. Seconds are those of this thread's own work: SoftHSM does its
part in it as well, and what else the machine has to do changes no ratio.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from time import thread_time

from benchmarks.desk import Silent
from benchmarks.raw_pkcs11 import Ctypes
from benchmarks.report import Figure
from benchmarks.turns import in_turns
from benchmarks.verify import WithoutCommit
from benchmarks.workshop import KEY, workshop
from seedvault import config, wiring
from seedvault.domain.names import Serial, UserName
from seedvault.domain.outcome import Outcome, Reason, Rejected
from seedvault.domain.resync import Codes
from seedvault.service.resync import ResynchroniseToken
from seedvault.service.seed_files import SeedFileKey
from seedvault.service.verify import VerifyCode
from tests.support.policies import Boundless, Everywhere
from tests.support.pskc_maker import Hotp, Order, Tokens, write_pskc

_CLOCK, _COUNTER = Serial("GALT10000000"), Serial("GALT20000000")
_NOWHERE: tuple[Codes, ...] = (("000000", "999999"), ("000000", "999999", "555555"))
_ROUNDS = 15
_SEARCH_TARGET, _WINDOW_TARGET = 1.5, 3.0

# Every search of these fails, and none may lock its token.
_PATIENT = Boundless(
    resyncs_a_day=10**9,
    free_failures=10**9,
    lock_at=10**9,
    disable_at=10**9,
    disable_hotp6_at=10**9,
)


def run() -> Iterator[Figure]:
    """Medians of 15 rounds, the kinds in turns, on a vault of this run alone."""
    with workshop() as folder, _application(folder) as application:
        bare = _Bare(application)
        for codes in _NOWHERE:
            for serial in (_CLOCK, _COUNTER):
                yield from _search(application, bare, serial, codes)
        yield from _windows(application, bare)


class _Bare:
    """As many HMACs as one likes, by the bare calls."""

    def __init__(self, application: wiring.Application) -> None:
        stored = application.vault.token(_CLOCK)
        assert stored is not None
        self._way = Ctypes(wiring.location(application.settings), KEY, checked=False)
        self._key = self._way.resident(stored.wrapped.blob)

    def macs(self, number: int) -> Callable[[], object]:
        messages = [message.to_bytes(8, "big") for message in range(number)]
        return lambda: self._way.mac(self._key, messages)


def _search(
    application: wiring.Application, bare: _Bare, serial: Serial, codes: Codes
) -> Iterator[Figure]:
    """A resynchronisation that looks everywhere, commit included."""
    resynchronise = ResynchroniseToken(
        application.vault, application.keys, wiring.system_clock, Everywhere(_PATIENT)
    )

    def look() -> None:
        _must_miss(resynchronise.for_staff(serial, codes, "benchmark").outcome)

    reach = _PATIENT.wide if len(codes) > 2 else _PATIENT.near
    places = reach.counters + 1 if serial == _COUNTER else 2 * reach.steps + 1
    macs = places + len(codes) - 1
    spent = in_turns({"bare": bare.macs(macs), "search": look}, _ROUNDS, 1, thread_time)
    kind = "HOTP" if serial == _COUNTER else "TOTP"
    yield Figure(f"bare PKCS#11, {macs:,} HMACs", f"{spent['bare'] * 1e3:.1f} ms")
    what = f"{kind}, {len(codes)} codes: row, seal, seed, search, commit"
    value, ratio = f"{spent['search'] * 1e3:.1f} ms", spent["search"] / spent["bare"]
    if len(codes) > 2:
        yield _figure(what, value, ratio, ("the bare calls", _SEARCH_TARGET))
    else:
        yield Figure(what, value, ratio, "the bare calls")


def _windows(application: wiring.Application, bare: _Bare) -> Iterator[Figure]:
    """What a verification costs beyond the bare HMACs, in windows of 3 and of 100."""
    vault = WithoutCommit(application.vault)
    kinds: dict[str, Callable[[], object]] = {}
    for window in (3, 100):
        policy = Everywhere(replace(_PATIENT, look_ahead=window - 1))
        verify = VerifyCode(vault, application.keys, wiring.system_clock, policy)  # type: ignore[arg-type]  # as much of a vault as verification uses
        kinds[f"bare {window}"] = bare.macs(window)
        kinds[f"verify {window}"] = _verifying(verify)
    spent = in_turns(kinds, 5 * _ROUNDS, 10, thread_time)
    beyond = {window: spent[f"verify {window}"] - spent[f"bare {window}"] for window in (3, 100)}
    for window in (3, 100):
        what = f"verify, window of {window}, without the commit"
        yield Figure(what, f"{spent[f'verify {window}'] * 1e6:.0f} us")
    yield Figure("window of 3, beyond the bare HMACs", f"{beyond[3] * 1e6:.0f} us")
    yield _figure(
        "window of 100, beyond the bare HMACs",
        f"{beyond[100] * 1e6:.0f} us",
        beyond[100] / beyond[3],
        ("window of 3", _WINDOW_TARGET),
    )


def _verifying(verify: VerifyCode) -> Callable[[], object]:
    return lambda: _must_miss(verify(_COUNTER, "000000", "benchmark"))


def _must_miss(outcome: Outcome) -> None:
    if outcome != Rejected(Reason.NO_MATCH):
        raise RuntimeError(f"a code that is nowhere was answered by {outcome}")


def _figure(what: str, value: str, ratio: float, aim: tuple[str, float]) -> Figure:
    beside, most = aim
    return Figure(what, value, ratio, beside, f"at most {most}", ratio <= most)


def _application(folder: Path) -> wiring.Application:
    """A vault with one TOTP and one HOTP token, both bound."""
    settings = config.load(folder / "home")
    wiring.initialise(settings, "benchmark")
    application = wiring.Application(settings)
    file = folder / "two.pskcxml"
    with file.open("wb") as target:
        kinds = Tokens(1), Tokens(1, Hotp(), first_serial=20_000_000)
        write_pskc(Order(kinds, key=KEY), target)
    delivered = SeedFileKey(key_file=KEY.hex().encode())
    application.import_batch(file, delivered, "benchmark", Silent())
    user = UserName("alice")
    application.add_user(user, "benchmark")
    for serial in (_CLOCK, _COUNTER):
        application.assign_token(serial, user, "benchmark")
    return application
