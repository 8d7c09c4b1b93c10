"""Why a seed file was refused, where in it, and what to do about it. Never a value of the file."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a seed file: `line` counts from 1, `path` names elements from the root."""

    name: str
    line: int | None = None
    path: str | None = None
    serial: str | None = None

    def __str__(self) -> str:
        parts = [self.name]
        if self.line is not None:
            parts.append(f"line {self.line}")
        if self.path is not None:
            parts.append(self.path)
        if self.serial is not None:
            parts.append(f"serial {self.serial}")
        return ", ".join(parts)


class ImporterError(Exception):
    """A seed file, or one of its key packages, that is refused. The whole file is refused with it.

    `reason` says what, `place` where, `remedy` what to do next. No seed, key or text of a value.
    """

    default_remedy: ClassVar[str] = "Ask whoever made the file for a correct one."

    def __init__(self, reason: str, place: Place, remedy: str | None = None) -> None:
        super().__init__(reason, place, remedy)
        self.reason = reason
        self.place = place
        self.remedy = remedy or self.default_remedy

    @property
    def name(self) -> str:
        """The file's name, as `open_seed_file` was given it."""
        return self.place.name

    @property
    def line(self) -> int | None:
        """The line, from 1."""
        return self.place.line

    @property
    def path(self) -> str | None:
        """The path of element names from the root."""
        return self.place.path

    @property
    def serial(self) -> str | None:
        """The token's serial, where it had been read already."""
        return self.place.serial

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}. The whole file is refused. {self.remedy}"


class UnknownFormat(ImporterError):
    """Not a seed file of any format known here."""

    default_remedy = "Check that this is the file meant."


class Malformed(ImporterError):
    """It breaks the rules of its format, is cut off, or contradicts itself."""


class WrongKey(ImporterError):
    """The key or passphrase does not open this file, or is not of the kind it asks for."""

    default_remedy = "Check the key file or passphrase against the letter that came with it."


class KeyMissing(WrongKey):
    """The file is encrypted, and no key at all was given: `passphrase` is what it asks for."""

    def __init__(self, reason: str, place: Place, remedy: str, *, passphrase: bool) -> None:
        super().__init__(reason, place, remedy)
        self.passphrase = passphrase


class IntegrityFailure(ImporterError):
    """A value MAC is wrong, or missing where the cipher needs one (RFC 6030 section 6.1.1)."""

    default_remedy = "Do not use these tokens. Ask the manufacturer to deliver the file again."


class Unsupported(ImporterError):
    """Legal, but not read here: named, never skipped in silence."""

    default_remedy = "Ask the manufacturer for a file without it."


class LimitExceeded(ImporterError):
    """Larger, deeper or costlier than `Limits` allows."""

    default_remedy = "If the file is genuine, ask for it in smaller parts or raise the limit."
