"""What a seed-file format is: how it is known, what it says, in which units, and what opens it.

Every reader declares its `Format` beside its code. The registry tells files apart by them, the
reference pages and `seedvault formats` are made from them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from importers.instructions import Instructions
from importers.seed_file import SeedFile
from importers.source import Source
from importers.unlock import Unlock

Opener = Callable[[Source, Unlock | None, Instructions], SeedFile]


class Feature(Enum):
    """What a format can carry."""

    HOTP = "HOTP"
    TOTP = "TOTP"
    OCRA = "OCRA"
    OTHER_KEYS = "other keys"
    SHA2 = "SHA-2"
    COUNTER = "counter"
    DRIFT = "drift"
    DATES = "dates"
    POLICY = "policy"
    USERS = "users"
    ENCRYPTED = "encrypted"
    VALUE_MACS = "value MACs"
    SIGNED = "signature"


@dataclass(frozen=True, slots=True)
class FieldNote:
    """One field: its name in the file, what it means, and its unit or spelling."""

    name: str
    meaning: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """A seed-file format and its reader. Texts are whole phrases for the reference pages.

    `id` is what `--format` takes; `known_by` tells how content shows it; `protection` what stands
    between a thief and the seeds; `quirks` are habits seen in the wild, and what is made of each.
    """

    id: str
    title: str
    makers: str
    known_by: str
    protection: str
    features: frozenset[Feature]
    fields: tuple[FieldNote, ...]
    open: Opener
    quirks: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
