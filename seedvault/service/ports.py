"""What the use cases need from the outside: a vault to store in, keys, a reader, a clock."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from seedvault.domain.audit import AuditEvent, ChainHead, EventKind, LoggedEvent
from seedvault.domain.batch import Batch, Source, Tier
from seedvault.domain.clock import TimeOnRecord
from seedvault.domain.names import GroupName, Serial, UserName
from seedvault.domain.oath import Mac
from seedvault.domain.parameters import Parameters
from seedvault.domain.policy_rule import Standing
from seedvault.domain.token import Device, InStock, Progress, Quarantined, State, Token
from seedvault.service.seed_files import (
    DeliveredSeed,
    HandedOnSeed,
    OpenedSeedFile,
    Recipient,
    Terms,
)

Clock = Callable[[], datetime]
"""The time now, aware UTC."""


@dataclass(frozen=True, slots=True)
class WrappedSeed:
    """A seed that only the HSM can open: `length` octets, wrapped as `blob` under `kek_id`.

    `export_blob`, under a key of its own, is there only where the batch may be handed on.
    """

    format: int
    kek_id: str
    length: int
    blob: bytes = field(repr=False)
    export_blob: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Seal:
    """32 octets over a token's row, by the seal key of that name; see `sealed_octets`."""

    octets: bytes = field(repr=False)
    key: str


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """16 octets that equal seeds share, by the fingerprint key of that name."""

    octets: bytes = field(repr=False)
    key: str


@dataclass(frozen=True, slots=True)
class TakenSeed:
    """A seed just taken over, or moved from one key to another."""

    wrapped: WrappedSeed
    fingerprint: Fingerprint
    tier: Tier = Tier.NARROW


@dataclass(frozen=True, slots=True)
class StoredToken:
    """A token as the vault holds it.

    `seal` covers everything but `token.progress`; `revision` counts administrative changes and is
    under the seal; `version` counts all changes and is what a conditional write compares.
    `row` is the primary key; `policy_revision` and `record` are the policy's revision, and what the
    database knew of the time, when it was read.
    """

    row: int
    token: Token
    wrapped: WrappedSeed
    seal: Seal
    revision: int
    version: int
    standing: Standing
    policy_revision: int
    record: TimeOnRecord | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token on its way into the vault, at revision 0."""

    token: InStock | Quarantined
    taken: TakenSeed
    seal: Seal


@dataclass(frozen=True, slots=True)
class Arrival:
    """A token as it stands on one line of its file. One that is `held` already is not published."""

    new: NewToken
    line: int
    held: bool = False


class Stale(Exception):
    """The row changed since it was read: read again, decide again."""


# --- the vault ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VaultIdentity:
    """Which vault this is. `epoch` rises with every restore."""

    vault_id: str
    epoch: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """Someone tokens are bound to."""

    name: UserName
    added_at: datetime
    tokens: int = 0
    groups: tuple[GroupName, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedToken:
    """A token for people to look at: nothing that opens its seed."""

    token: Token
    batch: int
    seed_length: int
    kek_id: str


@dataclass(frozen=True, slots=True)
class HeldToken:
    """What the vault already holds under a serial or a fingerprint."""

    serial: Serial
    fingerprint: bytes
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class TokenFilter:
    """Which tokens to list; None asks for all. `after` is the last serial of the page before."""

    batch: int | None = None
    owner: UserName | None = None
    state: State | None = None
    after: Serial | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where an event stands."""

    chain: int
    sequence: int


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to list, newest first; None asks for all.

    `since` is the first moment that is wanted, `until` the first that is not; `before` is the last
    event of the page before.
    """

    serial: Serial | None = None
    user: str | None = None
    actor: str | None = None
    batch: str | None = None
    chain: int | None = None
    kind: EventKind | frozenset[EventKind] | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: Place | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """How much the vault holds."""

    in_stock: int
    bound: int
    suspended: int
    quarantined: int
    revoked: int
    retired: int
    users: int
    batches: int
    events: int


class Transaction(Protocol):
    """A write transaction: nothing lasts without `commit`, no commit is without an event."""

    def advance(self, seen: StoredToken, progress: Progress, accepted: int | None) -> None:
        """Write progress only, if the row is still `seen` and `accepted` is still unspent.

        Raises Stale where the row's version, state, moving factor or the vault's epoch moved.
        """

    def replace(self, seen: StoredToken, now: StoredToken) -> None:
        """Write an administrative change with its new seal and revision. Raises Stale as above."""

    def add_user(self, name: UserName, at: datetime, groups: Sequence[GroupName] = ()) -> None:
        """Raises Conflict where the name is taken."""

    def commit(self, event: AuditEvent) -> None:
        """Append the event to its chain and make everything durable, or nothing."""


class Staging(Protocol):
    """Tokens written but not visible: an import that has not come to its end."""

    def add(self, arrivals: Sequence[Arrival]) -> None:
        """Write a chunk of the file's tokens durably.

        Raises FileRefused naming both lines where a serial or a seed stands twice in one file.
        """

    def publish(
        self,
        event: AuditEvent,
        refused: int = 0,
        *,
        exportable: bool = False,
        tier: Tier | None = None,
    ) -> Batch:
        """Make every token that was not held visible as one batch: a transaction of its own.

        `tier` is the worst by which one of them came in, if not the one that was expected.
        `refused` counts the records that were left out. The batch's name is set in the event.
        Raises Conflict where the vault came to hold one of the serials or seeds meanwhile.
        """


class Vault(Protocol):
    """The database. Reads need no transaction."""

    @property
    def identity(self) -> VaultIdentity: ...

    def token(self, serial: Serial) -> StoredToken | None: ...
    def held(self, serials: Sequence[Serial], fingerprints: Sequence[bytes]) -> list[HeldToken]: ...
    def nearest_serials(self, serial: Serial, limit: int) -> list[Serial]: ...
    def listed(self, wanted: TokenFilter) -> list[ListedToken]: ...
    def serials(self, wanted: TokenFilter) -> list[Serial]:
        """The same by their serials alone: a row that nobody wrote stands in no other's way."""

    def shown(self, serial: Serial) -> ListedToken | None: ...
    def user(self, name: UserName) -> User | None: ...
    def users(self) -> list[User]: ...
    def batch(self, number: int) -> Batch | None: ...
    def batches(self) -> list[Batch]: ...
    def counts(self) -> Counts: ...
    def events(self, wanted: EventFilter) -> list[LoggedEvent]: ...
    def count_events(self, wanted: EventFilter) -> int:
        """How many `wanted` asks for, however many it would list."""

    def moment_of(self, place: Place) -> datetime | None:
        """When the event there happened; None where none is."""

    def chain(self, chain: int) -> Iterator[LoggedEvent]:
        """Every event of one chain, in order, constant in memory."""

    def chain_numbers(self) -> list[int]:
        """Every chain in which an event stands, whether there should be such a chain or not."""

    def heads(self) -> list[ChainHead]: ...
    def snapshot(self) -> AbstractContextManager[None]:
        """A block in which every read of this thread sees the same moment."""

    def transaction(self) -> AbstractContextManager[Transaction]: ...
    def stage(
        self, source: Source, tier: Tier, by: str, at: datetime, *, dry_run: bool = False
    ) -> AbstractContextManager[Staging]:
        """A block that is an import; at its end, what is staged is removed as far as it can be.

        What a broken-off import staged is removed too. Raises Conflict where the same file is being
        imported; a dry run, which must not publish, stands in nobody's way.
        """


