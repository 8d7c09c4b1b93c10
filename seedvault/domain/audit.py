"""What happened, to what, by whom; and the hash chains that make the record hard to alter.

Chain 0 holds what concerns the vault, users and batches; chains 1 to `SERIAL_CHAINS` hold what
concerns a token, by serial, so that logins do not queue on one row.
"""

import hashlib
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from seedvault.domain.canonical import encode
from seedvault.domain.names import Serial

SERIAL_CHAINS = 8
GENESIS = bytes(32)
"""The hash before the first event of every chain."""

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class EventKind(Enum):
    """Every kind of event; refused and rejected operations are events too."""

    VAULT_INITIALISED = "vault.initialised"
    VAULT_BACKED_UP = "vault.backed-up"
    VAULT_RESTORED = "vault.restored"
    BATCH_IMPORTED = "batch.imported"
    BATCH_REFUSED = "batch.refused"
    BATCH_UNCHANGED = "batch.unchanged"
    BATCH_EXPORTED = "batch.exported"
    EXPORT_REFUSED = "export.refused"
    USER_ADDED = "user.added"
    TOKEN_ASSIGNED = "token.assigned"  # noqa: S105 - an event's name, not a password
    TOKEN_UNASSIGNED = "token.unassigned"  # noqa: S105 - an event's name, not a password
    TOKEN_SUSPENDED = "token.suspended"  # noqa: S105 - an event's name, not a password
    TOKEN_RESUMED = "token.resumed"  # noqa: S105 - an event's name, not a password
    TOKEN_REVOKED = "token.revoked"  # noqa: S105 - an event's name, not a password
    TOKEN_RETIRED = "token.retired"  # noqa: S105 - an event's name, not a password
    TOKEN_REFUSED = "token.refused"  # noqa: S105 - an event's name, not a password
    TOKEN_UNLOCKED = "token.unlocked"  # noqa: S105 - an event's name, not a password
    TOKEN_RESYNCHRONISED = "token.resynchronised"  # noqa: S105 - an event's name
    TOKEN_SOUGHT = "token.sought"  # noqa: S105 - an event's name, not a password
    TOKEN_FOUND = "token.found"  # noqa: S105 - an event's name, not a password
    SEARCH_REFUSED = "search.refused"
    TOKEN_EXPORTED = "token.exported"  # noqa: S105 - an event's name, not a password
    TOKEN_RELEASED = "token.released"  # noqa: S105 - an event's name, not a password
    TOKEN_PIN_SET = "token.pin-set"  # noqa: S105 - an event's name, not a password
    TOKEN_PIN_CLEARED = "token.pin-cleared"  # noqa: S105 - an event's name, not a password
    CHALLENGE_ISSUED = "challenge.issued"
    CHALLENGE_REFUSED = "challenge.refused"
    CODE_ACCEPTED = "code.accepted"
    CODE_REJECTED = "code.rejected"
    RESYNC_REJECTED = "resync.rejected"
    CLOCK_ACCEPTED = "clock.accepted"
    SEAL_BROKEN = "seal.broken"
    KEY_ROTATED = "key.rotated"
    TOKENS_MOVED = "key.tokens-moved"
    KEY_FORGOTTEN = "key.forgotten"
    KEY_DESTROYED = "key.destroyed"
    KEY_REFUSED = "key.refused"
    KEYS_RESTORED = "key.restored"
    KEYS_COPIED = "key.copied"
    KEYS_RESHARED = "key.reshared"
    POLICY_SET = "policy.set"
    POLICY_UNSET = "policy.unset"
    POLICY_MOVED = "policy.moved"
    USER_GROUPED = "user.grouped"
    TRANSPORT_CREATED = "transport.created"
    TRANSPORT_IMPORTED = "transport.imported"
    TRANSPORT_ENDING = "transport.ending"
    TRANSPORT_DESTROYED = "transport.destroyed"
    TRANSPORT_REFUSED = "transport.refused"


RULE_CHANGES = (EventKind.POLICY_SET, EventKind.POLICY_UNSET)
"""The kinds of events by which the policy's rules come to another revision."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One thing that happened. `at` is aware UTC; `factor` is the accepted counter or time step."""

    kind: EventKind
    at: datetime
    actor: str
    serial: Serial | None = None
    user: str | None = None
    batch: str | None = None
    factor: int | None = None
    detail: str | None = None

    @property
    def chain(self) -> int:
        """Which chain this event belongs to."""
        if self.serial is None:
            return 0
        return 1 + zlib.crc32(self.serial.folded.encode()) % SERIAL_CHAINS


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as it stands in its chain. `digest` (32 octets) covers it and all before it."""

    chain: int
    sequence: int
    event: AuditEvent
    digest: bytes


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where a chain ends according to the vault."""

    chain: int
    sequence: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Where the log is not what was written, and in what way.

    The place is an event's in its chain, or a checkpoint's number, or a line of an exported file.
    """

    chain: int | None
    sequence: int | None
    what: str
    checkpoint: int | None = None
    line: int | None = None

    @property
    def place(self) -> str:
        """Where, in words."""
        words = [
            f"line {self.line}" if self.line is not None else "",
            f"checkpoint {self.checkpoint}" if self.checkpoint is not None else "",
            f"chain {self.chain}, event {self.sequence}" if self.chain is not None else "",
        ]
        return ", ".join(filter(None, words)) or "the log"


def link(previous: bytes, chain: int, sequence: int, event: AuditEvent) -> bytes:
    """SHA-256 over the previous digest, the place in the chain, and every field of the event."""
    octets = encode(
        previous,
        chain,
        sequence,
        event.kind.value,
        milliseconds(event.at),
        event.actor,
        event.serial.verbatim if event.serial else None,
        event.user,
        event.batch,
        event.factor,
        event.detail,
    )
    return hashlib.sha256(octets).digest()


def milliseconds(moment: datetime) -> int:
    """Unix time in whole milliseconds, rounded down: the resolution of every stored date."""
    # Not by way of `timestamp`: a float rounds the last microsecond of 9999, which makers write
    # for "never", into the year 10000.
    return (moment - _UNIX_EPOCH) // _MILLISECOND


def moment(ms: int) -> datetime:
    """Aware UTC, from Unix time in milliseconds."""
    return _UNIX_EPOCH + ms * _MILLISECOND


def check_chain(
    chain: int, events: Iterable[LoggedEvent], head: ChainHead | None
) -> Iterator[Break]:
    """Every place where the links of one chain, in order, do not hold; its end must be `head`."""
    digest, sequence = GENESIS, 0
    for logged in events:
        what = check_link(ChainHead(chain, sequence, digest), logged)
        if what is not None:
            yield Break(chain, sequence + 1, what)
        digest, sequence = logged.digest, logged.sequence
    expected = ChainHead(chain, sequence, digest) if sequence else None
    if head != expected:
        yield Break(
            chain,
            sequence,
            "the chain does not end where the vault says: events are cut off or added",
        )


def check_link(before: ChainHead, logged: LoggedEvent) -> str | None:
    """What is wrong with an event that follows `before` in its chain, or None."""
    sequence = before.sequence + 1
    if logged.sequence != sequence:
        return f"event {sequence} is missing: {logged.sequence} follows"
    if logged.event.chain != before.chain:
        return "the event belongs to another chain"
    if logged.digest != link(before.digest, before.chain, sequence, logged.event):
        return "the event, or one before it, was altered"
    return None
