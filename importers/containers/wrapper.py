"""Which containers are known, by the octets that they start with."""

import re
from enum import Enum


class Wrapper(Enum):
    """A container; the value is how it is named to people."""

    GZIP = "a gzip archive"
    ZIP = "a zip archive"
    PGP = "a PGP message"
    CMS = "a CMS (PKCS#7, S/MIME) message"
    """Known, to be refused by name; the others are unwrapped."""

    @property
    def remedy(self) -> str:
        """What to do with a container where a seed file was expected."""
        if self is Wrapper.CMS:
            return "Take it off yourself (openssl cms), and import what is in it."
        return "Import it with --unwrap, or unwrap it yourself."


# RFC 9580 section 4.2: an encrypted message starts with a session key, encrypted for a key (packet
# 1, versions 3 and 6) or a passphrase (packet 3, versions 4 to 6), in the old or new packet form.
_BINARY_PGP = re.compile(
    rb"(?:\x84.|\x85..|\xc1(?:[\x00-\xbf]|[\xc0-\xdf].))[\x03\x06]|(?:\x8c.|\xc3[\x00-\xbf])[\x04-\x06]",
    re.DOTALL,
)
# RFC 5652 section 3: a sequence of any length, of which the content's type comes first: signed,
# enveloped or any other data of PKCS#7, or what RFC 5083 and RFC 3274 add.
_DER_CMS = re.compile(
    rb"0(?:[\x00-\x80]|\x81.|\x82..|\x83...|\x84....)\x06"
    rb"(?:\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07[\x01-\x06]"
    rb"|\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01[\x09\x17])",
    re.DOTALL,
)
# RFC 8551 section 3.2: a mail as it was saved, its headers first.
_MAIL = re.compile(
    rb"[A-Za-z][-A-Za-z0-9]*:.{0,8192}?application/(?:x-)?pkcs7-(?:mime|signature)",
    re.DOTALL | re.IGNORECASE,
)
_STARTS = {
    b"\x1f\x8b": Wrapper.GZIP,
    b"PK\x03\x04": Wrapper.ZIP,
    b"-----BEGIN PGP": Wrapper.PGP,
    b"-----BEGIN PKCS7": Wrapper.CMS,
    b"-----BEGIN CMS": Wrapper.CMS,
}


def wrapper_of(head: bytes) -> Wrapper | None:
    """The container whose first octets these are."""
    trimmed = head.lstrip()
    for start, wrapper in _STARTS.items():
        if trimmed.startswith(start):
            return wrapper
    if _DER_CMS.match(head) or _MAIL.match(trimmed):
        return Wrapper.CMS
    return Wrapper.PGP if _BINARY_PGP.match(head) else None
