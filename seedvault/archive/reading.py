"""The `BackupInbox` port: a backup read row by row, in constant memory.

Two things have to be right at the end, and only there: that nothing is missing, which age knows,
and that the vault's HSM signed it all, which is the caller's to ask. Until then no row counts.
"""

import gzip
import hashlib
import json
import os
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from seedvault.archive.age import Identities, WrongKey
from seedvault.archive.spelling import read_header, read_row, read_shape, read_signature
from seedvault.domain.backup import BackupHeader, Row, Shape
from seedvault.domain.errors import FileRefused, InvalidInput
from seedvault.service.backup_ports import Conclusion, Tables

_LONGEST_LINE = 1 << 22
"""Octets. The longest that is written has some thousands."""

_FOREIGN = (ValueError, TypeError, LookupError, OverflowError, AttributeError, RecursionError)
_NOT_WHOLE = (EOFError, gzip.BadGzipFile, zlib.error)


class BackupFile:
    """Reads with `identities`."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    @contextmanager
    def opened(self, path: Path) -> Iterator["_Opened"]:
        with _file(path) as file, _decrypted(file, path, self._identities) as lines:
            yield _Opened(lines, path)


@contextmanager
def _file(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from error
    with file:
        yield file


class _Lines:
    """The lines of what a thread decrypts into a pipe, and what went wrong there."""

    def __init__(self, file: BinaryIO, path: Path, identities: Identities) -> None:
        self._path = path
        self._failure: Exception | None = None
        reading, writing = os.pipe()
        self._pipe = os.fdopen(reading, "rb")
        self._text = gzip.GzipFile(fileobj=self._pipe, mode="rb")
        self._thread = threading.Thread(
            target=self._decrypt, args=(file, writing, identities), daemon=True
        )
        self._thread.start()

    def next(self) -> bytes:
        """A line with its end; nothing at the end. Raises FileRefused."""
        try:
            return self._text.readline(_LONGEST_LINE)
        except _NOT_WHOLE as error:
            raise self._refusal() from error

    def finish(self) -> None:
        """Raises FileRefused unless the file ends here, as it did when it was written."""
        if self.next():
            raise damaged(self._path)
        self._thread.join()
        if self._failure is not None:
            raise self._refusal()

    def close(self) -> None:
        """Let go of the thread, wherever it is: what it writes to is gone."""
        self._pipe.close()
        self._thread.join()

    def _refusal(self) -> Exception:
        self._thread.join()
        match self._failure:
            case WrongKey():
                return FileRefused(
                    f"{self._path} was not encrypted for this identity",
                    unchanged="Nothing was restored.",
                    remedy="Bring the private key of one of the recipients that `backup` named.",
                )
            case OSError() as error:
                return InvalidInput(f"{self._path} cannot be read: {error.strerror}")
        return damaged(self._path)

    def _decrypt(self, file: BinaryIO, writing: int, identities: Identities) -> None:
        try:
            with suppress(BrokenPipeError), os.fdopen(writing, "wb") as sink:
                identities.decrypt(file, sink)
        except Exception as error:  # noqa: BLE001 - told in the thread that reads
            self._failure = error


@contextmanager
def _decrypted(file: BinaryIO, path: Path, identities: Identities) -> Iterator[_Lines]:
    lines = _Lines(file, path, identities)
    try:
        yield lines
    finally:
        lines.close()


class _Opened:
    """The `OpenedBackup` port."""

    def __init__(self, lines: _Lines, path: Path) -> None:
        self._lines = lines
        self._path = path
        self._digest = hashlib.sha256()
        self._rows: dict[str, int] = {}
        self._ended = False
        with self._ours():
            self.header: BackupHeader = read_header(self._next())

    def tables(self) -> Tables:
        fields = self._next()
        while "table" in fields:
            with self._ours():
                shape = read_shape(fields)
            if shape.table in self._rows:
                raise self._foreign()
            following: list[dict[str, Any]] = []
            yield shape, self._of(shape, following)
            fields = following[0]
        if fields != {"end": self._rows}:
            raise self._foreign()
        self._ended = True

    def conclude(self) -> Conclusion:
        if not self._ended:
            raise AssertionError("a backup was concluded before its last row")
        digest = self._digest.digest()
        with self._ours():
            signature = read_signature(self._next())
        self._lines.finish()
        return Conclusion(tuple(self._rows.items()), digest, signature)

    def _of(self, shape: Shape, following: list[dict[str, Any]]) -> Iterator[Row]:
        """The rows of a table; into `following`, what stands behind them."""
        self._rows[shape.table] = 0
        while isinstance(cells := self._next_of_any_kind(), list):
            with self._ours():
                row = read_row(shape, cells)
            self._rows[shape.table] += 1
            yield row
        following.append(cells)

    def _next(self) -> dict[str, Any]:
        fields = self._next_of_any_kind()
        if isinstance(fields, list):
            raise self._foreign()
        return fields

    def _next_of_any_kind(self) -> dict[str, Any] | list[Any]:
        line = self._lines.next()
        if not line.endswith(b"\n"):
            self._lines.finish()  # says why, where age knows
            raise damaged(self._path)
        self._digest.update(line)
        with self._ours():
            read: Any = json.loads(line)
            if not isinstance(read, (dict, list)):
                raise self._foreign()
            return read

    @contextmanager
    def _ours(self) -> Iterator[None]:
        try:
            yield
        except _FOREIGN as error:
            raise self._foreign() from error

    def _foreign(self) -> FileRefused:
        return FileRefused(
            f"{self._path} is no backup that this program wrote",
            unchanged="Nothing was restored.",
            remedy="Name the file that seedvault backup wrote; a newer one needs a newer program.",
        )


def damaged(path: Path) -> FileRefused:
    """The error for a file that is not whole any more."""
    return FileRefused(
        f"{path} was cut off or changed since it was written, or is no backup",
        unchanged="Nothing was restored.",
        remedy="Fetch it again, or take another backup.",
    )
