"""Is this the code of this token, now? And once only."""

from dataclasses import dataclass

from seedvault.domain import auto_resync, verification, window
from seedvault.domain.audit import EventKind
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted, Outcome, Rejected
from seedvault.domain.policy import DEFAULT, Policy
from seedvault.domain.token import Progress, Stray, Token
from seedvault.service.decide import Case, until_settled
from seedvault.service.lookup import token_of
from seedvault.service.ports import Clock, Keys, Vault

_KINDS = (EventKind.CODE_ACCEPTED, EventKind.CODE_REJECTED)


@dataclass(frozen=True, slots=True)
class VerifyCode:
    """Verify a code of a bound token (RFC 4226 section 7, RFC 6238 section 5.2)."""

    vault: Vault
    keys: Keys
    clock: Clock
    policy: Policy = DEFAULT

    def __call__(self, serial: Serial, code: str, actor: str) -> Outcome:
        """The committed outcome. Accepted is returned at most once for any code."""
        return until_settled(lambda: self._attempt(serial, code, actor))

    def refusal(self, serial: Serial, code: str) -> Rejected | None:
        """Why the code would not even be computed, or None. Says nothing about the code itself."""
        token = token_of(self.vault, serial).token
        return verification.held_back(token, (code,), self.clock(), self.policy)

    def _attempt(self, serial: Serial, code: str, actor: str) -> Outcome:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_clock()
        token = case.stored.token
        refused = verification.held_back(token, (code,), case.now, self.policy)
        if refused:
            return case.refuse(EventKind.CODE_REJECTED, refused, (code,))
        progress, outcome = case.with_mac(
            lambda mac: auto_resync.verify(token, code, case.now, self.policy, mac)
        )
        case.settle(_KINDS, progress, outcome, _detail(token, progress, outcome))
        return outcome


def _detail(token: Token, after: Progress, outcome: Outcome) -> str | None:
    """What the audit log says of an automatic resynchronisation, begun or done."""
    match outcome, token.progress.stray, after.stray:
        case Rejected(reason), _, Stray(factor, at):
            offset = factor - window.origin(token.device.counting, token.progress, at)
            return f"{reason.value}; remembered at {offset:+d}"
        case Accepted(factor, offset), Stray(before), _ if factor == before + 1:
            return f"offset {offset:+d}, right after the code that was remembered"
    return None
