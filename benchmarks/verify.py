"""Verification in process, on SQLite with synchronous=FULL, beside the disk and the HSM alone."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.bare_transaction import BareTransaction
from benchmarks.desk import Silent, bind, serial_of
from benchmarks.raw_pkcs11 import Ctypes, PythonPkcs11
from benchmarks.report import Figure
from benchmarks.turns import in_turns
from benchmarks.workshop import KEY, seed_file, workshop
from importers import Digest
from seedvault import config, wiring
from seedvault.domain.audit import AuditEvent
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted
from seedvault.domain.token import Progress
from seedvault.service.ports import StoredToken, Vault
from seedvault.service.seed_files import SeedFileKey
from seedvault.service.verify import VerifyCode
from tests.support.codes import code
from tests.support.pskc_maker import published_seed

_TOKENS = 50
_ROUNDS, _CALLS = 15, 200
_TARGET = 0.60
_STEP_S = 30


def run() -> Iterator[Figure]:
    """Medians of 15 rounds of 200 calls, each kind in turn."""
    with workshop() as folder, _application(folder) as application:
        desk = _Desk(application)
        location = wiring.location(application.settings)
        blob = desk.some_blob()
        messages = [step.to_bytes(8, "big") for step in range(3)]
        by_ctypes, by_python_pkcs11 = Ctypes(location, KEY), PythonPkcs11(location, KEY)
        bare = BareTransaction(folder / "home" / "vault.sqlite3", folder / "bare.sqlite3")
        spent = in_turns(
            {
                "commit": bare.run,
                "floor": lambda: _in_row(lambda: by_ctypes.verify(blob, messages), bare.run),
                "verify": desk.verify_and_commit,
                "undisturbed": desk.verify_without_commit,
                "ctypes": lambda: by_ctypes.verify(blob, messages),
                "python-pkcs11": lambda: by_python_pkcs11.verify(blob, messages),
            },
            _ROUNDS,
            _CALLS,
        )
    yield from _figures(spent)


def _in_row(first: Callable[[], object], second: Callable[[], object]) -> None:
    first()
    second()


def _figures(spent: dict[str, float]) -> Iterator[Figure]:
    yield _figure("empty transaction of the same shape, fsynced", spent["commit"])
    # No verification can be faster than this, in whatever language: a caller waits for the module
    # and then for the disk, and each finds the processor's caches cold.
    yield Figure(
        "bare PKCS#11, then that transaction",
        f"{1 / spent['floor']:,.0f} /s",
        spent["commit"] / spent["floor"],
        "the bare one",
    )
    yield _figure(
        "verify, accepted and committed", spent["verify"], spent["commit"], "the bare one"
    )
    yield Figure("the same", "", spent["floor"] / spent["verify"], "bare PKCS#11 and transaction")
    yield _figure("bare PKCS#11, window of 3, ctypes", spent["ctypes"])
    yield _figure("bare PKCS#11, window of 3, python-pkcs11", spent["python-pkcs11"])
    beside = "bare python-pkcs11"
    undisturbed = spent["undisturbed"]
    yield _figure("verify without the commit", undisturbed, spent["python-pkcs11"], beside)
    # The bare calls have no seal to check and no row to read; ctypes is what we use ourselves.
    yield Figure("the same", "", spent["ctypes"] / undisturbed, "bare ctypes")


def _figure(what: str, seconds: float, beside_s: float | None = None, beside: str = "") -> Figure:
    value = f"{1 / seconds:,.0f} /s"
    if beside_s is None:
        return Figure(what, value)
    ratio = beside_s / seconds
    return Figure(what, value, ratio, beside, f"at least {_TARGET}", ratio >= _TARGET)


class _Desk:
    """Verifies one right code after the other: time moves a step between two calls."""

    def __init__(self, application: wiring.Application) -> None:
        vault, keys, policies = application.vault, application.keys, application.policies
        self._vault = vault
        self._begun = wiring.system_clock()  # from here on a step a call: no token lies idle
        self._steps = 0
        self._committing = VerifyCode(vault, keys, self._now, policies)
        self._undisturbed = VerifyCode(WithoutCommit(vault), keys, self._now, policies)  # type: ignore[arg-type]  # as much of a vault as verification uses
        self._codes = [_codes(number, self._begun) for number in range(_TOKENS)]

    def some_blob(self) -> bytes:
        """A wrapped seed."""
        stored = self._vault.token(serial_of(0))
        assert stored is not None
        return stored.wrapped.blob

    def verify_and_commit(self) -> None:
        """One acceptance, on disk."""
        self._one(self._committing)

    def verify_without_commit(self) -> None:
        """The same with a transaction that does nothing."""
        self._one(self._undisturbed)

    def _one(self, verify: VerifyCode) -> None:
        self._steps += 1
        number = self._steps % _TOKENS
        outcome = verify(serial_of(number), self._codes[number][self._steps], "benchmark")
        assert isinstance(outcome, Accepted), outcome

    def _now(self) -> datetime:
        return self._begun + timedelta(seconds=self._steps * _STEP_S)


def _codes(number: int, begun: datetime) -> list[str]:
    """The token's codes from then on, one a step."""
    seed, first = published_seed(serial_of(number).verbatim), int(begun.timestamp()) // _STEP_S
    steps = range(2 * _ROUNDS * _CALLS + 1)
    return [code(seed, first + step, Digest.SHA1, 6) for step in steps]


@dataclass(frozen=True, slots=True)
class WithoutCommit:
    """A vault that is read as ever, and whose transactions do nothing."""

    vault: Vault

    def token(self, serial: Serial) -> StoredToken | None:
        return self.vault.token(serial)

    def transaction(self) -> AbstractContextManager["NoTransaction"]:
        return nullcontext(_NO_TRANSACTION)


class NoTransaction:
    def advance(self, seen: StoredToken, progress: Progress, accepted: int | None) -> None: ...
    def commit(self, event: AuditEvent) -> None: ...


_NO_TRANSACTION = NoTransaction()


def _application(folder: Path) -> wiring.Application:
    """A vault with fifty bound tokens."""
    settings = config.load(folder / "home")
    wiring.initialise(settings, "benchmark")
    application = wiring.Application(settings)
    file, key = seed_file(folder, _TOKENS)
    delivered = SeedFileKey(key_file=key.read_bytes())
    application.import_batch(file, delivered, "benchmark", Silent())
    bind(application, _TOKENS)
    return application
