"""SQLite, set up so that what was committed stays committed; one connection for each thread.

Everything that only SQLite has stands in this package: its pragmas, its locks, its files.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Engine, NullPool, Table, create_engine, inspect, select

from seedvault.domain.errors import Conflict, StorageUnavailable
from seedvault.storage.engine import Database, Held
from seedvault.storage.sqlite.appearing import SUFFIXES, appearing
from seedvault.storage.sqlite.failures import BUSY_TIMEOUT_S, Explained
from seedvault.storage.sqlite.file_locks import FileLock, is_held
from seedvault.storage.tables import STAGING

# WAL: readers and the writer do not wait for each other. FULL: a commit is on the disk before it
# returns; with less, a power failure would make accepted codes acceptable again.
_WAL, _FULL = "wal", 2

_TURN_PAUSE_S = 50e-6
_WAIT = f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}"


class _Own(threading.local):
    """What one thread holds: its connection, as SQLAlchemy's and as the driver's; the turn."""

    sql: Connection | None = None
    driver: Any = None
    writing = False


class SqliteDatabase(Database):
    """One SQLite file: whoever writes has it alone, from `begin` on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
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
        self._own = _Own()
        self._turn = threading.Lock()  # of the threads of this process, to write
        self._opened: WeakSet[Connection] = WeakSet()
        self._opening = threading.Lock()
        self._process = os.getpid()

    @property
    def sql(self) -> Connection:
        self._check_process()
        connection = self._own.sql
        return self._open() if connection is None else connection

    @property
    def driver(self) -> Any:
        self._check_process()
        own = self._own
        if own.driver is None:
            self._open()
        return own.driver

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        with self.explained:
            self.driver.execute("BEGIN")
            try:
                yield
            finally:
                self.rollback()

    def own_clock(self) -> datetime | None:
        return None

    def begin(self) -> None:
        """Wait for the write lock, then hold it until `commit` or `rollback`."""
        driver = self.driver
        deadline = monotonic() + BUSY_TIMEOUT_S
        if not self._turn.acquire(timeout=BUSY_TIMEOUT_S):
            raise _busy()
        self._own.writing = True
        try:
            _begin(driver, deadline)
        except BaseException:
            self._pass_on()
            raise

    def commit(self) -> None:
        self.driver.execute("COMMIT")
        self._pass_on()

    def rollback(self) -> None:
        """Undo what was not committed, if there is anything; SQLite may have undone it already."""
        try:
            self._own.driver.rollback()
        finally:
            self._pass_on()

    def exclude(self) -> None:
        """Nothing to do: a transaction that writes is the only one."""

    def hold_import(self, number: int) -> Held | None:
        with self.writing() as connection:  # nobody judges claims meanwhile
            lock = FileLock(self._lock_file(number))
            claimed = select(STAGING.c.id).where(STAGING.c.id == number)
            if connection.execute(claimed).first() is not None:
                return lock
            lock.release()
            return None

    def is_alive(self, number: int) -> bool:
        return is_held(self._lock_file(number))

    def ceremony(self, patience_s: float) -> AbstractContextManager[None]:  # noqa: ARG002 - below
        """Nothing to do: an SQLite file has one node, whose processes `wiring` keeps apart."""
        return nullcontext()

    def claim(self) -> None:
        """A new, empty file that only its owner reads; SQLite's others take its permissions."""
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        except FileExistsError as error:
            raise Conflict(
                f"{self.path}: there is a file already", remedy="See: seedvault status"
            ) from error
        except OSError as error:
            raise StorageUnavailable(
                f"{self.path}: the vault cannot be made here: {error.strerror}",
                remedy="Name a directory that exists and is writable.",
            ) from error

    def remove(self) -> None:
        for suffix in SUFFIXES:
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    @contextmanager
    def unborn(self) -> Iterator["SqliteDatabase"]:
        with appearing(self.path) as fresh:
            database = SqliteDatabase(fresh.path)
            database.claim()
            try:
                yield database
                fresh.is_whole = inspect(database.sql).has_table("alembic_version")
            finally:
                database.close()  # the last to close it brings its WAL home

    def count_on(self, tables: Iterable[Table]) -> None:
        """Nothing to do: SQLite looks at the highest number there is, or was."""

    def existing(self, home: Path | None) -> str | None:
        if self.path.exists():
            return f"{self.path} exists"
        if self.path.parent != home and not self.path.parent.is_dir():
            raise StorageUnavailable(
                f"{self.path}: there is no such directory", remedy="Make the directory first."
            )
        return None

    def close(self) -> None:
        with self._opening:
            for connection in list(self._opened):
                connection.close()
            self._opened.clear()
        self._own = _Own()

    def _lock_file(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}-import-{number}")

    def _pass_on(self) -> None:
        """Give up the turn, if this thread has it."""
        if self._own.writing:
            self._own.writing = False
            self._turn.release()

    def _open(self) -> Connection:
        with self._opening:
            connection = self._engine.connect()
            self._opened.add(connection)
        self._own.sql = connection
        self._own.driver = connection.connection.driver_connection
        return connection

    def _check_process(self) -> None:
        # A connection carried over a fork corrupts the file (sqlite.org/howtocorrupt.html, 2.6).
        if os.getpid() != self._process:
            raise AssertionError("a vault was opened before the fork: open it after")


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
