"""Is this the code of this token, now? And once only."""

from dataclasses import dataclass
from functools import cache

from seedvault.domain import auto_resync, pin_and_code, verification, window
from seedvault.domain.audit import EventKind
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.pin import Presented, is_pin
from seedvault.domain.pin_and_code import Both
from seedvault.domain.policy import DEFAULT, Policy
from seedvault.domain.token import Progress, Stray, Token
from seedvault.service.decide import Case, until_settled
from seedvault.service.lookup import token_of
from seedvault.service.pins import Stretch, not_stretched
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
    policy: Policy = DEFAULT
    stretch: Stretch = not_stretched

    def __call__(self, serial: Serial, text: str, actor: str) -> Outcome:
        """The committed outcome. Accepted is returned at most once for any code."""
        stretch = cache(self.stretch)  # a PIN is stretched once, however often the rest is tried
        return until_settled(lambda: self._attempt(serial, text, actor, stretch))

    def refusal(self, serial: Serial, text: str) -> Rejected | None:
        """Why the code would not even be computed, or None. Says nothing about the code itself."""
        case = Case(self.vault, self.keys, token_of(self.vault, serial), "", self.clock())
        given = pin_and_code.presented(case.stored.token, text, self.policy)
        return self._refusal(case, given)

    def asks_pin(self, serial: Serial) -> bool:
        """Whether what is presented must hold a PIN."""
        token = token_of(self.vault, serial).token
        return pin_and_code.presented(token, "", self.policy).pin is not None

    def _attempt(self, serial: Serial, text: str, actor: str, stretch: Stretch) -> Outcome:
        case = Case.read(self.vault, self.keys, serial, actor, self.clock())
        case.check_clock()
        given = pin_and_code.presented(case.stored.token, text, self.policy)
        refused = self._refusal(case, given)
        if refused:
            return case.refuse(EventKind.CODE_REJECTED, refused, (given.code,))
        progress, outcome = self._decide(case, given, stretch)
        detail = None if given.pin is not None else _detail(case.stored.token, progress, outcome)
        case.settle(_KINDS, progress, outcome, detail)
        return outcome

    def _refusal(self, case: Case, given: Presented) -> Rejected | None:
        token = case.stored.token
        refused = verification.held_back(token, (given.code,), case.now, self.policy)
        if refused or given.pin is None or is_pin(given.pin):
            return refused
        return Rejected(Reason.MALFORMED)

    def _decide(self, case: Case, given: Presented, stretch: Stretch) -> tuple[Progress, Outcome]:
        token, now, policy = case.stored.token, case.now, self.policy
        if given.pin is None:
            return case.with_mac(
                lambda mac: auto_resync.verify(token, given.code, now, policy, mac)
            )
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
