"""What the database knows of the time: the latest in its audit log, and its own clock's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import func, select, update
from sqlalchemy.sql.expression import ColumnElement

from seedvault.domain.audit import milliseconds
from seedvault.domain.clock import TOLERANCE
from seedvault.service.ports import Clock
from seedvault.storage.engine import Database
from seedvault.storage.tables import AUDIT_EVENT, VAULT

_ASKED_EVERY_S = 60.0
_JUMP_S = 0.5  # by which a clock leaves what has passed since: then it is asked at once


def newest_ms() -> ColumnElement[int]:
    """The latest time on record that counts, in a statement; two looks into an index."""
    doubted = select(VAULT.c.doubted_until_ms).scalar_subquery()
    latest = (
        select(AUDIT_EVENT.c.at_ms)
        .where(AUDIT_EVENT.c.at_ms > doubted)
        .order_by(AUDIT_EVENT.c.at_ms.desc())
        .limit(1)
        .scalar_subquery()
    )
    accepted = select(VAULT.c.accepted_ms).scalar_subquery()
    return func.coalesce(latest, accepted)


def accept(database: Database, now: datetime) -> None:
    """From here on, what is on record already does not contradict `now`."""
    latest = select(func.max(AUDIT_EVENT.c.at_ms)).scalar_subquery()
    database.sql.execute(
        update(VAULT).values(accepted_ms=milliseconds(now), doubted_until_ms=latest)
    )


@dataclass(frozen=True, slots=True)
class _Comparison:
    """When, by either clock of this node, and what came of it."""

    now: datetime
    passed_s: float
    ahead: timedelta


class ClockWatch:
    """By how much this node's clock is ahead of the database's, asked once a minute at most.

    Asked at once where this node's clock jumps, or was found to differ too much. `ask` gives None
    where the database has no clock of its own.
    """

    def __init__(self, clock: Clock, ask: Callable[[], datetime | None]) -> None:
        self._clock = clock
        self._ask = ask
        self._last: _Comparison | None = None

    def ahead(self) -> timedelta:
        """Zero where there is no other clock."""
        last = self._last
        if last is None or not self._still_holds(last):
            self._last = last = self._compare()
        return last.ahead

    def _still_holds(self, last: _Comparison) -> bool:
        passed_s = monotonic() - last.passed_s
        jumped = (self._clock() - last.now).total_seconds() - passed_s
        return abs(last.ahead) <= TOLERANCE and passed_s < _ASKED_EVERY_S and abs(jumped) < _JUMP_S

    def _compare(self) -> _Comparison:
        """The answer is of some moment between question and receipt: what is certain counts."""
        before = self._clock()
        theirs = self._ask()
        after, passed_s = self._clock(), monotonic()
        ahead = timedelta(0)
        if theirs is not None:
            ahead = before - theirs if theirs < before else min(after - theirs, ahead)
        return _Comparison(after, passed_s, ahead)
