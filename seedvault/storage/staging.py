"""Tokens written but not visible.

Staged rows stand in a table of their own, which no read of a token looks at. They belong to a
claim; rows whose claim is gone are swept, a few at a time so that logins need not wait. A killed
import leaves nothing else behind: the next import of the same file takes its claim away, and so
does any import an hour later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    Insert,
    Select,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from seedvault.domain.audit import milliseconds
from seedvault.domain.batch import Batch, Source, Tier
from seedvault.domain.errors import Conflict, FileRefused
from seedvault.service.ports import Clock, NewToken
from seedvault.storage.engine import Database
from seedvault.storage.failures import Clash
from seedvault.storage.rows import IN_STOCK, BatchRow, StagedRow, batch_of, staged_row
from seedvault.storage.statements import Prepared, Statements
from seedvault.storage.tables import BATCH, NEW_TOKEN_COLUMNS, STAGED_TOKEN, STAGING, TOKEN

_ABANDONED_AFTER = timedelta(hours=1)
_SWEPT_AT_ONCE = 5_000
_NAMED = 10  # serials named in a message
_NEW = {"state": IN_STOCK, "revision": 0, "version": 0, "failures": 0, "resyncs": 0}


@dataclass(frozen=True, slots=True)
class Import:
    """What is known of an import when it begins."""

    source: Source
    tier: Tier
    by: str
    at: datetime


class SqlStaging:
    """One import in progress. Whoever removes its claim ends it."""

    def __init__(
        self, database: Database, statements: Statements, clock: Clock, begun: Import
    ) -> None:
        self._database = database
        self._insert: Prepared = statements.stage_token
        self._clock = clock
        self._begun = begun
        self._claim = self._take_claim()
        self._sweep()

    def add(self, tokens: Sequence[tuple[NewToken, int]]) -> None:
        """Write a chunk durably; see `Staging`. Raises Conflict where the claim is gone."""
        rows = [staged_row(self._claim, new, line) for new, line in tokens]
        try:
            with self._database.writing() as connection:
                touched = (
                    update(STAGING)
                    .where(STAGING.c.id == self._claim)
                    .values(touched_ms=milliseconds(self._clock()))
                    .returning(STAGING.c.id)
                )
                if not connection.execute(touched).fetchall():
                    raise self._taken_over()
                self._insert.run_many(self._database.driver, rows)
        except Clash as clash:
            raise self._twice(rows) from clash

    def discard(self) -> None:
        """Remove all that was staged; after `publish`, what it copied."""
        with self._database.writing() as connection:
            _end(connection, STAGING.c.id == self._claim)
        self._sweep()

    def publish(self, source: Source, held: int, at: datetime) -> Batch:
        """Copy every staged token into a new batch; the caller's transaction commits.

        Raises Clash where the vault holds one of the serials or seeds; see `overtaken`.
        """
        connection = self._database.sql
        ended = delete(STAGING).where(STAGING.c.id == self._claim).returning(STAGING.c.id)
        if not connection.execute(ended).fetchall():
            raise self._taken_over()
        values: dict[str, Any] = {
            "file_name": source.file_name,
            "sha256": source.sha256,
            "format": source.format,
            "protection": source.protection,
            "tier": self._begun.tier.value,
            "imported_ms": milliseconds(at),
            "imported_by": self._begun.by,
            "tokens": connection.execute(self._staged(func.count())).scalar_one(),
            "held": held,
        }
        inserted = insert(BATCH).values(values).returning(BATCH.c.number)
        number: int = connection.execute(inserted).scalar_one()
        connection.execute(self._copied_into(number))
        return batch_of(BatchRow(number=number, **values))

    def overtaken(self) -> Conflict:
        """The error that names what the vault came to hold while the file was read."""
        same = or_(
            STAGED_TOKEN.c.serial_folded == TOKEN.c.serial_folded,
            STAGED_TOKEN.c.fingerprint == TOKEN.c.fingerprint,
        )
        found = self._staged(STAGED_TOKEN.c.serial).join(TOKEN, same).limit(_NAMED)
        with self._database.explained:
            serials = self._database.sql.execute(found).scalars().all()
        return Conflict(
            f"the vault came to hold tokens of {self._begun.source.file_name} meanwhile, "
            f"or their seeds: {', '.join(serials)}",
            unchanged="Nothing was imported, nothing overwritten.",
            remedy="Import the file again: it will be compared with what is held now.",
        )

    def _take_claim(self) -> int:
        """End earlier imports of the same file, and those that stand still; claim a number."""
        now = self._clock()
        same_file = STAGING.c.sha256 == self._begun.source.sha256
        abandoned = STAGING.c.touched_ms < milliseconds(now - _ABANDONED_AFTER)
        claim = {
            "sha256": self._begun.source.sha256,
            "started_ms": milliseconds(self._begun.at),
            "touched_ms": milliseconds(now),
        }
        with self._database.writing() as connection:
            _end(connection, or_(same_file, abandoned))
            number: int = connection.execute(
                insert(STAGING).values(claim).returning(STAGING.c.id)
            ).scalar_one()
        return number

    def _sweep(self) -> None:
        """Delete the rows of claims that are gone, while other imports are going on."""
        unclaimed = STAGED_TOKEN.c.staging.not_in(select(STAGING.c.id))
        some = select(STAGED_TOKEN.c.id).where(unclaimed).limit(_SWEPT_AT_ONCE)
        swept = delete(STAGED_TOKEN).where(STAGED_TOKEN.c.id.in_(some)).returning(STAGED_TOKEN.c.id)
        more = True
        while more:
            with self._database.writing() as connection:
                more = bool(connection.execute(swept).fetchall())

    def _staged(self, *columns: Any) -> Select[Any]:
        return (
            select(*columns).select_from(STAGED_TOKEN).where(STAGED_TOKEN.c.staging == self._claim)
        )

    def _copied_into(self, batch: int) -> Insert:
        constants = _NEW | {"batch": batch}
        columns = (STAGED_TOKEN.c[name] for name in NEW_TOKEN_COLUMNS)
        staged = self._staged(*columns, *map(literal, constants.values()))
        return insert(TOKEN).from_select(
            [*NEW_TOKEN_COLUMNS, *constants], staged.order_by(STAGED_TOKEN.c.id)
        )

    def _taken_over(self) -> Conflict:
        return Conflict(
            f"another import of {self._begun.source.file_name} took this one's place",
            unchanged="Nothing of this import became visible.",
            remedy="Let the other one come to its end: seedvault batch list",
        )

    def _twice(self, rows: Sequence[StagedRow]) -> FileRefused | Conflict:
        """The error for the first token of `rows` whose serial or seed was staged before it."""
        columns = STAGED_TOKEN.c
        known = or_(
            columns.serial_folded.in_([row.serial_folded for row in rows]),
            columns.fingerprint.in_([row.fingerprint for row in rows]),
        )
        staged = self._staged(*(columns[name] for name in StagedRow._fields)).where(known)
        with self._database.explained:
            before = [StagedRow._make(row) for row in self._database.sql.execute(staged)]
        by_serial: dict[str, StagedRow] = {}
        by_seed: dict[bytes, StagedRow] = {}
        for row in (*before, *rows):
            first = by_serial.setdefault(row.serial_folded, row)
            if first is not row:
                return _refused(self._begun.source, f"serial {row.serial} stands twice", first, row)
            first = by_seed.setdefault(row.fingerprint, row)
            if first is not row:
                same = f"{first.serial} and {row.serial} have the same seed"
                return _refused(self._begun.source, same, first, row)
        return self._taken_over()  # what stood there before is swept by now


def _end(connection: Connection, claims: Any) -> None:
    """Remove `claims`, and every staged row at once where no claim remains."""
    connection.execute(delete(STAGING).where(claims))
    if connection.execute(select(func.count()).select_from(STAGING)).scalar_one() == 0:
        # SQLite empties a table in no time; row by row it takes 17 us each.
        connection.execute(delete(STAGED_TOKEN))


def _refused(source: Source, what: str, first: StagedRow, second: StagedRow) -> FileRefused:
    return FileRefused(
        f"{source.file_name}: {what} (lines {first.line} and {second.line})",
        unchanged="Nothing was imported.",
        remedy="Ask the maker for a corrected file.",
    )
