"""The texts of XML values, read strictly. Each function raises ValueError, never with the text."""

import re
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

MAX_TEXT = 256
MAX_SERIAL = 64
_HEX = re.compile(r"[0-9A-Fa-f]+")
_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?",
    re.ASCII,
)

_SLASHED = re.compile(r"(\d\d?)/(\d\d?)/(\d{4})", re.ASCII)


def octets(text: str) -> bytes:
    """The octets of canonical base64; white space is ignored, anything else refused."""
    try:
        decoded = a2b_base64(text)
    except ValueError:
        raise ValueError("it is not base64") from None
    # a2b_base64 skips foreign characters and forgives loose tails, these even in its strict mode;
    # encoding again shows both.
    canonical = b2a_base64(decoded, newline=False)
    written = text.encode("ascii")
    if written != canonical and b"".join(written.split()) != canonical:
        raise ValueError("it is not canonical base64")
    return decoded


def looks_hex(text: str) -> bool:
    """Whether a base64 text is more likely a seed in hex (both alphabets allow it)."""
    packed = "".join(text.split())
    return len(packed) in {32, 40, 64, 128} and _HEX.fullmatch(packed) is not None


def integer(text: str, low: int, high: int) -> int:
    """A number of ASCII digits from `low` to `high`; a minus only where `low` is negative."""
    digits = text.strip()
    unsigned = digits.removeprefix("-") if low < 0 else digits
    if not (unsigned.isascii() and unsigned.isdigit() and len(unsigned) <= 19):
        raise ValueError(f"it is not a number of ASCII digits from {low} to {high}")
    number = int(digits)
    if not low <= number <= high:
        raise ValueError(f"it is outside {low} to {high}")
    return number


def number(text: str, low: int, high: int) -> int:
    """A number as `integer` reads it, or 8 big-endian octets in base64 (ActivIdentity's).

    Base64 of 8 octets that are digits themselves is refused: either reading makes sense.
    """
    if not text.rstrip().endswith("="):
        return integer(text, low, high)
    packed = octets(text)
    if packed.isdigit():
        raise ValueError("it may be octets or digits in base64")
    return number_of_octets(packed, low, high)


def number_of_octets(plain: bytes, low: int, high: int) -> int:
    """A number that was encrypted: ASCII digits or 8 big-endian octets.

    RFC 6030 leaves open which, and both are seen. Octets that are digits count more than 2**61.
    """
    if len(plain) == 8 and not plain.isdigit():
        value = int.from_bytes(plain, "big", signed=low < 0)
        return integer(str(value), low, high)
    try:
        return integer(plain.decode("ascii"), low, high)
    except UnicodeDecodeError:
        raise ValueError("it is neither ASCII digits nor 8 octets") from None


def boolean(text: str) -> bool:
    """An xs:boolean."""
    match text.strip():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
        case _:
            raise ValueError("it is neither true nor false")


def line(text: str) -> str:
    """One line of readable text, white space collapsed; control and bidi characters refused."""
    words = " ".join(text.split())
    if not words:
        raise ValueError("it is empty")
    if len(words) > MAX_TEXT:
        raise ValueError(f"it is longer than {MAX_TEXT} characters")
    if not words.isprintable():
        raise ValueError("it contains a control or invisible character")
    return words


def serial(text: str) -> str:
    """A serial as it stands, trimmed: at most 64 characters that can be seen."""
    trimmed = text.strip(" \t\r\n")
    if not trimmed:
        raise ValueError("the serial is missing")
    if len(trimmed) > MAX_SERIAL:
        raise ValueError(f"the serial is longer than {MAX_SERIAL} characters")
    if not trimmed.isprintable():
        raise ValueError("the serial contains a control or invisible character")
    if trimmed[0] in "=+-@":
        raise ValueError("the serial starts with a character that spreadsheets execute")
    return trimmed


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time, UTC, and whether the file said in which zone."""

    when: datetime
    zoned: bool


def date_time(text: str) -> Moment:
    """An xs:dateTime. Without a zone it is taken as UTC; 24:00:00 is the next day's start."""
    match = _DATE_TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError("it is not a date and time such as 2026-11-24T00:00:00Z")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    days = 0
    if (hour, minute, second) == (24, 0, 0):
        hour, days = 0, 1
    micro = int((match[7] or "0")[:6].ljust(6, "0"))
    zone = match[8]
    try:
        local = datetime(year, month, day, hour, minute, second, micro, tzinfo=_zone(zone or "Z"))
        when = (local + timedelta(days=days)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("it is no date and time of the calendar") from None
    return Moment(when, zoned=zone is not None)


def draft_date(text: str) -> datetime:
    """A date as drafts have it: an xs:dateTime, or day and month in an order that is clear."""
    match = _SLASHED.fullmatch(text.strip())
    if match is None:
        return date_time(text).when
    first, second, year = (int(part) for part in match.groups())
    if first != second and max(first, second) <= 12:
        raise ValueError("its day and month could be swapped")
    day, month = (second, first) if second > 12 else (first, second)
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        raise ValueError("it is no date of the calendar") from None


def _zone(text: str) -> timezone:
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)
