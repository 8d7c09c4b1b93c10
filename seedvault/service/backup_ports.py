"""What backing up needs: a vault that gives its rows, and files that only a recipient opens."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from seedvault.domain.backup import BackupHeader, Row, Shape
from seedvault.service.key_ports import KeyVault

Tables = Iterator[tuple[Shape, Iterator[Row]]]
"""Table after table; the rows of one are read before the next is asked for."""

Tell = Callable[[int], None]
"""Told now and then how many rows are done."""


class BackupVault(KeyVault, Protocol):
    """The database, every row of it."""

    @property
    def schema(self) -> str:
        """The revision of its schema."""

    def dump(self) -> Tables:
        """All that a restored vault needs, in an order in which it can be written again.

        Not what is under way: imports, and who holds which lock. Constant in memory. Raises
        SealBroken for a value that no such column holds.
        """


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into a backup. `sign` gives the signature over a SHA-256 digest of it, in DER."""

    header: BackupHeader
    tables: Tables
    sign: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Written:
    """A file that is whole: how many rows of each table, and the SHA-256 of its octets."""

    rows: tuple[tuple[str, int], ...]
    sha256: str
    octets: int


class Draft(Protocol):
    """A file under a name of its own until it is published; it is gone if it never is."""

    def write(self, contents: Contents, tell: Tell) -> Written:
        """Encrypt all of it, onto the disk. Raises StorageUnavailable where that fails."""

    def publish(self) -> None:
        """Give the file its name. Raises Conflict where one has it by now."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What stands at the end: how many rows of each table, and the signature over this digest."""

    rows: tuple[tuple[str, int], ...]
    digest: bytes
    signature: bytes


class OpenedBackup(Protocol):
    """A backup being read, once. Everything raises FileRefused for what is no whole backup."""

    @property
    def header(self) -> BackupHeader: ...
    def tables(self) -> Tables: ...
    def conclude(self) -> Conclusion:
        """After the last row: the end is there, and the rows are as many as it says."""


class BackupInbox(Protocol):
    """Opens backups with a private key."""

    def opened(self, path: Path) -> AbstractContextManager[OpenedBackup]:
        """Raises FileRefused where the key does not open it, InvalidInput where it is not there."""


class BackupOutbox(Protocol):
    """Writes files that only the recipients open."""

    @property
    def recipients(self) -> tuple[str, ...]:
        """Their public keys, as they are written."""

    def draft(self, path: Path) -> AbstractContextManager[Draft]:
        """Raises Conflict where there is a file already, StorageUnavailable where none can be."""
