"""Read, decide, write if nothing changed meanwhile; else read again and decide again.

No lock is held while the HSM computes. What makes this safe is the conditional write: of any
number of threads, processes and nodes that decided over the same version of a token, exactly one
commits, and an outcome is told to nobody before its commit.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self, TypeVar

from seedvault.domain import verification
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import SealBroken, StorageUnavailable
from seedvault.domain.names import GroupName, Serial
from seedvault.domain.oath import Mac
from seedvault.domain.outcome import Accepted, Outcome, Rejected
from seedvault.domain.policy import Policy
from seedvault.domain.token import Progress, Token, owner_of
from seedvault.service.clock import check_clock
from seedvault.service.lookup import token_of
from seedvault.service.policy_ports import Policies
from seedvault.service.ports import Keys, Stale, StoredToken, Vault

_ATTEMPTS = 200  # each lost attempt means that another decision about this token was committed

T = TypeVar("T")


def until_settled(attempt: Callable[[], T]) -> T:
    """The result of the first attempt that was not stale."""
    for _ in range(_ATTEMPTS):
        try:
            return attempt()
        except Stale:
            continue
    raise StorageUnavailable(
        "the token changed faster than a decision about it could be committed",
        remedy="Something hammers this token: see seedvault token history SERIAL.",
    )


@contextmanager
def broken_on_record(vault: Vault, event: AuditEvent) -> Iterator[None]:
    """A block that reads rows; one that nobody wrote is put on record as `event`."""
    try:
        yield
    except SealBroken as broken:
        with vault.transaction() as transaction:
            transaction.commit(replace(event, detail=broken.what))
        raise


@dataclass(frozen=True, slots=True)
class Case:
    """One token, as read, in the hands of one actor at one moment."""

    vault: Vault
    keys: Keys
    stored: StoredToken
    actor: str
    now: datetime

    @classmethod
    def read(cls, vault: Vault, keys: Keys, serial: Serial, actor: str, now: datetime) -> Self:
        """The token as it stands; NotFound, or SealBroken, on record, for a row nobody wrote."""
        with broken_on_record(vault, AuditEvent(EventKind.SEAL_BROKEN, now, actor, serial=serial)):
            return cls(vault, keys, token_of(vault, serial), actor, now)

    def check_clock(self) -> None:
        """Raises ClockUntrusted where a code of this token cannot be judged now."""
        check_clock(self.stored, self.now)

    def event(
        self, kind: EventKind, detail: str | None = None, factor: int | None = None
    ) -> AuditEvent:
        """An event about this token and its owner."""
        token = self.stored.token
        owner, serial = owner_of(token), token.device.serial
        user = owner.verbatim if owner else None
        return AuditEvent(
            kind, self.now, self.actor, serial=serial, user=user, factor=factor, detail=detail
        )

    def policy(self, policies: Policies) -> Policy:
        """What holds for the token. Rules that nobody sealed are put on record, and decide nothing.

        Raises SealBroken then.
        """
        with broken_on_record(self.vault, self.event(EventKind.SEAL_BROKEN)):
            return policies.of(self.stored)

    def with_mac(self, decide: Callable[[Mac], T]) -> T:
        """What `decide` makes of the token's MAC function; a broken seal is put on record."""
        try:
            with self.keys.open(self.stored) as mac:
                return decide(mac)
        except SealBroken as broken:
            self.record(self.event(EventKind.SEAL_BROKEN, broken.what))
            raise

    def check_seal(self) -> None:
        """Raises SealBroken, on record, so that no administrative change reseals a tampered row."""
        try:
            self.keys.check(self.stored)
        except SealBroken as broken:
            self.record(self.event(EventKind.SEAL_BROKEN, broken.what))
            raise

    def refuse(self, kind: EventKind, refused: Rejected, codes: tuple[str, ...]) -> Rejected:
        """Commit a refusal. Where it rests on what is sealed, the seal is checked first.

        Else whoever can write to the database could silence a token: expired, say, or nobody's.
        """
        if verification.rests_on_row(refused, codes):
            self.check_seal()
        self.record(self.event(kind, refused.reason.value))
        return refused

    def resealed(self, token: Token, groups: tuple[GroupName, ...] | None = None) -> StoredToken:
        """The row to write for `token`, with its owner in `groups`; None leaves them as they are.

        Asks the HSM, so it comes before the transaction.
        """
        stored, revision = self.stored, self.stored.revision + 1
        held = stored.standing.groups if groups is None else groups
        standing = replace(stored.standing, groups=held if owner_of(token) else ())
        seal = self.keys.seal(token, stored.wrapped, revision, standing)
        return replace(stored, token=token, seal=seal, revision=revision, standing=standing)

    def record(self, event: AuditEvent) -> None:
        """Commit an event that changes nothing."""
        with self.vault.transaction() as transaction:
            transaction.commit(event)

    def settle(
        self,
        kinds: tuple[EventKind, EventKind],
        progress: Progress,
        outcome: Outcome,
        detail: str | None = None,
    ) -> None:
        """Commit progress and outcome, `kinds` being the events for accepted and rejected.

        `detail` says more than the outcome does. Raises Stale where the token changed since it was
        read: then nobody has heard the outcome.
        """
        match outcome:
            case Accepted(factor, offset):
                event = self.event(kinds[0], detail or f"offset {offset:+d}", factor)
            case Rejected(reason):
                event = self.event(kinds[1], detail or reason.value)
        with self.vault.transaction() as transaction:
            transaction.advance(self.stored, progress, event.factor)
            transaction.commit(event)
