"""Is this the code of this token, now? And once only."""

from dataclasses import dataclass
from functools import cache

from seedvault.domain import auto_resync, pin_and_code, verification, window
from seedvault.domain.audit import EventKind
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.pin import Presented, is_pin
from seedvault.domain.pin_and_code import Both
from seedvault.domain.policy import Policy
from seedvault.domain.token import Progress, Stray, Token
from seedvault.service.decide import Case, until_settled
from seedvault.service.lookup import token_of
from seedvault.service.pins import Stretch, not_stretched
from seedvault.service.policy_ports import Policies
from seedvault.service.ports import Clock, Keys, Vault

_KINDS = (EventKind.CODE_ACCEPTED, EventKind.CODE_REJECTED)


@dataclass(frozen=True, slots=True)
class VerifyCode:
    """Verify a code of a bound token (RFC 4226 section 7, RFC 6238 section 5.2).

    Where the policy asks for a PIN, what is presented is PIN and code in one.
    """

    vault: Vault
    keys: Keys
    clock: Clock
    policies: Policies
    stretch: Stretch = not_stretched

    def __call__(self, serial: Serial, text: str, actor: str) -> Outcome:
        """The committed outcome. Accepted is returned at most once for any code."""
        stretch = cache(self.stretch)  # a PIN is stretched once, however often the rest is tried
        return until_settled(lambda: self._attempt(serial, text, actor, stretch))

    def refusal(self, serial: Serial, text: str) -> Rejected | None:
        """Why the code would not even be computed, or None. Says nothing about the code itself."""
        case = Case(self.vault, self.keys, token_of(self.vault, serial), "", self.clock())
        policy = self.policies.of(case.stored)
        return _refusal(case, pin_and_code.presented(case.stored.token, text, policy), policy)

    def asks_pin(self, serial: Serial, actor: str) -> bool:
        """Whether what is presented must hold a PIN."""
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        policy = case.policy(self.policies)
        return pin_and_code.presented(case.stored.token, "", policy).pin is not None

    def _attempt(self, serial: Serial, text: str, actor: str, stretch: Stretch) -> Outcome:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_clock()
        policy = case.policy(self.policies)
        given = pin_and_code.presented(case.stored.token, text, policy)
        refused = _refusal(case, given, policy)
        if refused:
            return case.refuse(EventKind.CODE_REJECTED, refused, (given.code,))
        progress, outcome = _decide(case, given, policy, stretch)
        detail = None if given.pin is not None else _detail(case.stored.token, progress, outcome)
        case.settle(_KINDS, progress, outcome, detail)
        return outcome


def _refusal(case: Case, given: Presented, policy: Policy) -> Rejected | None:
    refused = verification.held_back(case.stored.token, (given.code,), case.now, policy)
    if refused or given.pin is None or is_pin(given.pin):
        return refused
    return Rejected(Reason.MALFORMED)


def _decide(
    case: Case, given: Presented, policy: Policy, stretch: Stretch
) -> tuple[Progress, Outcome]:
    token, now = case.stored.token, case.now
    if given.pin is None:
        return case.with_mac(lambda mac: auto_resync.verify(token, given.code, now, policy, mac))
    case.check_seal()  # before paying what the row says that the PIN costs
    kept = pin_and_code.kept(token)
    both = Both(given.code, stretch(given.pin, kept.salt, kept.cost))
    return case.with_mac(lambda mac: pin_and_code.verify(token, both, now, policy, mac))


def _detail(token: Token, after: Progress, outcome: Outcome) -> str | None:
    """What the audit log says of an automatic resynchronisation, begun or done."""
    match outcome, token.progress.stray, after.stray:
        case Rejected(reason), _, Stray(factor, at):
            offset = factor - window.origin(token.device.counting, token.progress, at)
            return f"{reason.value}; remembered at {offset:+d}"
        case Accepted(factor, offset), Stray(before), _ if factor == before + 1:
            return f"offset {offset:+d}, right after the code that was remembered"
    return None
