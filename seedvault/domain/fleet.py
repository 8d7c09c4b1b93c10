"""How often codes fail over all tokens: the guesser whom no token's own throttle notices.

Whoever tries each of 10**6 tokens ten times is locked out by none, and hits thirty by chance. All
that tells is how many fail altogether.
"""

from dataclasses import dataclass
from datetime import timedelta

from seedvault.domain.audit import EventKind
from seedvault.domain.policy import DEFAULT

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ACCEPTED = frozenset({EventKind.CODE_ACCEPTED, EventKind.TOKEN_RESYNCHRONISED})
FAILED = frozenset({EventKind.CODE_REJECTED, EventKind.RESYNC_REJECTED})

_CHANCE = (2 * DEFAULT.window_steps + 1) / 10**6
"""That a guess is right: six digits, and the window of a time-based token in use."""


@dataclass(frozen=True, slots=True)
class Span:
    """What codes came to, over all tokens, in the last hour or the last day."""

    accepted: int
    failed: int

    @property
    def lucky_hits(self) -> float:
        """How many of as many guesses are right by chance.

        At most where some of them were refused without being computed.
        """
        return self.failed * _CHANCE


@dataclass(frozen=True, slots=True)
class FleetRates:
    """The last hour, the last day, and how many failures an hour may have."""

    hour: Span
    day: Span
    most_an_hour: int

    @property
    def alarm(self) -> str | None:
        """Why somebody should look, in words; None where nobody need."""
        if self.hour.failed <= self.most_an_hour:
            return None
        return f"{self.hour.failed} failures in the last hour, over {self.most_an_hour}"
