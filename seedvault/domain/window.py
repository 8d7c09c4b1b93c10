"""Which moving factors a code is looked for in, and the search itself."""

import hmac
from datetime import datetime

from seedvault.domain.oath import Counting, HotpParameters, Mac, TotpParameters, code_at
from seedvault.domain.policy import Policy
from seedvault.domain.token import Progress

# Factors just below the floor that are searched too, only to say "already used".
_LOOK_BEHIND = 1


def for_verification(
    parameters: Counting, progress: Progress, now: datetime, policy: Policy
) -> range:
    """The factors one code may stand for; those below `progress.next_factor` are spent."""
    match parameters:
        case HotpParameters():
            first = max(0, progress.next_factor - _LOOK_BEHIND)
            return range(first, progress.next_factor + policy.look_ahead + 1)
        case TotpParameters():
            half = _half_width(progress, now, policy)
            return _around(parameters.step_at(now) + progress.drift_steps, half)


def for_resynchronisation(
    parameters: Counting, progress: Progress, now: datetime, policy: Policy
) -> range:
    """The factors the first of two consecutive codes may stand for, and their successors."""
    match parameters:
        case HotpParameters():
            first = max(0, progress.next_factor - policy.look_ahead)
            return range(first, progress.next_factor + policy.resync_counters + 1)
        case TotpParameters():
            centre = parameters.step_at(now) + progress.drift_steps
            return _around(centre, policy.resync_steps)


def search(mac: Mac, code: str, window: range, digits: int) -> list[int]:
    """Every factor of `window` whose code is `code`.

    Looks at all of them in constant time: how long it takes tells nothing about where.
    """
    wanted = code.encode("ascii")
    return [
        factor
        for factor in window
        if hmac.compare_digest(code_at(mac, factor, digits).encode("ascii"), wanted)
    ]


def _half_width(progress: Progress, now: datetime, policy: Policy) -> int:
    idle_days = max(0, (now - progress.synchronised_at).days)
    return min(
        policy.window_steps + idle_days // policy.idle_days_per_step, policy.max_window_steps
    )


def _around(centre: int, half: int) -> range:
    return range(max(0, centre - half), centre + half + 1)
