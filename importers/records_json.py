"""Hardened streaming JSON: the objects of one array, or one object alone, in bounded memory.

What stands around the array must be one JSON object with the array inside; no key may stand twice
in an object, and nothing may be nested deeper than `Limits.depth`.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from importers.errors import LimitExceeded, Malformed, Place
from importers.source import Source
from importers.text import characters

_BLANKS = frozenset(" \t\n")
_MARK = re.compile(r'["{}\[\]]')
_STRING_REST = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class JsonObject:
    """One object, and the line on which it begins."""

    line: int
    members: dict[str, object] = field(repr=False)


def objects(source: Source, array: str) -> Iterator[JsonObject]:
    """Each object of a top-level array, or of the array named so in a top-level object; else the
    top-level object itself.

    Raises Malformed for what is no JSON, LimitExceeded for what is too deep or too large.
    """
    text = _Text(source)
    before = ""
    if text.next() != "[":
        opening = text.up_to_array(array)
        if opening is None:
            yield _object(text, source)
            text.end()
            return
        before = opening
    text.take("[")
    yield from _elements(text, source)
    if before:
        _members(before + "[]" + text.rest(), source, text.line)
    else:
        text.end()


def _elements(text: "_Text", source: Source) -> Iterator[JsonObject]:
    if text.next() == "]":
        text.take("]")
        return
    while True:
        yield _object(text, source)
        if text.next() != ",":
            break
        text.take(",")
    text.take("]")


def _object(text: "_Text", source: Source) -> JsonObject:
    text.expect("{")
    line = text.line
    return JsonObject(line, _members(text.balanced(), source, line))


def _members(text: str, source: Source, line: int) -> dict[str, object]:
    """What a text that begins with a brace says."""
    try:
        found: dict[str, object] = _DECODER.decode(text)
    except ValueError:
        # The decoder's own words would repeat nothing, but its position is within this piece.
        reason = "it is not JSON, or a name stands twice in one object"
        raise Malformed(reason, Place(source.name, line)) from None
    except RecursionError:
        raise LimitExceeded("nested too deeply", Place(source.name, line)) from None
    return found


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError
    return members


def _no_constant(_word: str) -> NoReturn:
    raise ValueError


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


class _Text:
    """What is still to be read: `_held` begins no earlier than the object being read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._pieces = characters(source)
        self._held = ""
        self._at = 0
        self._line = source.line(1)
        self._counted = 0  # up to here line ends are in `_line`

    @property
    def line(self) -> int:
        """The line of the next character."""
        self._line += self._held.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def next(self) -> str:
        """The next character that is no blank, not taken; empty at the end."""
        while True:
            while self._held[self._at : self._at + 1] in _BLANKS:
                self._at += 1
            if self._at < len(self._held) or not self._more():
                return self._held[self._at : self._at + 1]

    def expect(self, wanted: str) -> None:
        """Raises Malformed unless it is the next character that is no blank."""
        if self.next() != wanted:
            self._refuse(f"{wanted} is missing: it is no JSON of tokens, or cut off")

    def take(self, wanted: str) -> None:
        """Past the character, which must be next."""
        self.expect(wanted)
        self._at += 1

    def end(self) -> None:
        """Raises Malformed where anything but blanks follows."""
        if self.next():
            self._refuse("something follows after the end")

    def rest(self) -> str:
        """Everything that is left."""
        while self._more():
            self._bound()
        return self._held[self._at :]

    def up_to_array(self, name: str) -> str | None:
        """What stands before the array of this name in the head; None where there is none."""
        self.expect("{")
        match = re.search(rf'"{re.escape(name)}"[ \t\r\n]*:[ \t\r\n]*(?=\[)', self._held)
        if match is None:
            return None
        before = self._held[self._at : match.end()]
        self._at = match.end()
        return before

    def balanced(self) -> str:
        """The object that begins here, to its closing brace."""
        depth = length = 0
        while True:
            match = _MARK.search(self._held, self._at + length)
            if match is None:
                length = len(self._held) - self._at
                self._need()
                continue
            length = match.end() - self._at
            if match[0] == '"':
                length = self._string_end(length)
                continue
            depth += 1 if match[0] in "{[" else -1
            if depth > self._source.limits.depth:
                self._refuse(f"nested deeper than {self._source.limits.depth}", LimitExceeded)
            if not depth:
                start, self._at = self._at, self._at + length
                return self._held[start : self._at]

    def _string_end(self, length: int) -> int:
        while True:
            match = _STRING_REST.match(self._held, self._at + length)
            if match is not None:
                return match.end() - self._at
            self._need()

    def _need(self) -> None:
        self._bound()
        if not self._more():
            self._refuse("it is cut off within an object")

    def _more(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._line = self.line
        self._held = self._held[self._at :] + piece
        self._at = self._counted = 0
        return True

    def _bound(self) -> None:
        limit = self._source.limits.package_octets
        if len(self._held) - self._at > limit:
            self._refuse(f"no object ends within {limit} octets", LimitExceeded)

    def _refuse(
        self, reason: str, error: type[Malformed] | type[LimitExceeded] = Malformed
    ) -> NoReturn:
        raise error(reason, Place(self._source.name, self.line))
