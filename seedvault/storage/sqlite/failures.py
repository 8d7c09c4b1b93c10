"""SQLite's errors, in words, with the remedy."""

import sqlite3
from pathlib import Path
from types import TracebackType

from sqlalchemy.exc import DBAPIError

from seedvault.domain.errors import StorageUnavailable
from seedvault.storage.failures import Clash, StillNeeded

BUSY_TIMEOUT_S = 10

_TAKEN = frozenset({sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY})

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
        "Is it there, and may this user write it and its directory? A new vault: seedvault init",
    ),
    sqlite3.SQLITE_NOTADB: (
        "this file is no database",
        "Name the file that seedvault init made.",
    ),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", "Restore a backup."),
}


class Explained:
    """A `with` block that SQLite's errors leave as StorageUnavailable, Clash or StillNeeded."""

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


def _explain(path: Path, error: sqlite3.Error) -> Clash | StillNeeded | StorageUnavailable:
    # Errors that the driver itself raises carry no result code.
    code: int = getattr(error, "sqlite_errorcode", 0)
    if code in _TAKEN:
        return Clash()
    if code == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return StillNeeded()
    # SQLite's messages name tables and columns, never values.
    unknown = (f"the database refused: {error}", "If it is a vault, restore a backup.")
    what, remedy = _KNOWN.get(code & 0xFF, unknown)
    return StorageUnavailable(f"{path}: {what}", remedy=remedy)
