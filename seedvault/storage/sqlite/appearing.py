"""A database file that is made under another name, and gets its own once it is whole."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seedvault.domain.errors import Conflict, StorageUnavailable

SUFFIXES = ("", "-wal", "-shm")
"""Of an SQLite database's files."""

_UNCHANGED = "Nothing was restored."


@dataclass(slots=True)
class Fresh:
    """Where the file is made. It appears only where this is set to be whole."""

    path: Path
    is_whole: bool = False


@contextmanager
def appearing(path: Path) -> Iterator[Fresh]:
    """What a process that was killed left of the same is taken away before.

    Raises Conflict where there is a file already, or another process is at it.
    """
    if path.exists():
        raise _taken(path)
    fresh = Fresh(path.with_name(f".{path.name}.restoring"))
    with _explained(path), _alone(path):
        _remove(fresh.path)
        try:
            yield fresh
            if fresh.is_whole:
                _appear(fresh.path, path)
        finally:
            _remove(fresh.path)


def _appear(fresh: Path, path: Path) -> None:
    if fresh.with_name(f"{fresh.name}-wal").exists():
        raise StorageUnavailable(
            f"{fresh}: another program has it open: it cannot get its name",
            unchanged=_UNCHANGED,
            remedy="Let nobody look at it meanwhile, then run the same again.",
        )
    try:
        os.link(fresh, path)
    except FileExistsError as error:
        raise _taken(path) from error
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(path: Path) -> None:
    for suffix in SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """By flock(2): the system lets go of it however a process ends."""
    name = path.with_name(f".{path.name}.restoring-lock")
    with name.open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"{path}: another process is restoring it", unchanged=_UNCHANGED
            ) from error
        try:
            yield
        finally:
            name.unlink(missing_ok=True)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"{path} cannot be made: {error.strerror or error}",
            unchanged=_UNCHANGED,
            remedy="Is there such a directory, and can you write to it? Look at the free space.",
        ) from error


def _taken(path: Path) -> Conflict:
    aside = " ".join(f"{path}{suffix}" for suffix in SUFFIXES)
    return Conflict(
        f"{path}: there is a vault already, and a restore overwrites none",
        unchanged=_UNCHANGED,
        remedy=f"Stop whatever uses it, and move it away, with all of its files: {aside}",
    )
