"""What the use cases over the audit log need: the log, its checkpoints, and where copies go."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from seedvault.domain.audit import LoggedEvent
from seedvault.domain.checkpoint import SignedCheckpoint
from seedvault.service.ports import Transaction, Vault


class CheckpointTransaction(Transaction, Protocol):
    """A write transaction that may end with a checkpoint instead of an event."""

    def commit_checkpoint(self, signed: SignedCheckpoint) -> None:
        """Append a checkpoint, and make it durable: the one commit without an event.

        Raises Stale where another one came first; Conflict where its key is not in use any more,
        or the vault was restored since it was opened.
        """


class AuditVault(Vault, Protocol):
    """The database, and the checkpoints over its log."""

    @property
    def commits(self) -> int:
        """How many changes this process has made durable through this vault."""

    def last_checkpoint(self) -> SignedCheckpoint | None:
        """Raises SealBroken where Seedvault never wrote it."""

    def checkpoint(self, number: int) -> SignedCheckpoint | None:
        """Raises SealBroken where Seedvault never wrote it."""

    def checkpoints(self, after: int = 0) -> Iterator[SignedCheckpoint]:
        """Those beyond a number, in order, constant in memory; what is none is left out."""

    def event_rows(self) -> int:
        """How many rows stand where events do, whatever is in them."""

    def checkpoint_rows(self) -> int:
        """How many rows stand where checkpoints do, whatever is in them."""

    def part(self, chain: int, after: int, up_to: int) -> Iterator[LoggedEvent]:
        """A chain's events beyond one sequence, up to another; constant in memory."""

    def digest_at(self, chain: int, sequence: int) -> bytes | None:
        """The digest of one event; None where it is not there."""

    def transaction(self) -> AbstractContextManager[CheckpointTransaction]: ...


class OpenExport(Protocol):
    """An exported file whose end has been found, and that nobody else writes to."""

    @property
    def last(self) -> SignedCheckpoint | None:
        """The last checkpoint that stands in it whole; None in a new file."""

    def event(self, logged: LoggedEvent) -> None: ...
    def checkpoint(self, signed: SignedCheckpoint) -> None:
        """Everything up to here is on the disk when this returns.

        Raises Conflict where what stands behind the last checkpoint is not what is to be written.
        """


class ExportFile(Protocol):
    """A file outside the database that takes every event and every checkpoint. It only grows."""

    @property
    def name(self) -> str:
        """What it is called, for messages."""

    def opened(self, *, wait: bool) -> AbstractContextManager[OpenExport | None]:
        """The file, for as long as the block; None where another process has it and we don't wait.

        Raises StorageUnavailable where it cannot be read and written.
        """


class ExportedLine(Protocol):
    """A line of an exported file; `content` is text, saying why, where it is none of ours."""

    @property
    def number(self) -> int: ...
    @property
    def content(self) -> LoggedEvent | SignedCheckpoint | str: ...


class Syslog(Protocol):
    """Where copies go, one message each, best effort."""

    @property
    def name(self) -> str:
        """Where that is, for messages."""

    def send(self, log: Iterable[LoggedEvent | SignedCheckpoint]) -> None:
        """Raises StorageUnavailable where it cannot be reached."""
