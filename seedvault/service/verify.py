"""Is this the code of this token, now? And once only."""

from dataclasses import dataclass

from seedvault.domain import verification
from seedvault.domain.audit import EventKind
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Outcome, Rejected
from seedvault.domain.policy import DEFAULT, Policy
from seedvault.service.decide import Case, until_settled
from seedvault.service.lookup import token_of
from seedvault.service.ports import Clock, Keys, Vault


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
        token = case.stored.token
        refused = verification.held_back(token, (code,), case.now, self.policy)
        if refused:
            return case.refuse(EventKind.CODE_REJECTED, refused, (code,))
        progress, outcome = case.with_mac(
            lambda mac: verification.verify(token, code, case.now, self.policy, mac)
        )
        case.settle((EventKind.CODE_ACCEPTED, EventKind.CODE_REJECTED), progress, outcome)
        return outcome
