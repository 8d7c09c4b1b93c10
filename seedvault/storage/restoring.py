"""Putting a vault into another state: a new one out of a backup, or the one that is there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select, update

from seedvault.domain.audit import SERIAL_CHAINS, AuditEvent, ChainHead, LoggedEvent, moment
from seedvault.domain.errors import Conflict, FileRefused, SealBroken
from seedvault.domain.names import Serial, UserName
from seedvault.domain.policy import Policy
from seedvault.domain.rule_set import RuleSet
from seedvault.domain.token import Progress, owner_of, state_of
from seedvault.service.backup_ports import Tables
from seedvault.service.ports import Stale, StoredToken, VaultIdentity
from seedvault.service.restore_ports import FoundToken, Restoration
from seedvault.storage import chains, checkpoints
from seedvault.storage.address import database_at
from seedvault.storage.engine import ATTEMPTS, Database, hammered
from seedvault.storage.failures import Clash, Contended, StillNeeded
from seedvault.storage.load import load
from seedvault.storage.opening import identity_of
from seedvault.storage.policy_queries import rules
from seedvault.storage.rows import life_row, progress_row, stored_token
from seedvault.storage.schema import SCHEMA, check_schema
from seedvault.storage.statements import Prepared, Statements, Value, tokens
from seedvault.storage.tables import TOKEN, USER, VAULT
from seedvault.storage.time_on_record import newest_ms

_PAGE = 1_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SqlPlace:
    """The `RestorableDatabase` port: a path or a URL."""

    place: str | Path

    def restored(self, work: Callable[[Restoration], T]) -> T:
        database = database_at(self.place)
        try:
            with database.unborn() as unborn:
                return _once(unborn, work)
        except (Contended, Clash) as error:
            raise Conflict(
                f"{database.place}: another process makes a vault there",
                unchanged="Nothing was restored.",
                remedy="See: seedvault status",
            ) from error
        finally:
            database.close()

    def promoted(self, work: Callable[[Restoration], T]) -> T:
        database = database_at(self.place)
        try:
            with database.explained:
                check_schema(database.sql, database.place)
            for _ in range(ATTEMPTS):
                try:
                    return _once(database, work)
                except Contended:
                    continue
            raise hammered(database.place)
        finally:
            database.close()


def _once(database: Database, work: Callable[[Restoration], T]) -> T:
    with database.explained:
        database.begin()
        try:
            return work(SqlRestoration(database))
        finally:
            database.rollback()


class SqlRestoration:
    """The `Restoration` port, over a transaction that is open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statements = Statements(database.dialect)
        self._epoch: int | None = None
        self._rules: RuleSet | None = None

    def load(self, schema: str, tables: Tables) -> None:
        # Alembic takes longer to import than a vault takes to open.
        from seedvault.storage.migrations import upgrade  # noqa: PLC0415

        if not (schema.isascii() and schema.isdigit() and schema <= SCHEMA):
            raise FileRefused(
                f"the backup has schema {schema!a}, this program knows up to {SCHEMA}",
                unchanged="Nothing was restored.",
                remedy="Use the newer Seedvault that wrote it.",
            )
        connection = self._database.sql
        upgrade(connection, schema)
        try:
            with self._database.explained:
                loaded = load(connection, tables)
        except (Clash, StillNeeded) as error:
            raise FileRefused(
                "the backup's rows contradict each other: no vault holds such",
                unchanged="Nothing was restored.",
                remedy="It was not written by seedvault backup: take another.",
            ) from error
        self._database.count_on(loaded)
        upgrade(connection)
        if chains.count_heads(connection) != SERIAL_CHAINS + 1:
            raise FileRefused(
                "the backup lacks the heads of audit chains",
                unchanged="Nothing was restored.",
                remedy="It was not written by seedvault backup: take another.",
            )

    @property
    def identity(self) -> VaultIdentity:
        return identity_of(self._database)

    def heads(self) -> list[ChainHead]:
        return chains.read_heads(self._database.sql)

    def chain_numbers(self) -> list[int]:
        return chains.read_chain_numbers(self._database.sql)

    def chain(self, chain: int) -> Iterator[LoggedEvent]:
        return chains.read_chain(self._database.sql, chain)

    def newest(self) -> datetime | None:
        latest = self._database.sql.execute(select(newest_ms())).scalar()
        return None if latest is None else moment(latest)

    def digest_at(self, chain: int, sequence: int) -> bytes | None:
        return checkpoints.digest_at(self._database.driver, self._statements, chain, sequence)

    def token(self, serial: Serial) -> StoredToken | None:
        found = self._statements.read_token.run(self._database.driver, folded=serial.folded)
        row = found.fetchone()
        if row is None:
            return None
        *values, _newest = row
        return stored_token(values)

    def policy_of(self, stored: StoredToken) -> Policy:
        if self._rules is None:
            self._rules = rules(self._database.sql).rules
        return self._rules.policy(stored.token.device.model, stored.standing)

    def tokens(self, after: int) -> Sequence[FoundToken]:
        page = tokens().where(TOKEN.c.id > after).order_by(TOKEN.c.id).limit(_PAGE)
        return [_found(tuple(row)) for row in self._database.sql.execute(page)]

    def raise_epoch(self, epoch: int) -> None:
        self._database.sql.execute(update(VAULT).values(epoch=epoch))
        self._epoch = epoch

    def move(self, seen: StoredToken, progress: Progress) -> None:
        self._change(self._statements.advance, seen, progress, {})

    def replace(self, seen: StoredToken, now: StoredToken) -> None:
        owner = owner_of(now.token)
        named = None if owner is None else _user(self._database, owner)
        others: dict[str, Value] = life_row(now.token)._asdict() | {
            "owner": named,
            "use_limit": now.token.device.use_limit,
            "seal": now.seal.octets,
            "seal_key": now.seal.key,
            "revision": now.revision,
        }
        self._change(self._statements.replace, seen, now.token.progress, others)

    def append(self, event: AuditEvent) -> None:
        chains.append(self._database.driver, self._statements, event)

    def hold_back(self, row: int) -> None:
        held = update(TOKEN).where(TOKEN.c.id == row)
        self._database.sql.execute(held.values(must_resync=True, version=TOKEN.c.version + 1))

    def commit(self, event: AuditEvent) -> None:
        self.append(event)
        self._database.commit()

    def _change(
        self, statement: Prepared, seen: StoredToken, progress: Progress, others: dict[str, Value]
    ) -> None:
        if self._epoch is None:
            raise AssertionError("tokens are changed in the new epoch: raise it first")
        values = progress_row(progress)._asdict() | others
        changed = statement.run(
            self._database.driver,
            seen_id=seen.row,
            seen_version=seen.version,
            seen_state=state_of(seen.token).value,
            seen_epoch=self._epoch,
            ceiling=progress.next_factor,
            **values,
        ).fetchall()
        if len(changed) != 1:
            raise Stale


def _user(database: Database, name: UserName) -> int | None:
    found = select(USER.c.id).where(USER.c.name_folded == name.folded)
    number: int | None = database.sql.execute(found).scalar()
    return number


def _found(row: tuple[object, ...]) -> FoundToken:
    number = row[0]
    assert isinstance(number, int)  # noqa: S101 - for mypy: the primary key
    try:
        return FoundToken(number, stored_token(row))
    except SealBroken:
        return FoundToken(number, None)
