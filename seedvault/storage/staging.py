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

from sqlalchemy import Select, delete, func, insert, literal, or_, select, update

from seedvault.domain.audit import milliseconds
from seedvault.domain.batch import Batch, Source, Tier
from seedvault.domain.errors import Conflict, FileRefused
from seedvault.service.ports import Clock, NewToken
from seedvault.storage.engine import Database
from seedvault.storage.failures import Clash
from seedvault.storage.rows import IN_STOCK, StagedRow, staged_row
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
            connection.execute(delete(STAGING).where(STAGING.c.id == self._claim))
        self._sweep()

    def publish(self, source: Source, held: int, at: datetime) -> Batch:
        """Copy every staged token into a new batch; the caller's transaction commits.

        Raises Clash where the vault holds one of the serials or seeds; see `overtaken`.
        """
        execute = self._database.sql.execute
        ended = delete(STAGING).where(STAGING.c.id == self._claim).returning(STAGING.c.id)
        if not execute(ended).fetchall():
            raise self._taken_over()
        tokens: int = execute(self._staged(func.count())).scalar_one()
        row = {
            "file_name": source.file_name,
            "sha256": source.sha256,
            "format": source.format,
            "protection": source.protection,
            "tier": self._begun.tier.value,
            "imported_ms": milliseconds(at),
            "imported_by": self._begun.by,
            "tokens": tokens,
            "held": held,
        }
        number: int = execute(insert(BATCH).values(row).returning(BATCH.c.number)).scalar_one()
        constants = _NEW | {"batch": number}
        columns = [STAGED_TOKEN.c[name] for name in NEW_TOKEN_COLUMNS]
        copied = self._staged(*columns, *map(literal, constants.values()))
        execute(
            insert(TOKEN).from_select(
                [*NEW_TOKEN_COLUMNS, *constants], copied.order_by(STAGED_TOKEN.c.id)
            )
        )
        return Batch(number, source, self._begun.tier, at, self._begun.by, tokens, held)

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
        begun = self._begun
        abandoned_ms = milliseconds(self._clock() - _ABANDONED_AFTER)
        ended = or_(STAGING.c.sha256 == begun.source.sha256, STAGING.c.touched_ms < abandoned_ms)
        claim = {
            "sha256": begun.source.sha256,
            "started_ms": milliseconds(begun.at),
            "touched_ms": milliseconds(self._clock()),
        }
        with self._database.writing() as connection:
            connection.execute(delete(STAGING).where(ended))
            number: int = connection.execute(
                insert(STAGING).values(claim).returning(STAGING.c.id)
            ).scalar_one()
        return number

    def _sweep(self) -> None:
        """Delete the rows of claims that are gone."""
        unclaimed = STAGED_TOKEN.c.staging.not_in(select(STAGING.c.id))
        some = select(STAGED_TOKEN.c.id).where(unclaimed).limit(_SWEPT_AT_ONCE)
        swept = delete(STAGED_TOKEN).where(STAGED_TOKEN.c.id.in_(some)).returning(STAGED_TOKEN.c.id)
        more = True
        while more:
            with self._database.writing() as connection:
                more = len(connection.execute(swept).fetchall()) == _SWEPT_AT_ONCE

    def _staged(self, *columns: Any) -> Select[Any]:
        return (
            select(*columns).select_from(STAGED_TOKEN).where(STAGED_TOKEN.c.staging == self._claim)
        )

    def _taken_over(self) -> Conflict:
        return Conflict(
            f"another import of {self._begun.source.file_name} took this one's place",
            unchanged="Nothing of this import became visible.",
            remedy="Let the other one come to its end: seedvault batch list",
        )

    def _twice(self, rows: Sequence[StagedRow]) -> FileRefused:
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
        raise AssertionError("the database found a token twice that stands there once")


def _refused(source: Source, what: str, first: StagedRow, second: StagedRow) -> FileRefused:
    return FileRefused(
        f"{source.file_name}: {what} (lines {first.line} and {second.line})",
        unchanged="Nothing was imported.",
        remedy="Ask the maker for a corrected file.",
    )
