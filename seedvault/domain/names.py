"""The names that people and files use: serials and users, validated once, here."""

import unicodedata
from dataclasses import dataclass, field

from seedvault.domain.errors import InvalidInput

MAX_NAME_LENGTH = 64
# Unicode categories no name may contain: control, format (bidi, zero-width), surrogate,
# private use, unassigned, line and paragraph separators.
_FORBIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# What else is drawn as nothing: fillers and variation selectors, by the property
# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt.
_UNSEEN = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F),
            *(0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
        ),
    )
)
# A spreadsheet would run a cell that starts with one of these, full-width ones too.
_FORMULA_STARTS = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Serial:
    """A token's serial: `verbatim` as the maker wrote it, `folded` for lookup.

    Folded: NFKC, casefolded, without white space; folding again changes nothing. Leading zeros
    count.
    """

    verbatim: str = field(compare=False)
    folded: str = field(init=False)

    def __post_init__(self) -> None:
        check_line("serial", self.verbatim)
        object.__setattr__(self, "folded", fold(self.verbatim))
        if self.folded.startswith(_FORMULA_STARTS):
            raise InvalidInput(
                f"serial {self.verbatim!r} starts with a character that spreadsheets execute",
                remedy="Type the serial as it is printed on the token.",
            )

    def __str__(self) -> str:
        return self.verbatim


@dataclass(frozen=True, slots=True)
class KeyLabel:
    """A transport key's label, taken exactly as it is: a PKCS#11 token folds nothing."""

    text: str

    def __post_init__(self) -> None:
        check_line("key label", self.text)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class UserName:
    """A user's name: `verbatim` for display, `folded` (as a serial is) for lookup."""

    verbatim: str = field(compare=False)
    folded: str = field(init=False)

    def __post_init__(self) -> None:
        check_line("user name", self.verbatim)
        object.__setattr__(self, "folded", fold(self.verbatim))

    def __str__(self) -> str:
        return self.verbatim


@dataclass(frozen=True, slots=True)
class GroupName:
    """A group of users: `verbatim` for display, `folded` (as a serial is) for lookup."""

    verbatim: str = field(compare=False)
    folded: str = field(init=False)

    def __post_init__(self) -> None:
        check_line("group name", self.verbatim)
        object.__setattr__(self, "folded", fold(self.verbatim))

    def __str__(self) -> str:
        return self.verbatim


@dataclass(frozen=True, slots=True)
class ModelName:
    """A maker's model as seed files name it, compared folded as a serial is."""

    verbatim: str = field(compare=False)
    folded: str = field(init=False)

    def __post_init__(self) -> None:
        check_line("model", self.verbatim)
        object.__setattr__(self, "folded", fold(self.verbatim))

    def __str__(self) -> str:
        return self.verbatim


def check_line(kind: str, text: str, longest: int = MAX_NAME_LENGTH) -> None:
    """Raises InvalidInput where `text` is no single line of at most `longest` visible characters.

    `kind` is what it is called in the message.
    """
    if not text.strip() or text != text.strip():
        raise InvalidInput(f"{kind} {text!r} is empty or has white space around it")
    if len(text) > longest:
        raise InvalidInput(f"{kind} {text[:20]!r}... is longer than {longest} characters")
    if text.isascii() and text.isprintable():
        return
    for character in text:
        if character in _UNSEEN or unicodedata.category(character) in _FORBIDDEN:
            raise InvalidInput(
                f"{kind} {text!a} contains U+{ord(character):04X}, which is invisible or a control",
                remedy="Type it by hand instead of pasting it.",
            )


def legible(name: str) -> str:
    """A file's name with what is not Unicode escaped: any octets can stand in a name."""
    return name.encode("utf-8", "backslashreplace").decode()


def fold(text: str) -> str:
    """How names are compared: NFKC, casefolded, without white space; twice is the same as once."""
    unspaced = "".join(unicodedata.normalize("NFKC", text).split())
    # Once more: letters and accents that a space held apart, or casefolding took apart, compose.
    return unicodedata.normalize("NFKC", unspaced.casefold())
