"""Hardened text: the characters of UTF-8, or of UTF-16 with a byte order mark, cut into lines.

Any other encoding would be a guess, and is refused. Memory is bounded by one chunk and one line.
"""

import codecs
from collections.abc import Iterator
from io import IncrementalNewlineDecoder
from typing import NamedTuple

from importers.errors import LimitExceeded, Malformed, Place, Unsupported
from importers.source import CHUNK, Source

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Line(NamedTuple):
    """One line without its end, and its number from 1."""

    number: int
    text: str

    def __repr__(self) -> str:  # its text may hold a seed
        return f"<line {self.number}>"


def characters(source: Source) -> Iterator[str]:
    """The text in pieces; line ends of every system are line feeds.

    Raises:
        Malformed: an octet is not of the encoding, by its line.
        Unsupported: UTF-16 without a byte order mark.
    """
    decode = _decoder(source)
    line = 1
    for chunk in source.chunks():
        text = _decoded(decode, chunk, source, line)
        line += text.count("\n")
        yield text
    yield _decoded(decode, b"", source, line, final=True)


def lines(source: Source) -> Iterator[Line]:
    """Each line of the file; LimitExceeded for one that is longer than `value_octets`."""
    number, pending = source.line(1), ""
    for text in characters(source):
        first, *rest = text.split("\n")
        pending += first
        for piece in rest:
            yield _bounded(Line(number, pending), source)
            number, pending = number + 1, piece
        _bounded(Line(number, pending), source)
    if pending:
        yield Line(number, pending)


def head_text(source: Source) -> str:
    """The characters of the file's head: what a format is known by."""
    return _decoded(_decoder(source), source.head, source, 1, final=_is_whole(source))


def head_lines(source: Source) -> list[Line]:
    """The lines that lie whole in the file's head."""
    pieces = head_text(source).split("\n")
    found = [Line(source.line(at), piece) for at, piece in enumerate(pieces, 1)]
    return found if _is_whole(source) else found[:-1]


def _is_whole(source: Source) -> bool:
    """Whether the head is all there is."""
    return source.position < CHUNK


def _decoder(source: Source) -> IncrementalNewlineDecoder:
    utf16 = source.head.startswith(_UTF16_MARKS)
    if not utf16 and b"\0" in source.head[:2]:
        # Its order would be a guess.
        raise Unsupported("UTF-16 without a byte order mark", Place(source.name))
    codec = codecs.getincrementaldecoder("utf-16" if utf16 else "utf-8")
    return IncrementalNewlineDecoder(codec("strict"), translate=True)


def _decoded(
    decode: IncrementalNewlineDecoder,
    chunk: bytes,
    source: Source,
    line: int,
    *,
    final: bool = False,
) -> str:
    try:
        return decode.decode(chunk, final)
    except UnicodeDecodeError as flaw:
        before = flaw.object[: flaw.start].decode(flaw.encoding, "ignore")
        raise Malformed(
            "an octet that is neither UTF-8, nor UTF-16 with a byte order mark",
            Place(source.name, source.line(line + before.count("\n"))),
            "If this is a text file, save it as UTF-8, and import that.",
        ) from None


def _bounded(line: Line, source: Source) -> Line:
    if len(line.text) > source.limits.value_octets:
        raise LimitExceeded("the line is too long", Place(source.name, line.number))
    return line
