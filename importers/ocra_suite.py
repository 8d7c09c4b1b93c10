"""OCRA suites: what a challenge-response token computes over (RFC 6287 section 6)."""

import re
from dataclasses import dataclass

from importers.model import Digest

_SUITE = re.compile(
    r"OCRA-1"
    r":HOTP-(?P<digest>SHA1|SHA256|SHA512)-(?P<digits>0|[4-9]|10)"
    r":(?P<counter>C-)?"
    # Two digits in the grammar; section 6.4's own example QH8 has one.
    r"Q(?P<challenge>[ANH])(?P<length>[0-9]{1,2})"
    r"(?:-P(?P<pin>SHA1|SHA256|SHA512))?"
    r"(?:-S(?P<session>[0-9]{3}))?"
    r"(?:-T(?P<step>[1-9]|[1-5][0-9])(?P<unit>[SMH]))?",
    re.ASCII,
)
_LENGTHS = range(4, 65)
_SESSIONS = range(1, 513)
_UNITS_S = {"S": 1, "M": 60, "H": 3600}
_MOST_HOURS = 48


@dataclass(frozen=True, slots=True)
class OcraSuite:
    """A suite's parts. `digits` 0 means the HMAC uncut; what is not computed over is None.

    `challenge` is A, N or H for alphanumeric, numeric or hexadecimal, of at most
    `challenge_length` characters.
    """

    digest: Digest
    digits: int
    counter: bool
    challenge: str
    challenge_length: int
    pin: Digest | None
    session_octets: int | None
    step_s: int | None


def parse(text: str) -> OcraSuite:
    """The parts of a suite such as OCRA-1:HOTP-SHA1-6:C-QN08-PSHA1. Raises ValueError.

    Upper and lower case count: the token computes over the suite's own octets.
    """
    match = _SUITE.fullmatch(text)
    if match is None:
        raise ValueError("it is no OCRA suite (RFC 6287 section 6)")
    length, session = int(match["length"]), match["session"]
    if length not in _LENGTHS:
        raise ValueError(f"a challenge of {length} characters is outside 4 to 64")
    if session is not None and int(session) not in _SESSIONS:
        raise ValueError(f"a session of {int(session)} octets is outside 1 to 512")
    return OcraSuite(
        digest=Digest[match["digest"]],
        digits=int(match["digits"]),
        counter=match["counter"] is not None,
        challenge=match["challenge"],
        challenge_length=length,
        pin=None if match["pin"] is None else Digest[match["pin"]],
        session_octets=None if session is None else int(session),
        step_s=_step_s(match["step"], match["unit"]),
    )


def _step_s(count: str | None, unit: str) -> int | None:
    if count is None:
        return None
    if unit == "H" and int(count) > _MOST_HOURS:
        raise ValueError(f"a time step of {count} hours is more than {_MOST_HOURS}")
    return int(count) * _UNITS_S[unit]
