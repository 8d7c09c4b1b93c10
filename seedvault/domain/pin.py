"""A PIN that goes with a token's codes: where it stands, and which are refused."""

import unicodedata
from dataclasses import dataclass, field
from enum import Enum
from itertools import pairwise

from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import Serial

MAX_PIN_LENGTH = 64


class PinRule(Enum):
    """Whether a PIN is presented with the code, and on which side of it."""

    NONE = "none"
    PREPEND = "prepend"
    APPEND = "append"


@dataclass(frozen=True, slots=True)
class Presented:
    """What the user typed, taken apart; `pin` is None where the rule asks for none."""

    code: str
    pin: str | None = field(default=None, repr=False)


def taken_apart(text: str, digits: int, rule: PinRule) -> Presented:
    """PIN and code, by the length of the code. A text that is too short has an empty PIN."""
    match rule:
        case PinRule.NONE:
            return Presented(text)
        case PinRule.PREPEND:
            return Presented(text[-digits:], text[:-digits])
        case PinRule.APPEND:
            return Presented(text[:digits], text[digits:])


def is_pin(text: str) -> bool:
    """Whether it could be anybody's PIN: nothing else is stretched."""
    return 1 <= len(text) <= MAX_PIN_LENGTH and text.isprintable()


def octets_of(pin: str) -> bytes:
    """UTF-8 of the NFKC form, however the keyboard composed it (SP 800-63B-4 section 3.1.1.2)."""
    return unicodedata.normalize("NFKC", pin).encode()


def check_new(pin: str, serial: Serial, least: int) -> None:
    """Raises InvalidInput for a PIN that is too short, or the first that anyone would try."""
    if not is_pin(pin) or len(pin) < least:
        raise _refused(f"it must have {least} to {MAX_PIN_LENGTH} characters, all of them visible")
    normal = unicodedata.normalize("NFKC", pin)
    if _is_run(normal):
        raise _refused("it repeats one character, or counts up or down")
    if normal.casefold() in serial.folded:
        raise _refused("it is printed on the token: a part of its serial")


def _refused(why: str) -> InvalidInput:
    return InvalidInput(f"this PIN is refused: {why}", remedy="Choose another.")


def _is_run(pin: str) -> bool:
    """Whether each character is as far from the one before, by no more than one."""
    if pin.isdecimal():  # 7890 counts up too
        steps = {(int(b) - int(a) + 1) % 10 - 1 for a, b in pairwise(pin)}
    else:
        steps = {ord(b) - ord(a) for a, b in pairwise(pin)}
    return steps in ({-1}, {0}, {1})
