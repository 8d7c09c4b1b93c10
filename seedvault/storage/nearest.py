"""Which serials someone may have meant.

Bounded whatever the vault holds: every serial one slip away is asked for by name, and the
neighbours in the order of serials are looked at; nothing is scanned.
"""

from collections.abc import Iterator
from difflib import SequenceMatcher
from string import ascii_lowercase, digits

from sqlalchemy import Connection, select

from seedvault.domain.names import Serial
from seedvault.storage.tables import TOKEN

_NEIGHBOURS = 20  # on each side
_SHARED_PREFIX = 4  # characters a neighbour must share to be worth suggesting
_ASKED_AT_MOST = 5_000


def nearest(connection: Connection, serial: Serial, limit: int) -> list[Serial]:
    """At most `limit` serials of the vault that are like `serial`, the likest first."""
    found = {*_one_slip_away(connection, serial.folded), *_neighbours(connection, serial.folded)}
    candidates = [Serial(verbatim) for verbatim in found]
    return sorted(candidates, key=lambda other: _distance(serial, other))[:limit]


def _distance(asked: Serial, other: Serial) -> tuple[float, str]:
    likeness = SequenceMatcher(None, asked.folded, other.folded, autojunk=False).ratio()
    return -likeness, other.folded


def _one_slip_away(connection: Connection, folded: str) -> list[str]:
    asked = [slip for slip, _ in zip(_slips(folded), range(_ASKED_AT_MOST), strict=False)]
    found = select(TOKEN.c.serial).where(TOKEN.c.serial_folded.in_(asked))
    return list(connection.execute(found).scalars())


def _slips(text: str) -> Iterator[str]:
    """Two characters swapped, one left out, one wrong, one added."""
    alphabet = sorted({*digits, *ascii_lowercase, *text})
    splits = [(text[:place], text[place:]) for place in range(len(text) + 1)]
    for head, tail in splits[:-2]:
        yield head + tail[1] + tail[0] + tail[2:]
    for head, tail in splits[:-1]:
        yield head + tail[1:]
        yield from (head + character + tail[1:] for character in alphabet)
    for head, tail in splits:
        yield from (head + character + tail for character in alphabet)


def _neighbours(connection: Connection, folded: str) -> list[str]:
    column = TOKEN.c.serial_folded
    here = select(TOKEN.c.serial, column).limit(_NEIGHBOURS)
    above = connection.execute(here.where(column > folded).order_by(column)).all()
    below = connection.execute(here.where(column < folded).order_by(column.desc())).all()
    prefix = folded[:_SHARED_PREFIX]
    return [row.serial for row in (*above, *below) if row.serial_folded.startswith(prefix)]
