"""What a restore needs of the database and of the HSM."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from seedvault.domain.audit import AuditEvent, ChainHead, LoggedEvent
from seedvault.domain.backup import BackupHeader
from seedvault.domain.names import Serial
from seedvault.domain.policy import Policy
from seedvault.domain.policy_rule import Standing
from seedvault.domain.token import Progress, Token
from seedvault.service.backup_ports import Tables
from seedvault.service.epoch import EpochMemory
from seedvault.service.ports import Seal, StoredToken, VaultIdentity, WrappedSeed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A row of the restored table of tokens; `stored` is None where it does not hold together."""

    row: int
    stored: StoredToken | None


class Restoration(Protocol):
    """A vault on its way to another state, in one transaction: all of it, or nothing.

    Of a vault that is restored from a file nobody sees anything before the commit.
    """

    def load(self, schema: str, tables: Tables) -> None:
        """Write every row, then bring the schema up to this program's.

        Raises FileRefused for tables, columns or rows that no vault of that schema has.
        """

    @property
    def identity(self) -> VaultIdentity:
        """Of what was loaded, or is there."""

    def heads(self) -> list[ChainHead]: ...
    def chain_numbers(self) -> list[int]: ...
    def chain(self, chain: int) -> Iterator[LoggedEvent]: ...
    def newest(self) -> datetime | None:
        """When the latest event happened."""

    def digest_at(self, chain: int, sequence: int) -> bytes | None:
        """The digest of one event; None where it is not there."""

    def token(self, serial: Serial) -> StoredToken | None: ...
    def policy_of(self, stored: StoredToken) -> Policy:
        """What the restored rules give this token."""

    def tokens(self, after: int) -> Sequence[FoundToken]:
        """The next tokens beyond a row, in the order of rows; none at the end."""

    def raise_epoch(self, epoch: int) -> None:
        """From the commit on, whoever opened the vault before writes nothing."""

    def move(self, seen: StoredToken, progress: Progress) -> None:
        """Raises Stale where somebody else moved it meanwhile."""

    def replace(self, seen: StoredToken, now: StoredToken) -> None:
        """Write an administrative change with its new seal and revision. Raises Stale as above."""

    def append(self, event: AuditEvent) -> None:
        """An event that belongs to what is being restored; it is committed with it."""

    def hold_back(self, row: int) -> None:
        """Let a row that does not hold together need a resynchronisation, should it be mended."""

    def commit(self, event: AuditEvent) -> None:
        """Append the event, and make everything durable."""


class RestorableDatabase(Protocol):
    """The place of a vault, in which another state of it can be put."""

    def restored(self, work: Callable[[Restoration], T]) -> T:
        """What `work` gives, which began with nothing and has to load a vault.

        Raises Conflict where a vault is there already, before `work` is asked for anything.
        """

    def promoted(self, work: Callable[[Restoration], T]) -> T:
        """The same on the vault that is there. `work` may be done more than once."""


class RestoringHsm(Protocol):
    """The HSM with the keys of the vault that is being restored. Raises HsmUnavailable."""

    @property
    def memory(self) -> EpochMemory: ...
    @property
    def public_key(self) -> bytes:
        """Of the checkpoint key in use: SubjectPublicKeyInfo in DER."""

    def seal(self, token: Token, wrapped: WrappedSeed, revision: int, standing: Standing) -> Seal:
        """By the seal key in use."""

    def is_sealed(self, stored: StoredToken) -> bool:
        """Whether the row is what was sealed."""


Connect = Callable[[BackupHeader], AbstractContextManager[RestoringHsm]]
"""Opens the HSM with the keys that a header names."""
