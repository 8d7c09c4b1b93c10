"""One token as a file tells it: its texts by what they mean, whatever the format calls them."""

from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TypeVar

from importers.errors import Malformed, Place
from importers.model import WarningCode
from importers.spelling import Flaw

T = TypeVar("T")


class Field(Enum):
    """What a text of a file means."""

    SERIAL = "serial"
    SEED = "seed"
    TYPE = "type"
    DIGITS = "digits"
    COUNTER = "counter"
    STEP = "time step"
    FACTOR = "counter or time step"
    """One column for either, as the type has it."""
    HASH = "hash"
    SUITE = "OCRA suite"
    PUBLIC_ID = "public id"
    PRIVATE_ID = "private id"
    SLOT = "slot"
    USER = "user"
    REALM = "realm"
    MANUFACTURER = "manufacturer"
    MODEL = "model"


class Entry:
    """The texts of one token, and where each stands: `labels` names a field as the file does."""

    __slots__ = ("_labels", "_name", "_texts", "line", "serial", "warnings")

    def __init__(
        self, name: str, line: int, texts: Mapping[Field, str], labels: Mapping[Field, str]
    ) -> None:
        self.line = line
        self.serial: str | None = None  # once it was read, for errors
        self.warnings: Counter[WarningCode] = Counter()
        self._name = name
        self._texts = texts
        self._labels = labels

    def text(self, field: Field) -> str | None:
        """The field's text, trimmed; None where it is absent or blank."""
        text = self._texts.get(field)
        return None if text is None else text.strip(" \t\r\n") or None

    def parsed(self, field: Field, parse: Callable[[str], T]) -> T | None:
        """The field's text as `parse` reads it; Malformed where it raises ValueError."""
        text = self.text(field)
        if text is None:
            return None
        try:
            return parse(text)
        except Flaw as flaw:
            reason = f"the {field.value} cannot be read: {flaw}"
            raise Malformed(reason, self.place(field), flaw.remedy) from None
        except ValueError as flaw:
            reason = f"the {field.value} cannot be read: {flaw}"
            raise Malformed(reason, self.place(field)) from None

    def required(self, field: Field, parse: Callable[[str], T]) -> T:
        """As `parsed`; Malformed where the field is absent."""
        found = self.parsed(field, parse)
        if found is None:
            raise Malformed(f"the {field.value} is missing", self.place(field))
        return found

    def place(self, field: Field) -> Place:
        """Where the field stands, or would."""
        return Place(self._name, self.line, self._labels.get(field), self.serial)
