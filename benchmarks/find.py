"""Which of a thousand tokens shows a code: by one thread and by four, near an HSM and far from it.

The distance is put in: a pause of a millisecond for each PKCS#11 call, as a round trip to an HSM in
the network takes. What is measured is time by the wall, and what else the machine does is in it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from benchmarks.desk import Silent
from benchmarks.raw_pkcs11 import Ctypes
from benchmarks.report import Figure
from benchmarks.turns import in_turns
from benchmarks.workshop import KEY, seed_file, workshop
from seedvault import config, wiring
from seedvault.domain.names import Serial
from seedvault.domain.oath import Mac
from seedvault.domain.policy import DEFAULT
from seedvault.service.find_token import FindToken
from seedvault.service.ports import Keys, StoredToken
from seedvault.service.search_scope import InBatch, Listed, Scope
from seedvault.service.seed_files import SeedFileKey
from tests.support.policies import Boundless, Everywhere

_TOKENS, _FEW = DEFAULT.search_tokens, 100
_CALLS = 10  # C_VerifyInit, C_Verify, C_UnwrapKey, three of C_SignInit and C_Sign, C_DestroyObject
_ROUND_TRIP_S = 0.001
_WORKERS = (1, 4)
_BATCH, _CODE = InBatch("B-0001"), ("000000",)
_POLICIES = Everywhere(Boundless(searches_a_day=10**9))


def run() -> Iterator[Figure]:
    """Medians, the kinds in turns, on a vault of this run alone."""
    with workshop() as folder, _application(folder) as application:
        yield from _near(application)
        yield from _far(application)


def _near(application: wiring.Application) -> Iterator[Figure]:
    stored = application.vault.token(Serial("GALT10000000"))
    assert stored is not None
    blob, way = stored.wrapped.blob, Ctypes(wiring.location(application.settings), KEY)
    messages = [step.to_bytes(8, "big") for step in range(3)]

    def bare() -> None:
        for _ in range(_TOKENS):
            way.verify(blob, messages)

    kinds = {_named(n): _searching(application, application.keys, n, _BATCH) for n in _WORKERS}
    spent = in_turns({"bare": bare, **kinds}, 7, 1)
    yield Figure(f"bare PKCS#11, {_TOKENS:,} windows of 3", f"{spent['bare'] * 1e3:.0f} ms")
    for workers in _WORKERS:
        seconds = spent[_named(workers)]
        what = f"find among {_TOKENS:,}, {_named(workers)}"
        yield Figure(what, f"{seconds * 1e3:.0f} ms", seconds / spent["bare"], "the bare calls")


def _far(application: wiring.Application) -> Iterator[Figure]:
    few = Listed([Serial(f"GALT{10_000_000 + number}") for number in range(_FEW)])
    keys: Keys = _Distant(application.keys)  # type: ignore[assignment]  # as much as a search uses
    kinds = {_named(n): _searching(application, keys, n, few) for n in _WORKERS}
    spent = in_turns(kinds, 3, 1)
    for name, seconds in spent.items():
        what = f"find among {_FEW}, 1 ms away, {name}"
        ratio = spent[_named(1)] / seconds
        yield Figure(what, f"{seconds * 1e3:.0f} ms", ratio, "the speed of one")


def _searching(
    application: wiring.Application, keys: Keys, workers: int, scope: Scope
) -> Callable[[], object]:
    find = FindToken(application.vault, keys, wiring.system_clock, _POLICIES, workers)
    return lambda: find(_CODE, scope, "benchmark")


def _named(workers: int) -> str:
    return f"{workers} thread{'s' * (workers > 1)}"


@dataclass(frozen=True, slots=True)
class _Distant:
    """Keys at the other end of a network."""

    keys: Keys

    @contextmanager
    def open(self, stored: StoredToken) -> Iterator[Mac]:
        sleep(_CALLS * _ROUND_TRIP_S)
        with self.keys.open(stored) as mac:
            yield mac


def _application(folder: Path) -> wiring.Application:
    """A vault with one batch of tokens."""
    settings = config.load(folder / "home")
    wiring.initialise(settings, "benchmark")
    application = wiring.Application(settings)
    file, key = seed_file(folder, _TOKENS)
    delivered = SeedFileKey(key_file=key.read_bytes())
    application.import_batch(file, delivered, "benchmark", Silent())
    return application
