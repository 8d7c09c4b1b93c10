"""What a search for consecutive codes found. For staff alone: who verifies hears an `Outcome`."""

from dataclasses import dataclass

_ORDINALS = ("first", "second", "third")


@dataclass(frozen=True, slots=True)
class Consecutive:
    """One right after the other; the last stands at `offset`, as an `Accepted` counts it."""

    offset: int


@dataclass(frozen=True, slots=True)
class Scattered:
    """All of them were found, and not in a row: where, in the order in which they were read."""

    offsets: tuple[int, ...]

    def __str__(self) -> str:
        named = zip(_ORDINALS, self.offsets, strict=False)
        return ", ".join(f"{ordinal} at {offset:+d}" for ordinal, offset in named)


@dataclass(frozen=True, slots=True)
class Backwards:
    """In a row, the first of them `by` factors before the lowest that may still be accepted."""

    by: int

    def __str__(self) -> str:
        return f"{self.by} back"


@dataclass(frozen=True, slots=True)
class Absent:
    """Not all of them are anywhere in the range: another token, or one that is further away."""


Finding = Consecutive | Scattered | Backwards | Absent
