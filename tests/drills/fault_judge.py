"""One case: an operation under a fault, and what it cost whom."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from time import perf_counter

from seedvault.cli.exits import Exit, exit_for
from seedvault.domain.errors import HsmUnavailable, ModuleLacks, SealBroken, SeedvaultError
from tests.drills.fault_kinds import faults, kind
from tests.drills.fault_operations import Charged, FailOpen, Operation
from tests.drills.fault_table import Verdict
from tests.drills.fault_world import ASSIGNED, RESYNCHRONISED, VERIFIED, World
from tests.support.shim import Behaviour, Fault

_OPENING = {"C_CreateObject", "C_DecryptInit", "C_Decrypt"}  # what a transport key goes through
_LASTING = {Behaviour.DEAD, Behaviour.OUTAGE}
_TRIES = 3  # while the module stays as it is


@dataclass(frozen=True, slots=True)
class Case:
    """What is done, and what goes wrong."""

    operation: Operation
    fault: Fault

    def __str__(self) -> str:
        return f"{self.operation.name}: {self.fault}"


def cases(world: World, operation: Operation, most: int) -> Iterator[Case]:
    """Every fault at the first `most` calls of each function that the operation calls."""
    _functions(world, operation)  # what is asked only once in a keystore's life is out of the way
    for function, calls in _functions(world, operation).items():
        for nth in range(1, min(calls, most) + 1):
            for fault in faults(function, nth):
                yield Case(operation, fault)


def one_of_each(all_cases: Iterable[Case]) -> Iterator[Case]:
    """Of each function the first case of every kind of fault; of those that last, each value."""
    seen = set()
    for case in all_cases:
        fault = case.fault
        place = fault.function, kind(fault), fault.value if fault.behaviour in _LASTING else 0
        if place not in seen:
            seen.add(place)
            yield case


def judge(world: World, case: Case) -> Verdict:
    """Run the case to its end; afterwards the world is sound again."""
    return _Trial(world, case).run()


def _functions(world: World, operation: Operation) -> dict[str, int]:
    """How often the operation calls which function, when nothing but `before` is wrong."""
    operation.begin(world)
    earlier = world.shim.all_calls()
    with world.shim.armed(*operation.before):
        operation.run(world)
    later = world.shim.all_calls()
    operation.again(world, done=True)
    return {name: later[name] - earlier[name] for name in later if later[name] > earlier[name]}


class _Trial:
    """One case under way."""

    def __init__(self, world: World, case: Case) -> None:
        self._world, self._case, self._operation = world, case, case.operation
        self._verdict = Verdict(str(case), case.fault.function, kind(case.fault))
        self._refused = False

    def run(self) -> Verdict:
        shim, fault = self._world.shim, self._case.fault
        self._operation.begin(self._world)
        logins = shim.calls("C_Login")
        shim.arm(*self._operation.before, fault)
        done = self._unharmed(self._operation.run)
        self._verdict.fired = shim.fired
        if fault.behaviour is Behaviour.OUTAGE and not done:
            for _ in range(_TRIES):
                self._unharmed(self._operation.run)
        if self._refused:
            self._stay_refused(logins)
        if fault.behaviour is not Behaviour.DEAD:
            shim.disarm()
        self._recover(done=done)
        shim.disarm()
        return self._verdict

    def _unharmed(self, attempt: Callable[[World], None]) -> bool:
        """Whether it was done. If it was not, nothing may have changed."""
        earlier = self._state()
        done = self._attempt(attempt)
        if not done and self._state() != earlier:
            self._verdict.charged += 1
            self._verdict.findings.append("it failed, and something was written")
        return done

    def _attempt(self, attempt: Callable[[World], None]) -> bool:
        """Whether it was done; what it said, if it was not, is weighed."""
        verdict = self._verdict
        try:
            attempt(self._world)
        except FailOpen as found:
            verdict.fail_open += 1
            verdict.findings.append(f"fail-open: {found}")
        except Charged as found:
            verdict.charged += 1
            verdict.findings.append(f"charged: {found}")
        except SeedvaultError as error:
            verdict.told = True
            self._refused = "refused the PIN" in error.what
            if not self._is_clear(error):
                verdict.findings.append(f"told as {type(error).__name__}: {error.what}")
        except Exception as bug:  # noqa: BLE001 - whatever it is, it is the finding
            verdict.findings.append(f"a bug: {bug!r}")
        else:
            return True
        return False

    def _is_clear(self, error: SeedvaultError) -> bool:
        """Exit code 6 and a remedy; or what only the module can know of a seal or a cipher."""
        function, meaning = self._case.fault.function, kind(self._case.fault)
        if isinstance(error, SealBroken):
            return function.startswith("C_Verify") and meaning == "MAC differs"
        if isinstance(error, ModuleLacks):
            return function in _OPENING and meaning in {"cannot", "forbidden"}
        is_hsm = isinstance(error, HsmUnavailable) and exit_for(error) == Exit.HSM_UNAVAILABLE
        return is_hsm and bool(error.what and error.unchanged and error.remedy)

    def _stay_refused(self, logins: int) -> None:
        """A refused PIN was offered once, and is not offered again whatever is asked."""
        for _ in range(_TRIES):
            if self._attempt(lambda world: world.keystore_answers()):
                self._verdict.findings.append("it works, though its PIN was refused")
        self._verdict.pin_retries = self._world.shim.calls("C_Login") - logins - 1
        if self._verdict.pin_retries:
            self._verdict.findings.append("the PIN was offered again")
        self._world.shim.disarm()
        self._world.connect()

    def _recover(self, *, done: bool) -> None:
        """The next use of the module must work, in this very process unless a PIN was refused."""
        started = perf_counter()
        worked = self._attempt(lambda world: self._operation.again(world, done=done))
        self._verdict.recovery_s = perf_counter() - started
        self._verdict.recovered = worked and not self._refused
        if not worked:
            self._verdict.findings.append("it did not recover")
            self._world.shim.disarm()
            self._world.start_anew()
            self._world.pass_time(days=1)
            self._attempt(lambda world: self._operation.again(world, done=done))

    def _state(self) -> object:
        tokens = (VERIFIED, RESYNCHRONISED, ASSIGNED)
        return [self._world.row(token) for token in tokens], self._world.visible()
