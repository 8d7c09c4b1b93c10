"""Whether this node's clock may judge codes that depend on the time.

A clock that was set back makes codes of the past good again, those among them that somebody saw
and nobody used; and the time step that is wrong on this node only is right on another.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(seconds=2)
"""How far a node's clock and its database's may differ; two nodes', so, twice as much."""


@dataclass(frozen=True, slots=True)
class TimeOnRecord:
    """What a database knew of the time when something was read from it.

    `newest` is the latest time in its audit log; by `ahead` this node's clock is before its own.
    """

    newest: datetime
    ahead: timedelta = timedelta(0)


def distrust(now: datetime, record: TimeOnRecord) -> str | None:
    """Why a clock that says `now` is not to be trusted, in words; None where it is."""
    if abs(record.ahead) > TOLERANCE:
        apart, way = abs(record.ahead), "ahead of" if record.ahead > timedelta(0) else "behind"
        return f"this node's clock is {apart.total_seconds():.1f} s {way} the database's"
    if record.newest - now > 2 * TOLERANCE:
        return (
            f"this node's clock says {_words(now)}, and something of {_words(record.newest)} is on "
            "record already"
        )
    return None


def _words(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
