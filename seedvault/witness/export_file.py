"""The exported log: a file that only grows, so that its system may forbid all else (chattr +a).

What stands in it is the beginning of one stream of octets, made of the log and nothing else. So
whoever continues it writes what comes next in that stream, and finds out whether what a crash left
behind the last checkpoint is the beginning of it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seedvault.domain.audit import LoggedEvent
from seedvault.domain.checkpoint import SignedCheckpoint
from seedvault.domain.errors import NOTHING_CHANGED, Conflict, StorageUnavailable
from seedvault.witness.lines import CHECKPOINT_BEGINS, checkpoint_line, event_line, read_line

_CHUNK = 1 << 16
_BUFFER = 1 << 22
_MARK = b"\n" + CHECKPOINT_BEGINS


class JsonLinesFile:
    """The `ExportFile` port. Processes of one host take turns: flock(2)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        return str(self._path)

    @contextmanager
    def opened(self, *, wait: bool) -> Iterator["_Open | None"]:
        with self._explained():
            descriptor = self._descriptor()
        try:
            with self._explained():
                mine = _take(descriptor, wait=wait)
            if mine:
                with self._explained():
                    yield _Open(descriptor, self.name)
            else:
                yield None
        finally:
            os.close(descriptor)

    def _descriptor(self) -> int:
        flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
        try:
            return os.open(self._path, flags)
        except FileNotFoundError:
            made = os.open(self._path, flags | os.O_CREAT, 0o600)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
            return made

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageUnavailable(
                f"{self._path}: the audit export cannot be written: {error.strerror}",
                unchanged="The audit log itself is whole; what is missing follows with the next.",
                remedy="Name a file that this account may write; look at the free space.",
            ) from error


class _Open:
    """The `OpenExport` port."""

    def __init__(self, descriptor: int, name: str) -> None:
        self._descriptor = descriptor
        self._name = name
        self._size = os.fstat(descriptor).st_size
        self.last, self._place = self._end()
        self._pending = bytearray()

    def event(self, logged: LoggedEvent) -> None:
        self._pending += event_line(logged)
        if len(self._pending) >= _BUFFER:
            self._write()

    def checkpoint(self, signed: SignedCheckpoint) -> None:
        self._pending += checkpoint_line(signed)
        self._write()
        os.fsync(self._descriptor)
        self.last = signed

    def _write(self) -> None:
        """Compare with what stands there already, and add what does not."""
        there = self._read(self._place, min(len(self._pending), self._size - self._place))
        if self._pending[: len(there)] != there:
            raise self._other("holds something else behind its last checkpoint")
        self._place += len(there)
        del self._pending[: len(there)]
        while self._pending:
            written = os.write(self._descriptor, self._pending)
            self._place += written
            del self._pending[:written]
        self._size = max(self._size, self._place)

    def _end(self) -> tuple[SignedCheckpoint | None, int]:
        """The last checkpoint that stands there whole, and where its line ends."""
        for begin in self._backwards():
            line = self._line(begin)
            if line.endswith(b"\n"):
                try:
                    found = read_line(line)
                except ValueError as error:
                    raise self._other("holds a checkpoint that was changed") from error
                if isinstance(found, SignedCheckpoint):
                    return found, begin + len(line)
        return None, 0

    def _backwards(self) -> Iterator[int]:
        """Where lines begin as those of checkpoints do, from the end to the beginning."""
        end = self._size
        while end > 0:
            begin = max(0, end - _CHUNK)
            octets = self._read(begin, min(end + len(_MARK), self._size) - begin)
            place = len(octets)
            while (place := octets.rfind(_MARK, 0, place + len(_MARK) - 1)) >= 0:
                if begin + place < end:
                    yield begin + place + 1
            end = begin
        if self._read(0, len(CHECKPOINT_BEGINS)) == CHECKPOINT_BEGINS:
            yield 0

    def _line(self, begin: int) -> bytes:
        octets = b""
        while b"\n" not in octets and begin + len(octets) < self._size:
            octets += self._read(begin + len(octets), _CHUNK)
        end = octets.find(b"\n")
        return octets if end < 0 else octets[: end + 1]

    def _read(self, place: int, length: int) -> bytes:
        octets = b""
        while len(octets) < length:
            more = os.pread(self._descriptor, length - len(octets), place + len(octets))
            if not more:
                break
            octets += more
        return octets

    def _other(self, what: str) -> Conflict:
        return Conflict(
            f"{self._name} {what}: it is no export of this log, or one of them was altered",
            unchanged=NOTHING_CHANGED,
            remedy="Keep it as evidence, and compare: seedvault audit verify --export "
            f"{self._name}. A new export needs a new file.",
        )


def _take(descriptor: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
