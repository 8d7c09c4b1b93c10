"""SQLite, set up so that what was committed stays committed; one connection for each thread.

Everything that only SQLite has stands in this file: its pragmas, its locks, its files.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from seedvault.domain.errors import InvalidInput, StorageUnavailable
from seedvault.storage.failures import BUSY_TIMEOUT_S, Explained

# WAL: readers and the writer do not wait for each other. FULL: a commit is on the disk before it
# returns; with less, a power failure would make accepted codes acceptable again.
_WAL, _FULL = "wal", 2

_TURN_PAUSE_S = 50e-6
_WAIT = f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}"


class Held(threading.local):
    """What one thread holds: its connection, as SQLAlchemy's and as the driver's; the turn."""

    sql: Connection | None = None
    driver: Any = None
    writing = False


class Database:
    """One SQLite file. Reads see what is committed; writes stand between `begin` and `commit`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.explained = Explained(path)
        # A connection that SQLAlchemy takes for autocommitting leaves BEGIN and COMMIT to us.
        self._engine: Engine = create_engine(
            "sqlite://",
            creator=lambda: _connect(path),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
        )
        self.dialect = self._engine.dialect
        self._held = Held()
        self._turn = threading.Lock()  # of the threads of this process, to write
        self._opened: WeakSet[Connection] = WeakSet()
        self._opening = threading.Lock()
        self._process = os.getpid()
        self.commits = 0

    @property
    def sql(self) -> Connection:
        """This thread's connection, for SQLAlchemy."""
        self._check_process()
        connection = self._held.sql
        return self._open() if connection is None else connection

    @property
    def driver(self) -> Any:
        """This thread's connection, as the driver's own: for statements that are compiled once."""
        self._check_process()
        held = self._held
        if held.driver is None:
            self._open()
        return held.driver

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A block in which every read of this thread sees the same moment."""
        with self.explained:
            self.driver.execute("BEGIN")
            try:
                yield
            finally:
                self.rollback()

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A block that becomes durable at its end, or not at all if it raises."""
        with self.explained:
            self.begin()
            try:
                yield self.sql
                self.commit()
            finally:
                self.rollback()

    def begin(self) -> None:
        """Wait for the write lock, then hold it until `commit` or `rollback`."""
        driver = self.driver
        deadline = monotonic() + BUSY_TIMEOUT_S
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_S):
            raise _busy()
        self._held.writing = True
        try:
            _begin(driver, deadline)
        except BaseException:
            self._pass_on()
            raise

    def commit(self) -> None:
        """Everything since `begin` is on the disk when this returns."""
        self.driver.execute("COMMIT")
        self._pass_on()

    def rollback(self) -> None:
        """Undo what was not committed, if there is anything; SQLite may have undone it already."""
        try:
            self._held.driver.rollback()
        finally:
            self._pass_on()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._opening:
            for connection in list(self._opened):
                connection.close()
            self._opened.clear()
        self._held = Held()

    def _pass_on(self) -> None:
        """Give up the turn, if this thread has it."""
        if self._held.writing:
            self._held.writing = False
            self._turn.release()

    def _open(self) -> Connection:
        with self._opening:
            connection = self._engine.connect()
            self._opened.add(connection)
        self._held.sql = connection
        self._held.driver = connection.connection.driver_connection
        return connection

    def _check_process(self) -> None:
        # A connection carried over a fork corrupts the file (sqlite.org/howtocorrupt.html, 2.6).
        if os.getpid() != self._process:
            raise AssertionError("a vault was opened before the fork: open it after")


def sqlite_path(database: str | Path) -> Path:
    """The file that is meant by a path, or by the URL `sqlite:///FILE`."""
    if isinstance(database, Path):
        return database.absolute()
    try:
        parsed = make_url(database)
    except ArgumentError as error:
        raise InvalidInput(
            f"{database!r} is no database URL", remedy="Use sqlite:///FILE."
        ) from error
    if parsed.drivername != "sqlite" or parsed.database in {None, "", ":memory:"} or parsed.query:
        raise InvalidInput(
            f"{parsed.render_as_string()} is not a database that this version can use",
            remedy="Use sqlite:///FILE.",
        )
    return Path(str(parsed.database)).absolute()


def _connect(path: Path) -> sqlite3.Connection:
    """A connection to a file that exists already: opening must not create a vault."""
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,  # `close` is for all threads; else each keeps to its own
    )
    try:
        _set_up(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(driver: Any, deadline: float) -> None:
    """Take the write lock from the other processes.

    SQLite's own waiting sleeps 1, 2, 5 ... 100 ms, while whoever has the lock keeps it for a
    quarter of one: two processes verified 1,600 codes a second that way, and 2,300 this way.
    """
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                    raise
                sleep(_TURN_PAUSE_S)
            else:
                return
    finally:
        driver.execute(_WAIT)


def _busy() -> sqlite3.OperationalError:
    """What SQLite raises when another process keeps the lock, for when another thread does."""
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    return error


def _text(octets: bytes) -> str | bytes:
    """Text, or the octets where they are none, for `rows` to refuse.

    The driver's own way is an error in the middle of a statement, which then stays open.
    """
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets


def _set_up(connection: sqlite3.Connection, path: Path) -> None:
    connection.text_factory = _text
    (journal,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA fullfsync=ON")  # macOS: its fsync stops at the disk's own cache
    connection.execute("PRAGMA foreign_keys=ON")
    (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    if (journal, synchronous) != (_WAL, _FULL):
        raise StorageUnavailable(
            f"{path}: SQLite cannot promise durable commits here "
            f"(journal_mode {journal}, synchronous {synchronous})",
            remedy="Keep the vault on a local disk.",
        )
