"""A token whose clock or counter ran away is brought back by two consecutive codes."""

from dataclasses import dataclass

from seedvault.domain import resync, verification
from seedvault.domain.audit import EventKind
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Outcome, Rejected
from seedvault.domain.policy import DEFAULT, Policy
from seedvault.service.decide import Case, until_settled
from seedvault.service.lookup import token_of
from seedvault.service.ports import Clock, Keys, Vault

_KINDS = (EventKind.TOKEN_RESYNCHRONISED, EventKind.RESYNC_REJECTED)


@dataclass(frozen=True, slots=True)
class ResynchroniseToken:
    """Find two consecutive codes, spend both (RFC 4226 section 7.4, RFC 6238 section 6)."""

    vault: Vault
    keys: Keys
    clock: Clock
    policy: Policy = DEFAULT

    def __call__(self, serial: Serial, codes: tuple[str, str], actor: str) -> Outcome:
        """The committed outcome; an Accepted's offset is for staff only."""
        return until_settled(lambda: self._attempt(serial, codes, actor))

    def refusal(self, serial: Serial, codes: tuple[str, ...] = ()) -> Rejected | None:
        """Why these codes would not even be searched, or None."""
        return self._refusal(
            Case(self.vault, self.keys, token_of(self.vault, serial), "", self.clock()), codes
        )

    def _attempt(self, serial: Serial, codes: tuple[str, str], actor: str) -> Outcome:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        refused = self._refusal(case, codes)
        if refused:
            return case.refuse(EventKind.RESYNC_REJECTED, refused, codes)
        progress, outcome = case.with_mac(
            lambda mac: resync.resynchronise(case.stored.token, codes, case.now, self.policy, mac)
        )
        case.settle(_KINDS, progress, outcome)
        return outcome

    def _refusal(self, case: Case, codes: tuple[str, ...]) -> Rejected | None:
        token = case.stored.token
        return verification.refusal(token, codes, case.now, self.policy) or resync.refusal(
            token, case.now, self.policy
        )
