"""The program killed within a call of the module, and what the next start finds."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGKILL, SIGSEGV
from time import perf_counter

from seedvault.cli.exits import Exit
from tests.drills.fault_kinds import kind
from tests.drills.fault_table import Verdict
from tests.support.cli import CommandLine
from tests.support.pskc_maker import Order, Tokens, write_pskc
from tests.support.seed_files import FIRST, deliver, hotp_code, serial
from tests.support.shim import Behaviour, Fault, shim

SIGNALS = (SIGSEGV, SIGKILL)
_VERIFYING = (
    *("C_Initialize", "C_GetTokenInfo", "C_Login", "C_FindObjects", "C_VerifyInit", "C_Verify"),
    *("C_UnwrapKey", "C_SignInit", "C_Sign", "C_DestroyObject"),
)
_IMPORTING = ("C_CreateObject", "C_Decrypt", "C_WrapKey", "C_Sign", "C_DestroyObject")
_HOTP = 1  # the event-based token of the delivery
_KEY = b"1234567890123456"


@dataclass
class Desk:
    """A vault on the shim, and the command line before it."""

    seedvault: CommandLine
    folder: Path
    counter: int = 0
    delivered: int = 2

    @classmethod
    def set_up(cls, folder: Path) -> "Desk":
        """A new vault with one time-based and one event-based token, the latter Alice's."""
        seedvault = CommandLine(folder / "home", {"SEEDVAULT_SOFTHSM": str(shim().path)})
        seedvault.ok("init")
        delivery = deliver(folder / "first.pskcxml", totp=_HOTP, hotp=1)
        seedvault.ok("batch", "import", *delivery.arguments)
        seedvault.ok("user", "add", "alice")
        seedvault.ok("token", "assign", serial(_HOTP), "alice")
        return cls(seedvault, folder)

    def under(self, *faults: Fault, **more: str) -> CommandLine:
        """The command line while these faults are armed."""
        words = " ".join(fault.words for fault in faults)
        return replace(self.seedvault, more={**self.seedvault.more, "SHIM_FAULTS": words, **more})

    def verification(self) -> tuple[str, ...]:
        """The words that verify the next code."""
        return "token", "verify", serial(_HOTP), hotp_code(_HOTP, self.counter)

    def delivery(self) -> tuple[str | Path, ...]:
        """The words that import three tokens nobody has seen before."""
        path = self.folder / f"{self.delivered}.pskcxml"
        with path.open("wb") as target:
            run = Tokens(3, first_serial=FIRST + self.delivered)
            write_pskc(Order((run,), key=_KEY), target)
        self.delivered += 3
        path.with_suffix(".key").write_text(_KEY.hex())
        return "batch", "import", path, "--key-file", path.with_suffix(".key")

    def in_stock(self) -> int:
        """How many tokens can be handed out."""
        held: int = self.seedvault.ok("status", "--json").document["in_stock"]
        return held


def kills() -> Iterator[tuple[str, Fault]]:
    """Every kill: what is going on, and where."""
    for signal in SIGNALS:
        for function in _VERIFYING:
            yield "verify", Fault(function, 1, Behaviour.KILL, signal)
        yield "verify", Fault("C_Sign", 3, Behaviour.KILL, signal)
        for function in _IMPORTING:
            for nth in (1, 3):
                yield "import", Fault(function, nth, Behaviour.KILL, signal)


def judge_kill(desk: Desk, doing: str, fault: Fault) -> Verdict:
    """Kill it, start it anew, and look."""
    verdict = Verdict(f"{doing}: {fault}", fault.function, kind(fault))
    (_verify if doing == "verify" else _import)(desk, fault, verdict)
    if desk.seedvault("audit", "verify").code != Exit.DONE:
        verdict.findings.append("the audit chain is broken")
    return verdict


def _verify(desk: Desk, fault: Fault, verdict: Verdict) -> None:
    words, shown = desk.verification(), ("token", "show", serial(_HOTP), "--json")
    before = desk.seedvault.ok(*shown).out
    verdict.fired = desk.under(fault)(*words).code == -fault.value
    if desk.seedvault.ok(*shown).out != before:
        verdict.charged += 1
        verdict.findings.append("the kill moved the token")
    started = perf_counter()
    if desk.seedvault(*words).code != Exit.DONE:
        verdict.findings.append("the code was lost")
    verdict.recovery_s = perf_counter() - started
    if desk.seedvault(*words).code != Exit.DECIDED_NO:
        verdict.fail_open += 1
        verdict.findings.append("fail-open: the code was accepted twice")
    desk.counter += 1


def _import(desk: Desk, fault: Fault, verdict: Verdict) -> None:
    words, before = desk.delivery(), desk.in_stock()
    verdict.fired = desk.under(fault)(*words).code == -fault.value
    if desk.in_stock() != before:
        verdict.fail_open += 1
        verdict.findings.append("fail-open: imported in part")
    started = perf_counter()
    desk.seedvault.ok(*words)
    verdict.recovery_s = perf_counter() - started
    if desk.in_stock() != before + 3:
        verdict.findings.append("the second import is not whole")
