"""How text files spell serials and seeds. Errors never repeat the text."""

import re
from base64 import b32decode, b32encode
from binascii import Error as NotBase32

from importers import lexical
from importers.instructions import Encoding

_DIGITS = re.compile(r"[0-9A-Fa-f]+", re.ASCII)
# 16 octets or more in hexadecimal, base32 or padded base64: no serial was seen to look so.
_SEED_LIKE = re.compile(r"[0-9A-Fa-f]{32,}|[A-Za-z2-7]{26,}=*|[A-Za-z0-9+/]{22,}={1,2}", re.ASCII)
# What a spreadsheet leaves of a long number; German ones write a comma.
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+", re.ASCII | re.IGNORECASE)
_OTHER_ENCODING = "If the file spells seeds another way, say so by --encoding."
_NOT_BASE32 = "it is not base32 (A to Z and 2 to 7)"
_AS_TEXT = "Export it again with this column formatted as text: what was rounded is lost."


class Flaw(ValueError):
    """A text that cannot be read, and what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def serial(text: str) -> str:
    """A serial as it stands, trimmed. Raises ValueError, Flaw where a spreadsheet spoilt it."""
    found = lexical.serial(text)
    if _ROUNDED.fullmatch(found):
        raise Flaw("a spreadsheet has rounded the serial to a number such as 1.23E+11", _AS_TEXT)
    if _SEED_LIKE.fullmatch(found):
        raise Flaw(
            "the serial looks like a seed",
            "Check that this is the format meant: the columns may stand in another order.",
        )
    return found


def octets(text: str, encoding: Encoding) -> bytearray:
    """The octets of a seed. Case counts in base64 only; base32 may hold blanks and dashes."""
    if _ROUNDED.fullmatch(text):
        raise Flaw("a spreadsheet has rounded it to a number such as 1.23E+11", _AS_TEXT)
    match encoding:
        case Encoding.HEX:
            return _hex(text)
        case Encoding.BASE32:
            return _base32(text)
        case Encoding.BASE64:
            try:
                return bytearray(lexical.octets(text))
            except ValueError as flaw:
                raise Flaw(str(flaw), _OTHER_ENCODING) from None


def length(text: str, encoding: Encoding) -> int | None:
    """How many octets the text spells; None where it cannot be read so."""
    try:
        found = octets(text, encoding)
    except ValueError:
        return None
    found[:] = bytes(len(found))
    return len(found)


def _hex(text: str) -> bytearray:
    if not _DIGITS.fullmatch(text):
        raise Flaw("it is not hexadecimal", _OTHER_ENCODING)
    if len(text) % 2:
        raise Flaw("it is not an even number of hexadecimal digits", _OTHER_ENCODING)
    return bytearray.fromhex(text)


def _base32(text: str) -> bytearray:
    """RFC 4648 section 6, its padding left out or not; 0, 1 and 8 stand for nothing."""
    packed = "".join(text.replace("-", " ").split()).rstrip("=")
    padded = packed.upper() + "=" * (-len(packed) % 8)
    if not packed.isascii():  # or a Turkish i would become one of ours
        raise Flaw(_NOT_BASE32, _OTHER_ENCODING)
    try:
        decoded = bytearray(b32decode(padded))
    except (NotBase32, ValueError):
        raise Flaw(_NOT_BASE32, _OTHER_ENCODING) from None
    if b32encode(decoded).decode("ascii") != padded:
        raise Flaw("it is not canonical base32: it is cut off or mistyped", _OTHER_ENCODING)
    return decoded
