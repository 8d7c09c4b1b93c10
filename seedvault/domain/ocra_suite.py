"""OCRA suites: what a challenge-response token computes over (RFC 6287 section 6)."""

import re
from dataclasses import dataclass, field
from enum import Enum

from seedvault.domain.errors import InvalidInput
from seedvault.domain.oath import OCTETS, Digest

_PARTS = (
    ("OCRA-1", re.compile(r"OCRA-1", re.ASCII)),
    (
        "HOTP-SHA1, -SHA256 or -SHA512, and 0 or 4 to 10 digits",
        re.compile(r"HOTP-(?P<digest>SHA1|SHA256|SHA512)-(?P<digits>0|[4-9]|10)", re.ASCII),
    ),
    (
        "[C-]QA, QN or QH and a length, then -P and a hash, -S and three digits, -T and a step",
        re.compile(
            r"(?P<counter>C-)?"
            # Two digits in the grammar; section 6.4's own example QH8 has one.
            r"Q(?P<form>[ANH])(?P<length>[0-9]{1,2})"
            r"(?:-P(?P<pin>SHA1|SHA256|SHA512))?"
            r"(?:-S(?P<session>[0-9]{3}))?"
            r"(?:-T(?P<step>[1-9]|[1-5][0-9])(?P<unit>[SMH]))?",
            re.ASCII,
        ),
    ),
)
_LENGTHS = range(4, 65)
_SESSIONS = range(1, 513)
_UNITS_S = {"S": 1, "M": 60, "H": 3600}
_MOST_HOURS = 48


class QuestionForm(Enum):
    """What a question is written in (RFC 6287 section 6.3)."""

    ALPHANUMERIC = "A"
    NUMERIC = "N"
    HEXADECIMAL = "H"


@dataclass(frozen=True, slots=True)
class OcraInputs:
    """What a response is computed over, apart from the suite itself; None is not among it.

    A question has up to `question_length` characters. `pin` is the hash of the PIN, `step_s` a
    time step in seconds, counted from 1970.
    """

    counter: bool
    form: QuestionForm
    question_length: int
    pin: Digest | None
    session_octets: int | None
    step_s: int | None


@dataclass(frozen=True, slots=True)
class OcraParameters:
    """How a challenge-response token computes; InvalidInput for what is no suite of RFC 6287.

    The token computes over the suite's own octets: case and leading zeros are kept. `digits` 4 to
    10, or 0 for the HMAC uncut, which is written in hexadecimal.
    """

    suite: str
    digest: Digest = field(init=False, compare=False, repr=False)
    digits: int = field(init=False, compare=False, repr=False)
    inputs: OcraInputs = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        found = _matched(self.suite)
        object.__setattr__(self, "digest", Digest[found["digest"] or ""])
        object.__setattr__(self, "digits", int(found["digits"] or 0))
        object.__setattr__(self, "inputs", _inputs(found))

    @property
    def response_length(self) -> int:
        """How many characters a response has."""
        return self.digits or 2 * OCTETS[self.digest]


def _matched(suite: str) -> dict[str, str | None]:
    """The suite's parts by name; InvalidInput says which of the three is not one."""
    parts = suite.split(":")
    if len(parts) != len(_PARTS):
        raise InvalidInput(f"{suite!a} is no OCRA suite: it has {len(parts)} parts, not 3")
    found: dict[str, str | None] = {}
    for part, (wanted, pattern) in zip(parts, _PARTS, strict=True):
        match = pattern.fullmatch(part)
        if match is None:
            raise InvalidInput(f"{suite!a} is no OCRA suite: {part!a} is not {wanted}")
        found |= match.groupdict()
    return found


def _inputs(found: dict[str, str | None]) -> OcraInputs:
    pin, session = found["pin"], found["session"]
    return OcraInputs(
        counter=found["counter"] is not None,
        form=QuestionForm(found["form"]),
        question_length=_within(_LENGTHS, found["length"] or "", "characters in a question"),
        pin=None if pin is None else Digest[pin],
        session_octets=None
        if session is None
        else _within(_SESSIONS, session, "octets of session"),
        step_s=_step_s(found["step"], found["unit"] or ""),
    )


def _within(allowed: range, text: str, what: str) -> int:
    number = int(text)
    if number not in allowed:
        raise InvalidInput(f"{number} {what} are outside {allowed.start} to {allowed.stop - 1}")
    return number


def _step_s(count: str | None, unit: str) -> int | None:
    if count is None:
        return None
    if unit == "H" and int(count) > _MOST_HOURS:
        raise InvalidInput(f"a time step of {count} hours is more than {_MOST_HOURS}")
    return int(count) * _UNITS_S[unit]
