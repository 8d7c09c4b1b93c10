"""Locks beside an SQLite file, by flock(2): the system lets go of them however a process ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seedvault.domain.errors import StorageUnavailable
from seedvault.storage.engine import Held


class FileLock(Held):
    """Held until `release`, or until this object or its process is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _explained(path):
            self._file = path.open("wb")
            # There is nothing in it to read, and another account must be able to ask.
            os.fchmod(self._file.fileno(), 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        """Harmless when repeated: a claim's number, and so the name, is never given twice."""
        if not self._file.closed:
            with _explained(self._path):
                self._path.unlink(missing_ok=True)
            self._file.close()


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock of this file. The file of a dead one is removed."""
    with _explained(path):
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        path.unlink(missing_ok=True)
    return False


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"{path}: the lock of an import cannot be used: {error.strerror}",
            remedy="Make the database's directory writable for this user; look at the free space.",
        ) from error
