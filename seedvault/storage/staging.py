"""Tokens written but not visible.

Staged rows stand in a table of their own, which no read of a token looks at. They belong to a
claim; rows whose claim is gone are swept, a few at a time so that logins need not wait. A killed
import leaves nothing else behind: the next import, of whichever file, ends its claim.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Insert, Select, case, delete, insert, literal, or_, select

from seedvault.domain.audit import AuditEvent, milliseconds
from seedvault.domain.batch import Batch, Source, Tier
from seedvault.domain.errors import Conflict, FileRefused, StorageUnavailable
from seedvault.domain.token import Quarantined, State
from seedvault.service.ports import Arrival, Clock
from seedvault.storage.claims import Import, empty_unclaimed, take_claim
from seedvault.storage.columns import BatchRow, StagedRow
from seedvault.storage.engine import Database
from seedvault.storage.failures import Clash, StillNeeded
from seedvault.storage.rows import batch_of, staged_row
from seedvault.storage.statements import Prepared, Statements
from seedvault.storage.tables import BATCH, NEW_TOKEN_COLUMNS, STAGED_TOKEN, STAGING, TOKEN
from seedvault.storage.transaction import SqlTransaction

_SWEPT_AT_ONCE = 5_000
_NAMED = 10  # serials named in a message
_NEW = {"revision": 0, "version": 0, "failures": 0, "resyncs": 0, "uses": 0, "must_resync": False}


class SqlStaging:
    """One import in progress, from its making to the end of its `with` block."""

    def __init__(
        self,
        database: Database,
        statements: Statements,
        transaction: Callable[[], SqlTransaction],
        clock: Clock,
        begun: Import,
    ) -> None:
        self._database = database
        self._insert: Prepared = statements.stage_token
        self._transaction = transaction
        self._clock = clock
        self._begun = begun
        self._tokens = self._held = self._quarantined = 0
        self._claim = take_claim(database, begun, clock())
        self._sweep()

    def __enter__(self) -> "SqlStaging":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, StorageUnavailable):
            self._claim.release()  # what failed a moment ago would only fail, or wait, again
        else:
            self.discard()

    def add(self, arrivals: Sequence[Arrival]) -> None:
        """Write a chunk durably; see `Staging`. Raises Conflict where the claim is gone."""
        rows = [staged_row(self._claim.number, arrival) for arrival in arrivals]
        try:
            self._database.settle(lambda connection: self._write(connection, rows))
        except Clash as clash:
            raise self._twice(rows) from clash
        except StillNeeded as gone:
            raise self._rotated() from gone
        new = [arrival.new.token for arrival in arrivals if not arrival.held]
        self._tokens += len(new)
        self._held += len(arrivals) - len(new)
        self._quarantined += sum(isinstance(token, Quarantined) for token in new)

    def publish(
        self,
        event: AuditEvent,
        refused: int = 0,
        *,
        exportable: bool = False,
        tier: Tier | None = None,
    ) -> Batch:
        """Copy what is new into a batch, and commit; see `Staging`."""
        with self._transaction() as transaction:
            try:
                recorded = tier or self._begun.tier
                batch = transaction.step(
                    lambda: self._filled(event, refused, recorded, exportable=exportable)
                )
            except Clash as clash:
                transaction.undo()
                raise self._overtaken() from clash
            transaction.commit(replace(event, batch=batch.name))
        return batch

    def discard(self) -> None:
        """Remove what is staged; after `publish`, what it copied.

        Where that fails, nothing is lost: the rows are invisible, and go with the next import.
        """
        try:
            with suppress(StorageUnavailable):
                self._database.settle(self._give_up)
                self._sweep()
        finally:
            self._claim.release()

    def _write(self, connection: Connection, rows: Sequence[StagedRow]) -> None:
        if not self._claim.touch(connection, self._clock()):
            raise self._ended()
        self._insert.run_many(self._database.driver, rows)

    def _give_up(self, connection: Connection) -> None:
        self._database.exclude()
        self._claim.give_up(connection)
        empty_unclaimed(connection)

    def _filled(self, event: AuditEvent, refused: int, tier: Tier, *, exportable: bool) -> Batch:
        """The new batch with its tokens. Raises Clash where the vault holds one of them."""
        connection = self._database.sql
        if not self._claim.give_up(connection):
            raise self._ended()
        source = self._begun.source
        values: dict[str, Any] = {
            "file_name": source.file_name,
            "sha256": source.sha256,
            "format": source.format,
            "protection": source.protection,
            "tier": tier.value,
            "imported_ms": milliseconds(event.at),
            "imported_by": self._begun.by,
            "tokens": self._tokens,
            "held": self._held,
            "quarantined": self._quarantined,
            "refused": refused,
            "exportable": exportable,
            "signer": source.signer,
            "transport_key": source.transport_key,
        }
        inserted = insert(BATCH).values(values).returning(BATCH.c.number)
        number: int = connection.execute(inserted).scalar_one()
        connection.execute(self._copied_into(number))
        return batch_of(BatchRow(number=number, **values))

    def _copied_into(self, batch: int) -> Insert:
        constants = _NEW | {"batch": batch}
        columns = (STAGED_TOKEN.c[name] for name in NEW_TOKEN_COLUMNS)
        state = case(
            (STAGED_TOKEN.c.quarantine.is_(None), State.IN_STOCK.value),
            else_=State.QUARANTINED.value,
        )
        new = self._new(*columns, *map(literal, constants.values()), state)
        return insert(TOKEN).from_select(
            [*NEW_TOKEN_COLUMNS, *constants, "state"], new.order_by(STAGED_TOKEN.c.id)
        )

    def _sweep(self) -> None:
        """Delete the rows of claims that are gone, while other imports are going on."""
        unclaimed = STAGED_TOKEN.c.staging.not_in(select(STAGING.c.id))
        some = select(STAGED_TOKEN.c.id).where(unclaimed).limit(_SWEPT_AT_ONCE)
        swept = delete(STAGED_TOKEN).where(STAGED_TOKEN.c.id.in_(some)).returning(STAGED_TOKEN.c.id)
        with suppress(StorageUnavailable):
            while self._database.settle(
                lambda connection: bool(connection.execute(swept).fetchall())
            ):
                pass  # there may be more

    def _staged(self, *columns: Any) -> Select[Any]:
        mine = STAGED_TOKEN.c.staging == self._claim.number
        return select(*columns).select_from(STAGED_TOKEN).where(mine)

    def _new(self, *columns: Any) -> Select[Any]:
        return self._staged(*columns).where(STAGED_TOKEN.c.held.is_(False))

    def _ended(self) -> Conflict:
        return Conflict(
            f"this import of {self._begun.source.file_name} was ended by another",
            unchanged="Nothing of this import became visible.",
            remedy="See what is there, then import the file again: seedvault batch list",
        )

    def _rotated(self) -> Conflict:
        return Conflict(
            f"a key of this vault was destroyed while {self._begun.source.file_name} was imported",
            unchanged="Nothing of this import became visible.",
            remedy="Import the file again: it will be taken over under the keys in use now.",
        )

    def _overtaken(self) -> Conflict:
        """The error that names what the vault came to hold while the file was read."""
        same = or_(
            STAGED_TOKEN.c.serial_folded == TOKEN.c.serial_folded,
            STAGED_TOKEN.c.fingerprint == TOKEN.c.fingerprint,
        )
        found = self._new(STAGED_TOKEN.c.serial).join(TOKEN, same).limit(_NAMED)
        with self._database.explained:
            serials = self._database.sql.execute(found).scalars().all()
        return Conflict(
            f"the vault came to hold tokens of {self._begun.source.file_name} meanwhile, "
            f"or their seeds: {', '.join(serials)}",
            unchanged="Nothing was imported, nothing overwritten.",
            remedy="Import the file again: it will be compared with what is held now.",
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
        return self._ended()  # what stood there before is swept by now


def _refused(source: Source, what: str, first: StagedRow, second: StagedRow) -> FileRefused:
    return FileRefused(
        f"{source.file_name}: {what} (lines {first.line} and {second.line})",
        unchanged="Nothing was imported.",
        remedy="Ask the maker for a corrected file.",
    )
