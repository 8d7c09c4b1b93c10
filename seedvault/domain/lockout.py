"""Throttle, lock and disable: how long a token must wait after failures."""

from dataclasses import replace
from datetime import datetime, timedelta

from seedvault.domain.oath import HotpParameters
from seedvault.domain.ocra_suite import OcraInputs, OcraParameters
from seedvault.domain.outcome import Reason, Rejected
from seedvault.domain.parameters import Parameters
from seedvault.domain.policy import Policy
from seedvault.domain.token import Progress


def refusal(
    parameters: Parameters, progress: Progress, now: datetime, policy: Policy
) -> Rejected | None:
    """Why no code may be tried at `now`, or None. A refused try is not charged."""
    if progress.failures >= _disable_at(parameters, policy):
        return Rejected(Reason.DISABLED)
    wait = _wait(progress.failures, policy)
    if not wait or progress.last_failure_at is None:
        return None
    until = progress.last_failure_at + wait
    if now >= until:
        return None
    locked = progress.failures >= policy.lock_at
    return Rejected(Reason.LOCKED if locked else Reason.DELAYED, until)


def charge(progress: Progress, now: datetime) -> Progress:
    """One more consecutive failure; a stray code before it leads nowhere any more."""
    return replace(progress, failures=progress.failures + 1, last_failure_at=now, stray=None)


def clear(progress: Progress) -> Progress:
    """No failures; the moving factor stays where it is."""
    if not progress.failures:
        return progress
    return replace(progress, failures=0, last_failure_at=None)


def _wait(failures: int, policy: Policy) -> timedelta:
    """1, 2, 4 ... seconds after the free failures, never longer than the lock; then the lock."""
    if failures >= policy.lock_at:
        return policy.lock_for
    if failures <= policy.free_failures:
        return timedelta(0)
    return min(timedelta(seconds=2 ** (failures - policy.free_failures - 1)), policy.lock_for)


def _disable_at(parameters: Parameters, policy: Policy) -> int:
    match parameters:
        case HotpParameters(digits=6):
            return policy.disable_hotp6_at
        case OcraParameters(inputs=OcraInputs(counter=True), digits=6):
            return policy.disable_hotp6_at
    return policy.disable_at
