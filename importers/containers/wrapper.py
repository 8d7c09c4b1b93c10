"""Which containers are known, by the octets that they start with."""

import re
from enum import Enum


class Wrapper(Enum):
    """A container; the value is how it is named to people."""

    GZIP = "a gzip archive"
    ZIP = "a zip archive"
    PGP = "a PGP message"


# RFC 9580 section 4.2: an encrypted message starts with a session key, encrypted for a key (packet
# 1, versions 3 and 6) or a passphrase (packet 3, versions 4 to 6), in the old or new packet form.
_BINARY_PGP = re.compile(
    rb"(?:\x84.|\x85..|\xc1(?:[\x00-\xbf]|[\xc0-\xdf].))[\x03\x06]|(?:\x8c.|\xc3[\x00-\xbf])[\x04-\x06]",
    re.DOTALL,
)
_STARTS = {b"\x1f\x8b": Wrapper.GZIP, b"PK\x03\x04": Wrapper.ZIP, b"-----BEGIN PGP": Wrapper.PGP}


def wrapper_of(head: bytes) -> Wrapper | None:
    """The container whose first octets these are."""
    for start, wrapper in _STARTS.items():
        if head.lstrip().startswith(start):
            return wrapper
    return Wrapper.PGP if _BINARY_PGP.match(head) else None
