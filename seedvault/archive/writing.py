"""The `BackupOutbox` port: files that appear under their name once they are whole."""

import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from seedvault.archive.age import Recipients
from seedvault.archive.spelling import (
    end_line,
    header_line,
    row_line,
    shape_line,
    signature_line,
)
from seedvault.domain.errors import Conflict, StorageUnavailable
from seedvault.service.backup_ports import Contents, Tell, Written

_GZIP = 31  # zlib's word for a gzip header and 32 KiB of window
_LEVEL = 1  # blobs and digests do not shrink, names do at any level: 6 takes five times as long
_AT_ONCE = 1 << 16
_TOLD_EVERY = 1_000
_UNCHANGED = "No backup was written."


class BackupFiles:
    """Writes for `recipients`."""

    def __init__(self, recipients: Recipients) -> None:
        self._recipients = recipients

    @property
    def recipients(self) -> tuple[str, ...]:
        return self._recipients.names

    @contextmanager
    def draft(self, path: Path) -> Iterator["_Draft"]:
        if path.exists():
            raise _taken(path)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        with _explained(path):
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                yield _Draft(_Hashed(stream), self._recipients, (fresh, path))
        finally:
            with suppress(FileNotFoundError):
                fresh.unlink()


class _Draft:
    """The `Draft` port."""

    def __init__(
        self, stream: "_Hashed", recipients: Recipients, places: tuple[Path, Path]
    ) -> None:
        self._stream = stream
        self._recipients = recipients
        self._fresh, self._path = places

    def write(self, contents: Contents, tell: Tell) -> Written:
        rows: dict[str, int] = {}
        with _explained(self._path):
            lines = _lines(contents, rows, tell)
            self._recipients.encrypt(_compressed(lines), self._stream)
            self._stream.settle()
        return Written(tuple(rows.items()), self._stream.sha256, self._stream.octets)

    def publish(self) -> None:
        with _explained(self._path):
            try:
                os.link(self._fresh, self._path)
            except FileExistsError as error:
                raise _taken(self._path) from error
            self._fresh.unlink()
            _settle_folder(self._path.parent)


class _Hashed:
    """A file being written, and the SHA-256 of what it came to be."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.octets = 0

    def write(self, octets: bytes) -> int:
        self._digest.update(octets)
        self.octets += len(octets)
        return self._stream.write(octets)

    def flush(self) -> None:
        self._stream.flush()

    def settle(self) -> None:
        """On the disk when this returns."""
        self._stream.flush()
        os.fsync(self._stream.fileno())

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def _lines(contents: Contents, rows: dict[str, int], tell: Tell) -> Iterator[bytes]:
    """Every line, the signature last; `rows` is filled in on the way."""
    digest, signer = hashlib.sha256(), contents.header.signer.name
    for line in _unsigned(contents, rows, tell):
        digest.update(line)
        yield line
    yield signature_line(contents.sign(digest.digest()), signer)


def _unsigned(contents: Contents, rows: dict[str, int], tell: Tell) -> Iterator[bytes]:
    yield header_line(contents.header)
    done = 0
    for shape, found in contents.tables:
        yield shape_line(shape)
        rows[shape.table] = 0
        for row in found:
            yield row_line(row)
            rows[shape.table] += 1
            done += 1
            if not done % _TOLD_EVERY:
                tell(done)
    tell(done)
    yield end_line(rows)


def _compressed(lines: Iterator[bytes]) -> Iterator[bytes]:
    squeeze = zlib.compressobj(_LEVEL, wbits=_GZIP)
    waiting, octets = [], 0
    for line in lines:
        waiting.append(line)
        octets += len(line)
        if octets >= _AT_ONCE:
            yield squeeze.compress(b"".join(waiting))
            waiting, octets = [], 0
    yield squeeze.compress(b"".join(waiting)) + squeeze.flush()


def _settle_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            f"{path} cannot be written: {error.strerror or error}",
            unchanged=_UNCHANGED,
            remedy="Name a folder that exists and that you can write to; look at the free space.",
        ) from error


def _taken(path: Path) -> Conflict:
    return Conflict(
        f"{path} is there already",
        unchanged=_UNCHANGED,
        remedy="Name another file: a backup never takes another's place.",
    )
