"""One number of the policy: its unit, what is allowed and why, and how it is written.

Whoever adds a number to `Policy` writes one `Number`; setting, showing and documenting it follow.
"""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from seedvault.domain.errors import InvalidInput

Value = int | timedelta | Enum
"""A count, a time, on or off (a bool is an int), or one of several words."""

_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_WORDS = {"d": "days", "h": "h", "m": "min", "s": "s"}
_TIME = re.compile(r"([0-9]{1,9}) ?(d|h|m|s|min)", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,9}", re.ASCII)
_SWITCH = {"on": True, "off": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """What people must know of a number. `unit` stands for counts only: times carry their own.

    `strict` and `lenient` are its values in these profiles, where they are not the default.
    `least` and `most` are what any profile or rule may give, `limits` where these come from. What
    is not `per_token` is about no single token: only the rule of all tokens gives it.
    """

    default: Value
    strict: Value | None = None
    lenient: Value | None = None
    least: Value | None = None
    most: Value | None = None
    unit: str = ""
    meaning: str
    source: str
    limits: str = ""
    per_token: bool = True

    def field(self) -> Any:
        """The dataclass field that it is; typed as any value, as `dataclasses.field` is."""
        return field(default=self.default, metadata={"number": self})

    def check(self, name: str, value: Value) -> None:
        """Raises InvalidInput where no profile and no rule may give it this value."""
        if type(value) is not type(self.default):
            raise InvalidInput(f"{name} is {self._kind()}, not {value!r}")
        below = self.least is not None and value < self.least  # type: ignore[operator]  # of one type, see above
        if below or (self.most is not None and value > self.most):  # type: ignore[operator]  # as above
            raise InvalidInput(
                f"{name} = {spelt(value)} is outside {self.range}",
                remedy=f"The limits are from {self.limits}." if self.limits else "",
            )

    def read(self, name: str, text: str) -> Value:
        """The value that `text` spells, within the limits. Raises InvalidInput."""
        value = self._read(text.strip())
        if value is None:
            raise InvalidInput(
                f"{name} is {self._kind()}, not {text!r}",
                remedy=f"Write it like the default: {name}={spelt(self.default)}",
            )
        self.check(name, value)
        return value

    @property
    def range(self) -> str:
        """What is allowed, for people."""
        match self.default:
            case bool():
                return "on or off"
            case Enum():
                return ", ".join(str(each.value) for each in type(self.default))
            case _:
                return f"{_told(self.least, 'any')} to {_told(self.most, 'any')}"

    def words(self, value: Value) -> str:
        """A value for people, with its unit."""
        return f"{told(value)} {self.unit}".strip()

    def _kind(self) -> str:
        match self.default:
            case bool():
                return "on or off"
            case timedelta():
                return "a time such as 90s, 30m, 12h or 1d"
            case Enum():
                return f"one of {self.range}"
            case _:
                return f"a whole number ({self.unit})"

    def _read(self, text: str) -> Value | None:
        match self.default:
            case bool():
                return _SWITCH.get(text.lower())
            case timedelta():
                found = _TIME.fullmatch(text)
                return found and timedelta(seconds=int(found[1]) * _SECONDS[found[2][0]])
            case Enum():
                return next((one for one in type(self.default) if one.value == text.lower()), None)
            case _:
                return int(text) if _COUNT.fullmatch(text) else None


def spelt(value: Value) -> str:
    """The one way in which a value is written down; `Number.read` reads it back."""
    match value:
        case bool():
            return "on" if value else "off"
        case timedelta():
            size, unit = _in_largest_unit(value)
            return f"{size}{unit}"
        case Enum():
            return str(value.value)
        case _:
            return str(value)


def told(value: Value) -> str:
    """The same for people: a time with its unit set apart."""
    if isinstance(value, timedelta):
        size, unit = _in_largest_unit(value)
        return f"{size} {'day' if (size, unit) == (1, 'd') else _WORDS[unit]}"
    return spelt(value)


def _told(value: Value | None, absent: str) -> str:
    return absent if value is None else told(value)


def _in_largest_unit(time: timedelta) -> tuple[int, str]:
    seconds = int(time.total_seconds())
    for unit, size in _SECONDS.items():
        if seconds and seconds % size == 0:
            return seconds // size, unit
    return seconds, "s"