# --- keys -----------------------------------------------------------------------------------


class SeedTaker(Protocol):
    """Takes the seeds of one file into the HSM."""

    def take(self, seed: DeliveredSeed, device: Device) -> TakenSeed: ...


class Keys(Protocol):
    """The HSM. Raises HsmUnavailable whenever it cannot answer."""

    @property
    def import_tier(self) -> Tier: ...

    @property
    def module(self) -> str:
        """The PKCS#11 module in words, such as "SoftHSM 2.6.1"."""

    @property
    def by_software(self) -> frozenset[str]:
        """Ciphers, such as "3DES-CBC", that the module lacks and this process undoes itself."""

    def taking_from(
        self, file: OpenedSeedFile, terms: Terms = ...
    ) -> AbstractContextManager[SeedTaker]: ...

    def decrypt_mac_key(self, label: str, cipher: str, value: bytes) -> bytes:
        """The key of a file's value MACs, by a private key on the PKCS#11 token. No seed.

        Raises ValueError where it does not decrypt.
        """

    def check(self, stored: StoredToken) -> None:
        """Raises SealBroken where the row is not what was sealed."""

    def open(self, stored: StoredToken) -> AbstractContextManager[Mac]:
        """The MAC function of one token's seed. Raises SealBroken before any unwrap."""

    def seal(
        self,
        token: Token,
        wrapped: WrappedSeed,
        revision: int,
        standing: Standing | None = None,
    ) -> Seal:
        """By the seal key in use. Only a token that is on its way in stands nowhere yet."""

    def handing_on(self, recipient: Recipient) -> AbstractContextManager["Handler"]:
        """Encrypts exportable seeds for a recipient. Raises NotAllowed where there is no way."""


class Handler(Protocol):
    """Encrypts seeds for one recipient, inside the HSM as far as it can."""

    @property
    def mac_key(self) -> bytes | None:
        """The key of the MACs, encrypted for the recipient."""

    def hand_on(self, stored: StoredToken) -> HandedOnSeed: ...
