"""What a walk over XML found of one record, and where."""

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from importers import lexical
from importers.errors import ImporterError, Malformed, Place
from importers.model import WarningCode
from importers.rules import Rule
from importers.source import Source

BETWEEN = "\x1f"  # between the texts of a list: a character that no XML document can hold

T = TypeVar("T")


class Capture:
    """What was found, by the rule it matched: the texts, attributes and lines of one record.

    `fault` is what is wrong with the record alone, the first of all. `unknown` are paths that a
    noting rule does not know. `forked`: it shares its element with the record before.
    """

    __slots__ = (
        "_below", "_serial", "_source", "attributes", "fault", "forked", "lines", "texts",
        "unknown", "warnings",
    )  # fmt: skip

    def __init__(self, source: Source, serial: Rule, rules: int) -> None:
        # By a rule's number. Lines count from `_below` the start of the source's head; 0 means
        # not there.
        self.lines = [0] * rules
        self.texts: list[str | None] = [None] * rules
        self.attributes: dict[Rule, dict[str, str]] = {}
        self.warnings: defaultdict[WarningCode, int] = defaultdict(int)
        self.unknown: list[str] = []
        self.fault: ImporterError | None = None
        self.forked = False
        self._source = source
        self._serial = serial
        self._below = 0

    def again(
        self,
        texts: list[str | None],
        attributes: dict[Rule, dict[str, str]],
        below: int,
    ) -> "Capture":
        """A record with the same elements, `below` lines further down, and these values.

        This one must be sound: without a fault, and alone in its element.
        """
        twin = Capture.__new__(Capture)
        twin.lines, twin.texts, twin.attributes = self.lines, texts, attributes
        twin.warnings, twin.unknown = self.warnings.copy(), self.unknown
        twin.fault, twin.forked = None, False
        twin._source, twin._serial, twin._below = self._source, self._serial, below
        return twin

    def has(self, rule: Rule) -> bool:
        """Whether the element stood there."""
        return self.lines[rule.number] > 0

    def text(self, rule: Rule) -> str | None:
        """The element's text; None where it is absent."""
        return self.texts[rule.number]

    def listed(self, rule: Rule) -> list[str]:
        """The texts of a list's elements; none where they are absent."""
        text = self.texts[rule.number]
        return [] if text is None else text.split(BETWEEN)

    def parsed(self, rule: Rule, parse: Callable[[str], T]) -> T | None:
        """The element's text as `parse` reads it; Malformed where it raises ValueError."""
        text = self.texts[rule.number]
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError as flaw:
            raise Malformed(f"{rule.local} cannot be read: {flaw}", self.place(rule)) from None

    def attribute(self, rule: Rule, name: str, other: str | None = None) -> str | None:
        """The attribute under either of its names; Malformed where they contradict each other."""
        attributes = self.attributes.get(rule)
        if attributes is None:
            return None
        text = attributes.get(name)
        if other is None or other not in attributes:
            return text
        if text is not None and text != attributes[other]:
            raise Malformed(f"{name} and {other} contradict each other", self.place(rule))
        return attributes[other]

    def place(self, rule: Rule) -> Place:
        """Where the element stands; where it is absent, where the nearest one around it does."""
        nearest: Rule | None = rule
        while nearest is not None and not self.has(nearest):
            nearest = nearest.parent
        line = None if nearest is None else self.line(nearest)
        return Place(self._source.name, line, rule.path, self.serial)

    def line(self, rule: Rule) -> int:
        """The line, from 1, on which the element's start tag ends."""
        return self._source.line(self.lines[rule.number] + self._below)

    def adopt(self, other: "Capture", rule: Rule) -> None:
        """Take over all that `other` found outside the elements of `rule`."""
        start, end = rule.number, rule.number + 1 + sum(1 for _ in rule.below())
        self.lines = other.lines[:start] + self.lines[start:end] + other.lines[end:]
        self.texts = other.texts[:start] + self.texts[start:end] + other.texts[end:]
        for owner, attributes in other.attributes.items():
            if not start <= owner.number < end:
                self.attributes[owner] = attributes

    @property
    def serial(self) -> str | None:
        """The record's serial, where it was read already and can be shown."""
        try:
            return lexical.serial(self.text(self._serial) or "")
        except ValueError:
            return None
