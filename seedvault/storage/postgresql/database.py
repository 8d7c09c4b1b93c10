"""PostgreSQL through psycopg: what several threads, processes and nodes use at the same time.

Whoever writes is not alone here. Rows that are decided over are written conditionally; whoever
decides about the vault as a whole calls `exclude` first. Row locks are taken in one order, so that
nobody waits in a circle: the vault's latch, then tokens by row, then keys, then one chain's head.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Table, func, inspect, select, text, update
from sqlmodel import SQLModel

from seedvault.domain.errors import Conflict, StorageUnavailable
from seedvault.storage.engine import Database, Held
from seedvault.storage.failures import Clash
from seedvault.storage.postgresql import row_locks
from seedvault.storage.postgresql.failures import unknown_outcome
from seedvault.storage.postgresql.pool import Pool
from seedvault.storage.postgresql.session import (
    Session,
    arguments,
    connect,
    connect_to_hold,
    in_words,
)
from seedvault.storage.tables import LATCH, STAGING

# ICU's rules change with its version, libc's with the system's, but for C; "b" is built in.
_COLLATION = (
    "SELECT CASE to_jsonb(d)->>'datlocprovider'"  # a column since PostgreSQL 15
    " WHEN 'i' THEN 'ICU' WHEN 'b' THEN 'C' ELSE datcollate END"
    " FROM pg_catalog.pg_database d WHERE datname = current_database()"
)
_SEQUENCE = text("SELECT pg_get_serial_sequence(:table, :column)")
_CLAIMED = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"


class PostgresqlDatabase(Database):
    """One PostgreSQL database, whichever server is its primary now."""

    def __init__(self, uri: str) -> None:
        self._given = arguments(uri)
        self.place = in_words(self._given)
        self._pool = Pool(lambda: connect(self._given, self.place), self.place)
        self.dialect = self._pool.dialect
        self.explained = self._pool

    @property
    def sql(self) -> Connection:
        return self._pool.sql

    @property
    def driver(self) -> Session:
        return self._pool.driver

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self.explained:
            self._pool.begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            try:
                # Whoever reads takes the time they need.
                self.driver.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
                yield
            finally:
                self.rollback()

    def own_clock(self) -> datetime | None:
        row = self.driver.execute("SELECT clock_timestamp()").fetchone()
        return None if row is None else row[0]

    def begin(self) -> None:
        self._pool.begin()

    def commit(self) -> None:
        driver = self.driver
        driver.warned.clear()
        try:
            done = driver.execute("COMMIT").statusmessage
        except psycopg.Error as error:
            if driver.closed:
                raise unknown_outcome(self.place, "the connection was lost") from error
            raise
        self._pool.end()
        if driver.warned:
            # The wait for the standby was broken off: what is committed here may not be there.
            raise unknown_outcome(self.place, f"the server warned ({driver.warned[0]})")
        if done != "COMMIT":
            raise AssertionError(f"a transaction that had failed was committed: {done}")

    def rollback(self) -> None:
        self._pool.end()

    def exclude(self) -> None:
        """An UPDATE, and no lock alone: at every isolation level, who waited sees what was done."""
        whole = update(LATCH).where(LATCH.c.name == row_locks.VAULT)
        self.sql.execute(whole.values(name=LATCH.c.name))

    def hold_import(self, number: int) -> Held | None:
        with self.explained:
            lock = row_locks.hold_import(self._session_to_hold(), number)
            if lock is None:
                return None
            with self.writing() as connection:
                self.exclude()  # nobody judges claims meanwhile
                claimed = STAGING.select().where(STAGING.c.id == number)
                if connection.execute(claimed).first() is not None:
                    return lock
            lock.release()
            return None

    def is_alive(self, number: int) -> bool:
        return row_locks.is_held(self.sql, number)

    @contextmanager
    def ceremony(self, patience_s: float) -> Iterator[None]:
        with self.explained:
            lock = row_locks.hold_ceremony(self._session_to_hold(), patience_s)
        try:
            yield
        finally:
            lock.release()

    def claim(self) -> None:
        with self.explained:
            self._check_collation()
        try:
            with self.explained:
                self.sql.exec_driver_sql(_CLAIMED)
        except Clash as error:
            raise Conflict(
                f"{self.place}: there is a vault already", remedy="See: seedvault status"
            ) from error

    def remove(self) -> None:
        with self.writing() as connection:
            SQLModel.metadata.drop_all(connection)
            connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")

    @contextmanager
    def unborn(self) -> Iterator["PostgresqlDatabase"]:
        """This one: even its tables are made in the transaction, and seen when it has committed."""
        there = self.existing(None)
        if there is not None:
            raise Conflict(
                f"{there}, and a restore overwrites no vault",
                unchanged="Nothing was restored.",
                remedy="Name a new database, or rename that one: ALTER DATABASE ... RENAME TO ...",
            )
        yield self

    def count_on(self, tables: Iterable[Table]) -> None:
        for table in tables:
            for column in table.primary_key.columns:
                named = {"table": f'"{table.name}"', "column": column.name}
                sequence = self.sql.execute(_SEQUENCE, named).scalar()
                if sequence is not None:
                    highest = select(func.max(column)).scalar_subquery()
                    self.sql.execute(select(func.setval(sequence, highest)))

    def existing(self, home: Path | None) -> str | None:  # noqa: ARG002 - a server has no home
        with self.explained:
            self._check_collation()
            there = inspect(self.sql).has_table("alembic_version")
        return f"{self.place} holds one" if there else None

    def close(self) -> None:
        self._pool.close()

    def _session_to_hold(self) -> Session:
        return connect_to_hold(self._given, self.place)

    def _check_collation(self) -> None:
        """Raises StorageUnavailable where an update of the system could change how text is sorted.

        Indexes made before it would then miss rows, unique ones among them
        (wiki.postgresql.org/wiki/Collations).
        """
        collation = self.sql.exec_driver_sql(_COLLATION).scalar_one()
        if collation not in {"C", "POSIX", "C.UTF-8", "C.utf8"}:
            raise StorageUnavailable(
                f"{self.place}: the database sorts text by {collation}",
                remedy="Make it with TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'.",
            )
