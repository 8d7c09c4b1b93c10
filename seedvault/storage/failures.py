"""The one place where a database's failure becomes StorageUnavailable."""

import sqlite3
from pathlib import Path
from types import TracebackType

from sqlalchemy.exc import DBAPIError

from seedvault.domain.errors import StorageUnavailable

BUSY_TIMEOUT_S = 10

# By SQLite's primary result code (https://sqlite.org/rescode.html): what happened, and the remedy.
_KNOWN: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_BUSY: (
        f"another program held the database's write lock for more than {BUSY_TIMEOUT_S} s",
        "Wait for a large import to end, then try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "the database cannot be written",
        "Make the file and its directory writable for this user; check how the disk is mounted.",
    ),
    sqlite3.SQLITE_FULL: ("the disk is full", "Free some space, then run the same again."),
    sqlite3.SQLITE_IOERR: (
        "the disk failed, or is full",
        "Look at the free space and the system's log, then run the same again.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the database cannot be opened",
        "Check that the file is there and its directory is writable; a new vault: seedvault init",
    ),
    sqlite3.SQLITE_NOTADB: (
        "this file is no database",
        "Name the file that seedvault init made.",
    ),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", "Restore a backup."),
}


class Explained:
    """A `with` block in which the driver's errors leave as StorageUnavailable.

    What the caller has to tell apart, such as IntegrityError, it catches inside the block.
    """

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, sqlite3.Error):
            raise _explain(self._path, cause) from cause


def _explain(path: Path, error: sqlite3.Error) -> StorageUnavailable:
    # Errors that the driver itself raises carry no result code.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # SQLite's messages name tables and columns, never values.
    what, remedy = _KNOWN.get(code, (f"the database refused: {error}", "See: seedvault doctor"))
    return StorageUnavailable(f"{path}: {what}", remedy=remedy)
