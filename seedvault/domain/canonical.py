"""One unambiguous octet string for a row of fields: what seals, links and checkpoints are over."""

Field = str | bytes | int | None

_TEXT, _OCTETS, _INTEGER, _ABSENT = b"s", b"b", b"i", b"n"
_HEADER = 5  # octets: the type, and a length


def encode(*fields: Field) -> bytes:
    """Each field as a type octet, its length in 4 octets big-endian, and its octets.

    Text is UTF-8, integers are decimal ASCII, None has length 0. No two different rows of fields
    encode alike, whatever stands in them.
    """
    parts: list[bytes] = []
    for item in fields:
        if item is None:
            kind, octets = _ABSENT, b""
        elif isinstance(item, str):
            kind, octets = _TEXT, item.encode()
        elif isinstance(item, bytes):
            kind, octets = _OCTETS, item
        else:
            kind, octets = _INTEGER, b"%d" % item
        parts += (kind, len(octets).to_bytes(4, "big"), octets)
    return b"".join(parts)


def decode(octets: bytes) -> list[Field]:
    """The row of fields that `octets` stand for; ValueError for what `encode` never makes."""
    row: list[Field] = []
    place = 0
    while place < len(octets):
        kind = octets[place : place + 1]
        end = place + _HEADER + int.from_bytes(octets[place + 1 : place + _HEADER], "big")
        if end > len(octets):
            raise ValueError("the octets end in the middle of a field")
        row.append(_field(kind, octets[place + _HEADER : end]))
        place = end
    if encode(*row) != octets:
        raise ValueError("a field is not spelt in its one way")
    return row


def _field(kind: bytes, value: bytes) -> Field:
    if kind == _TEXT:
        return value.decode()
    if kind == _OCTETS:
        return value
    if kind == _INTEGER:
        return int(value)
    if kind == _ABSENT:
        return None
    raise ValueError(f"there is no type of field {kind!r}")
