"""What a backup says of a vault: which one, when, where its chains ended, and row after row.

It is no copy of database files: the same backup is restored on SQLite and on PostgreSQL.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from seedvault.domain.audit import ChainHead
from seedvault.domain.canonical import encode
from seedvault.domain.ceremony import SigningKey

PURPOSE = "seedvault.backup.statement/1"
"""The first field of what is signed. The same key signs other things, which begin otherwise."""


class Kind(Enum):
    """What stands in a column, in the words of the file."""

    INTEGER = "integer"
    TEXT = "text"
    OCTETS = "octets"
    BOOLEAN = "boolean"


TYPES: dict[Kind, type] = {
    Kind.INTEGER: int,
    Kind.TEXT: str,
    Kind.OCTETS: bytes,
    Kind.BOOLEAN: bool,
}

Cell = int | str | bytes | bool | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column by its name."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's name, and its columns in the order of every row."""

    table: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class BackupHeader:
    """What is known before the first row. `keys` are the names of those in use in the HSM.

    `heads` are where the audit chains ended; `signer` is the key that signs all of the file.
    """

    schema: str
    vault_id: str
    epoch: int
    taken_at: datetime
    keys: tuple[str, ...]
    signer: SigningKey
    heads: tuple[ChainHead, ...]


def statement(digest: bytes) -> bytes:
    """The octets that are signed; `digest` is SHA-256 over every line before the signature."""
    return encode(PURPOSE, digest)
