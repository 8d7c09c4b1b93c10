"""The octets of a seed file, read once from front to back."""

from collections.abc import Iterator
from typing import Protocol

from importers.errors import LimitExceeded, Place
from importers.limits import Limits

CHUNK = 64 << 10
_UTF8_BOM = b"\xef\xbb\xbf"
_BLANK = b" \t\r\n"


class Octets(Protocol):
    """A stream of octets: what an open binary file can do, as far as it is needed."""

    def read(self, size: int, /) -> bytes: ...


class Source:
    """A stream with its first octets looked at, and its length bounded.

    A UTF-8 byte order mark and blanks before the first character are taken off: `first_line`
    is the line on which the rest begins, so that line numbers stay the file's own.
    """

    def __init__(self, stream: Octets, name: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self.position = 0  # octets read so far
        self._stream = stream
        self.first_line = 1
        self.leading_blank = False
        self.head = self._strip(self._first_chunk())

    def chunks(self) -> Iterator[bytes]:
        """The head, then everything after it. Raises `LimitExceeded` beyond `max_bytes`."""
        yield self.head
        while chunk := self._read(CHUNK):
            yield chunk

    def line(self, counted: int) -> int:
        """The file's own line for one counted from the start of the head."""
        return counted + self.first_line - 1

    def _first_chunk(self) -> bytes:
        parts = []
        while self.position < CHUNK and (part := self._read(CHUNK - self.position)):
            parts.append(part)
        return b"".join(parts)

    def _read(self, size: int) -> bytes:
        chunk = self._stream.read(size)
        self.position += len(chunk)
        if self.position > self.limits.max_bytes:
            raise LimitExceeded(
                f"the file is longer than {self.limits.max_bytes} octets", Place(self.name)
            )
        return chunk

    def _strip(self, octets: bytes) -> bytes:
        content = octets.removeprefix(_UTF8_BOM)
        rest = content.lstrip(_BLANK)
        self.leading_blank = len(rest) != len(content)
        self.first_line += content[: len(content) - len(rest)].count(b"\n")
        return rest
