"""One unambiguous octet string for a row of fields: what seals and audit links are made over."""

Field = str | bytes | int | None

_TEXT, _OCTETS, _INTEGER, _ABSENT = b"s", b"b", b"i", b"n"


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
