"""A token whose clock or counter ran away is brought back by consecutive codes."""

from dataclasses import dataclass
from datetime import datetime

from seedvault.domain import resync, verification
from seedvault.domain.audit import EventKind
from seedvault.domain.finding import Absent, Consecutive, Finding
from seedvault.domain.names import Serial
from seedvault.domain.oath import TotpParameters
from seedvault.domain.outcome import Outcome, Rejected
from seedvault.domain.policy import Policy
from seedvault.domain.resync import Codes, Decision
from seedvault.domain.token import Token
from seedvault.service.decide import Case, until_settled
from seedvault.service.lookup import token_of
from seedvault.service.policy_ports import Policies
from seedvault.service.ports import Clock, Keys, Vault

_KINDS = (EventKind.TOKEN_RESYNCHRONISED, EventKind.RESYNC_REJECTED)


@dataclass(frozen=True, slots=True)
class Answer:
    """What staff hear; `finding` is None where the codes were not looked for."""

    outcome: Outcome
    finding: Finding | None


@dataclass(frozen=True, slots=True)
class ResynchroniseToken:
    """Find consecutive codes, spend them all (RFC 4226 section 7.4, RFC 6238 section 6)."""

    vault: Vault
    keys: Keys
    clock: Clock
    policies: Policies

    def __call__(self, serial: Serial, codes: tuple[str, str], actor: str) -> Outcome:
        """The committed outcome: all that its holder, or a relying party, is told from."""
        return self.for_staff(serial, codes, actor).outcome

    def for_staff(self, serial: Serial, codes: Codes, actor: str) -> Answer:
        """The committed outcome, and where the codes were found. Three codes search widely."""
        return until_settled(lambda: self._attempt(serial, codes, actor))

    def refusal(self, serial: Serial, codes: tuple[str, ...] = ()) -> Rejected | None:
        """Why these codes would not even be searched, or None."""
        stored = token_of(self.vault, serial)
        return _refusal(stored.token, codes, self.clock(), self.policies.of(stored))

    def _attempt(self, serial: Serial, codes: Codes, actor: str) -> Answer:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_clock()
        token, policy = case.stored.token, case.policy(self.policies)
        refused = _refusal(token, codes, case.now, policy)
        if refused:
            return Answer(case.refuse(EventKind.RESYNC_REJECTED, refused, codes), None)
        decision = case.with_mac(
            lambda mac: resync.resynchronise(token, codes, case.now, policy, mac)
        )
        detail = _detail(case, codes, decision)
        case.settle(_KINDS, decision.progress, decision.outcome, detail)
        return Answer(decision.outcome, decision.finding)


def _refusal(
    token: Token, codes: tuple[str, ...], now: datetime, policy: Policy
) -> Rejected | None:
    return verification.refusal(token, codes, now, policy) or resync.refusal(
        token, codes, now, policy
    )


def _detail(case: Case, codes: Codes, decision: Decision) -> str:
    """What the audit log keeps: a clock that is brought back each month is at its end."""
    token, outcome, finding = case.stored.token, decision.outcome, decision.finding
    if isinstance(outcome, Rejected):
        told = outcome.reason.value
        if not isinstance(finding, Absent | Consecutive):
            told += f": {finding}"
    else:
        told = f"offset {outcome.offset:+d}"
        if isinstance(token.device.parameters, TotpParameters):
            told += f", drift was {token.progress.drift_steps:+d}"
    return told if len(codes) == 2 else f"{told}, by three codes"
