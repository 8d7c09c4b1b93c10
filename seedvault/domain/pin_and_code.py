"""Whether PIN and code are both right. Both are always computed, and no answer tells them apart."""

from dataclasses import dataclass, field
from datetime import datetime

from seedvault.domain import auto_resync, lockout, pin_keeping
from seedvault.domain.oath import Counting, Mac
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.pin import Presented, taken_apart
from seedvault.domain.pin_keeping import StretchedPin
from seedvault.domain.policy import Policy
from seedvault.domain.token import Bound, Progress, Token


@dataclass(frozen=True, slots=True)
class Both:
    """A code, and the PIN that came with it, stretched as the kept one was."""

    code: str
    stretched: bytes = field(repr=False)


def presented(token: Token, text: str, policy: Policy) -> Presented:
    """What was typed, taken apart as the policy says."""
    parameters = token.device.parameters
    if not isinstance(parameters, Counting):
        return Presented(text)
    return taken_apart(text, parameters.digits, policy.pin)


def kept(token: Token) -> StretchedPin:
    """The PIN to compare with. `verification.held_back` must have been asked first."""
    pin = token.pin if isinstance(token, Bound) else None
    if not isinstance(pin, StretchedPin):
        raise TypeError(f"{token.device.serial} has no PIN to be presented")
    return pin


def verify(
    token: Token, both: Both, now: datetime, policy: Policy, mac: Mac
) -> tuple[Progress, Outcome]:
    """As `verification.verify`. A wrong PIN spends no code, and costs one failure as a wrong code.

    That a code was used already is not told either: it would be told to who has the PIN only.
    """
    progress, outcome = auto_resync.verify(token, both.code, now, policy, mac)
    right = pin_keeping.is_right(mac, kept(token), both.stretched)
    if not right:
        return lockout.charge(token.progress, now), Rejected(Reason.NO_MATCH)
    return progress, outcome if isinstance(outcome, Accepted) else Rejected(Reason.NO_MATCH)
