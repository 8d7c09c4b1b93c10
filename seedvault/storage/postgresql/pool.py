"""Connections lent to threads, each for as long as it is in use."""

import os
import threading
from collections.abc import Callable
from types import TracebackType

import psycopg
from sqlalchemy import Connection, QueuePool, create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree

from seedvault.domain.errors import StorageUnavailable
from seedvault.storage.postgresql.failures import LOCK_TIMEOUT_S, explain
from seedvault.storage.postgresql.session import Session

CONNECTIONS = 20
"""At most so many at once for each process; a ceremony and an import hold one more each."""


class _Own(threading.local):
    """What one thread holds, how many blocks it is in, and whether a transaction is open."""

    sql: Connection | None = None
    driver: Session | None = None
    blocks = 0
    in_transaction = False


class Pool:
    """As a `with` block: lends this thread a connection until its outermost block is left.

    A transaction that is open keeps its connection. What the driver raises leaves a block as
    `explain` has it.
    """

    def __init__(self, make: Callable[[], Session], place: str) -> None:
        self._place = place
        # A connection that SQLAlchemy takes for autocommitting leaves BEGIN and COMMIT to us.
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=make,
            poolclass=QueuePool,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=LOCK_TIMEOUT_S,
            pool_use_lifo=True,
            pool_reset_on_return=None,
            isolation_level="AUTOCOMMIT",
            paramstyle="format",
            hide_parameters=True,
        )
        self.dialect = self._engine.dialect
        self._own = _Own()
        self._process = os.getpid()

    @property
    def sql(self) -> Connection:
        """This thread's connection, for SQLAlchemy."""
        connection = self._own.sql
        return self._lend()[0] if connection is None else connection

    @property
    def driver(self) -> Session:
        """The same, as the driver's own."""
        driver = self._own.driver
        return self._lend()[1] if driver is None else driver

    def begin(self, words: str | None = None) -> None:
        """Begin a transaction, by the session's own words unless others are given."""
        if self._own.in_transaction:
            raise AssertionError("a transaction was begun inside another")
        driver = self.driver
        driver.execute((words or driver.begin_words).encode())
        self._own.in_transaction = True

    def end(self) -> None:
        """The transaction is over: what it did not commit is undone."""
        if self._own.driver is not None:
            self._own.driver.roll_back()
        self._own.in_transaction = False

    def close(self) -> None:
        """Close every connection; those of other threads when they are given back."""
        self._give_back()
        self._engine.dispose()

    def __enter__(self) -> None:
        self._own.blocks += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        own = self._own
        own.blocks -= 1
        lost = own.driver is not None and own.driver.closed
        if lost or (own.blocks <= 0 and not own.in_transaction):
            self._give_back()
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, psycopg.Error):
            raise explain(self._place, cause) from cause
        if isinstance(cause, NoneFree):
            raise StorageUnavailable(
                f"{self._place}: all {CONNECTIONS} connections of this process are in use",
                remedy="Try again when fewer are at work.",
            ) from cause

    def _lend(self) -> tuple[Connection, Session]:
        """A connection for this thread; one that the server has left is replaced."""
        if os.getpid() != self._process:
            raise AssertionError("a vault was opened before the fork: open it after")
        connection, driver = self._connected()
        for _ in range(CONNECTIONS):
            if not driver.was_left:
                break
            connection.invalidate()
            connection.close()
            connection, driver = self._connected()
        self._own.sql, self._own.driver = connection, driver
        return connection, driver

    def _connected(self) -> tuple[Connection, Session]:
        connection = self._engine.connect()
        driver = connection.connection.driver_connection
        assert isinstance(driver, Session)  # noqa: S101 - for mypy: our own maker made it
        return connection, driver

    def _give_back(self) -> None:
        own = self._own
        if own.sql is not None and own.driver is not None:
            own.driver.roll_back()
            if own.driver.closed and not own.sql.invalidated:
                own.sql.invalidate()
            own.sql.close()
        own.sql = own.driver = None
        own.in_transaction = False
