"""Which moving factors a code is looked for in, and the search itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from seedvault.domain.oath import (
    Counting,
    HotpParameters,
    Mac,
    TotpParameters,
    is_code,
    numbers_at,
)
from seedvault.domain.policy import Policy, Reach
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
            return range(first, ahead(progress, policy).stop)
        case TotpParameters():
            return around(parameters.step_at(now), progress, now, policy)


def ahead(progress: Progress, policy: Policy) -> range:
    """The counters that are not spent, as far as anybody may have pressed on."""
    return range(progress.next_factor, progress.next_factor + policy.look_ahead + 1)


def around(step: int, progress: Progress, now: datetime, policy: Policy) -> range:
    """The time steps around the one that our clock is in, by the token's own clock."""
    return _around(step + progress.drift_steps, half_width(progress, now, policy))


def for_resynchronisation(
    parameters: Counting, progress: Progress, now: datetime, reach: Reach
) -> range:
    """The factors the first of the consecutive codes may stand for."""
    match parameters:
        case HotpParameters():
            first = max(0, progress.next_factor - reach.behind)
            return range(first, progress.next_factor + reach.counters + 1)
        case TotpParameters():
            centre = parameters.step_at(now) + progress.drift_steps
            return _around(centre, reach.steps)


def origin(parameters: Counting, progress: Progress, now: datetime) -> int:
    """Where offsets are counted from: the expected counter, or the time step by our clock."""
    match parameters:
        case HotpParameters():
            return progress.next_factor
        case TotpParameters():
            return parameters.step_at(now)


def search(mac: Mac, code: str, window: range, digits: int) -> list[int]:
    """Every factor of `window` whose code is `code`."""
    return computed(mac, window, digits).places(code)


@dataclass(frozen=True, slots=True)
class Computed:
    """The codes of all `factors`, each as the number it is."""

    factors: range
    numbers: Sequence[int]
    digits: int

    def places(self, code: str) -> list[int]:
        """Every factor whose code is `code`.

        How long it takes tells nothing about where. All are computed before any is looked at, and
        each is compared by one XOR of numbers below 2**30, a single digit of Python's: unlike
        texts, they have no beginnings that could agree. A match costs one element more, and that
        there was one is what the outcome tells.
        """
        if not is_code(code, self.digits):
            return []
        wanted = int(code)
        differences = [number ^ wanted for number in self.numbers]
        return [factor for factor, off in zip(self.factors, differences, strict=True) if not off]


def runs(places: Sequence[Sequence[int]]) -> list[int]:
    """Where the first of several codes stands with each other right after the one before.

    `places` are those of each code, in the order in which they were shown.
    """
    return [
        factor for factor in places[0] if all(factor + n in found for n, found in enumerate(places))
    ]


def computed(mac: Mac, window: range, digits: int) -> Computed:
    """The codes of a whole window, no early exit."""
    return Computed(window, numbers_at(mac, window, digits), digits)


def half_width(progress: Progress, now: datetime, policy: Policy) -> int:
    """How many steps on each side of its drift a code is looked for: idle clocks wander."""
    idle_days = max(0, (now - progress.synchronised_at).days)
    return min(
        policy.window_steps + idle_days // policy.idle_days_per_step, policy.max_window_steps
    )


def _around(centre: int, half: int) -> range:
    return range(max(0, centre - half), centre + half + 1)
