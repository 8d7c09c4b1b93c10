"""Ceremonies for transport keys: made for a maker, brought in, looked at, destroyed."""

from dataclasses import dataclass, replace
from datetime import datetime

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Batch
from seedvault.domain.errors import (
    Conflict,
    FileRefused,
    InvalidInput,
    NotFound,
)
from seedvault.domain.names import KeyLabel
from seedvault.domain.transport_key import StoredTransportKey, TransportKind
from seedvault.service.approval import check_second_person
from seedvault.service.fips import refuse_transport_key
from seedvault.service.ports import Clock, EventFilter
from seedvault.service.transport_ports import (
    BroughtIn,
    ImportOrder,
    Material,
    TransportReport,
    TransportRoom,
    TransportVault,
    WrappedFor,
)

_UNCHANGED = "No key was destroyed."
_EVENTS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class CreateTransportKey:
    """A key pair made in the HSM, for a maker to encrypt to."""

    vault: TransportVault
    room: TransportRoom
    clock: Clock

    def check(self, label: KeyLabel) -> None:
        """Raises Conflict where a key is, or was, called so."""
        _refuse_used(self.vault, label)
        self.room.refuse_taken(label)

    def __call__(self, label: KeyLabel, kind: TransportKind, actor: str) -> TransportReport:
        """Raises as `check` does; then no key was made."""
        self.check(label)
        report = self.room.make_pair(label, kind)
        made = StoredTransportKey(
            label, kind, "made in the HSM", report.answer, report.answer, self.clock(), actor
        )
        detail = f"{label}: {kind.words} made in the HSM, public key SHA-256 {report.answer}..."
        _keep(self.vault, self.room, made, (EventKind.TRANSPORT_CREATED, detail))
        return report


@dataclass(frozen=True, slots=True)
class ImportTransportKey:
    """A symmetric key that came from a maker, brought into the HSM."""

    vault: TransportVault
    room: TransportRoom
    clock: Clock
    require_fips: bool = False

    def __call__(
        self, order: ImportOrder, material: Material, actor: str, *, dry_run: bool = False
    ) -> BroughtIn:
        """A dry run looks at the key and keeps none. `material` is wiped, however it ends.

        Raises FileRefused, on record, where no key comes out or one that is not right.
        """
        try:
            _refuse_used(self.vault, order.label)
            if isinstance(material, WrappedFor):
                self._check_opener(material.opener)
            if self.require_fips:
                refuse_transport_key(order.kind)
            brought = self.room.bring_in(order, material, keep=not dry_run)
        except FileRefused as refused:
            if not dry_run:
                _record_refusal(self.vault, self.clock, actor, f"{order.label}: {refused.what}")
            raise
        finally:
            material.wipe()
        if brought.report is not None:
            self._keep(order, material, brought, actor)
        return brought

    def _keep(self, order: ImportOrder, material: Material, brought: BroughtIn, actor: str) -> None:
        made = StoredTransportKey(
            order.label,
            order.kind,
            material.origin,
            brought.check_value,
            brought.report.answer if brought.report else "",
            self.clock(),
            actor,
        )
        detail = (
            f"{order.label}: {order.kind.words} from {material.origin}, check value "
            f"{brought.check_value}, {brought.way}"
        )
        _keep(self.vault, self.room, made, (EventKind.TRANSPORT_IMPORTED, detail))

    def _check_opener(self, label: KeyLabel) -> None:
        known = _known(self.vault, label)
        if known is None or known.destroyed_at is not None or not known.kind.is_pair:
            raise NotFound(
                f"{label} is no key pair that was made here: no key can have been encrypted for it",
                unchanged="No key was made.",
                remedy="See: seedvault key transport list",
            )


@dataclass(frozen=True, slots=True)
class TransportKeyState:
    """A transport key as the vault knows it, as the HSM shows it, and what it opened."""

    stored: StoredTransportKey
    report: TransportReport | None
    batches: tuple[Batch, ...]

    @property
    def state(self) -> str:
        """In words: what the HSM has of it now."""
        if self.stored.destroyed_at is not None:
            return "destroyed"
        if self.report is None:
            return "not on the PKCS#11 token"
        return "ok" if self.report.answer == self.stored.answer else "DIFFERS"

    @property
    def is_sound(self) -> bool:
        """Whether it is as it should be."""
        return self.state in {"ok", "destroyed"}


@dataclass(frozen=True, slots=True)
class ListTransportKeys:
    """Every transport key there ever was, each living one asked a known question."""

    vault: TransportVault
    room: TransportRoom

    def __call__(self, label: KeyLabel | None = None) -> list[TransportKeyState]:
        """All of them, or the one of this label."""
        keys = [key for key in self.vault.transport_keys() if label in {None, key.label}]
        living = [key for key in keys if key.destroyed_at is None]
        reports = dict(zip(living, self.room.reports(living), strict=True)) if living else {}
        return [
            TransportKeyState(key, reports.get(key), _opened_by(self.vault, key.label))
            for key in keys
        ]


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What was, or would be, destroyed; `was_there` tells whether the HSM still had it.

    `begun_at`: when a run that did not finish began to destroy it, as is on record.
    """

    key: StoredTransportKey
    batches: tuple[Batch, ...]
    was_there: bool
    begun_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DestroyTransportKey:
    """The end of a transport key, which two people agreed on."""

    vault: TransportVault
    room: TransportRoom
    clock: Clock

    def check(self, label: KeyLabel, actor: str, approved_by: str) -> Destroyed:
        """What would be destroyed. Raises NotFound, Conflict or InvalidInput where it may not."""
        check_second_person(approved_by, actor, unchanged=_UNCHANGED)
        known = _known(self.vault, label)
        if known is None:
            raise NotFound(
                f"no transport key {label} was made or imported here",
                unchanged=_UNCHANGED,
                remedy="See: seedvault key transport list",
            )
        if known.destroyed_at is not None:
            raise Conflict(
                f"transport key {label} was destroyed on {known.destroyed_at:%Y-%m-%d}",
                remedy="Its certificate of destruction was written then.",
            )
        was_there = self.room.reports([known]) != [None]
        batches = _opened_by(self.vault, label)
        return Destroyed(known, batches, was_there, self._begun_at(known))

    def __call__(self, label: KeyLabel, actor: str, approved_by: str) -> Destroyed:
        """Raises as `check` does, a refusal for want of a second person being on record.

        On record before it ends in the HSM. A key that the HSM has lost already ends in the
        database all the same. Raises Conflict while a file is imported: it may be the key's.
        """
        try:
            condemned = self.check(label, actor, approved_by)
        except InvalidInput as refused:
            _record_refusal(self.vault, self.clock, actor, f"{label}: {refused.what}")
            raise
        agreed = f"{_named(condemned.key)}, approved by {approved_by}"
        with self.vault.transaction() as transaction:
            transaction.refuse_imports()
            event = AuditEvent(EventKind.TRANSPORT_ENDING, self.clock(), actor, detail=agreed)
            transaction.commit(event)
        was_there = True
        try:
            self.room.destroy(label)
        except NotFound:
            was_there = False
        return self._ended(replace(condemned, was_there=was_there), agreed, actor)

    def _ended(self, condemned: Destroyed, agreed: str, actor: str) -> Destroyed:
        """The last of it; what the key opened is asked while no import can publish."""
        label, now = condemned.key.label, self.clock()
        with self.vault.transaction() as transaction:
            try:
                transaction.refuse_imports()
            except Conflict as begun:  # it began after the ending was on record
                raise Conflict(
                    begun.what,
                    unchanged=f"{label} is no longer in the HSM; its end is not on record yet.",
                    remedy="Wait for that import to end, then run the same again.",
                ) from begun
            batches = _opened_by(self.vault, label)
            opened = ", ".join(batch.name for batch in batches) or "nothing"
            transaction.end_transport_key(label, now)
            detail = f"{agreed}; it opened {opened}"
            transaction.commit(AuditEvent(EventKind.TRANSPORT_DESTROYED, now, actor, detail=detail))
        return replace(condemned, key=replace(condemned.key, destroyed_at=now), batches=batches)

    def _begun_at(self, key: StoredTransportKey) -> datetime | None:
        begun = self.vault.events(EventFilter(kind=EventKind.TRANSPORT_ENDING, limit=_EVENTS_MAX))
        of_key = f"{_named(key)}, "
        return next(
            (each.event.at for each in begun if (each.event.detail or "").startswith(of_key)), None
        )


def _named(key: StoredTransportKey) -> str:
    return f"{key.label}: {key.kind.words}, check value {key.check_value}"


def _known(vault: TransportVault, label: KeyLabel) -> StoredTransportKey | None:
    return next((key for key in vault.transport_keys() if key.label == label), None)


def _opened_by(vault: TransportVault, label: KeyLabel) -> tuple[Batch, ...]:
    return tuple(batch for batch in vault.batches() if batch.source.transport_key == str(label))


def _refuse_used(vault: TransportVault, label: KeyLabel) -> None:
    if _known(vault, label) is not None:
        raise Conflict(
            f"there is, or was, a transport key called {label}: a label is given once",
            unchanged="No key was made.",
            remedy="Choose another label, such as one with the month in it.",
        )


def _keep(
    vault: TransportVault,
    room: TransportRoom,
    made: StoredTransportKey,
    what: tuple[EventKind, str],
) -> None:
    """Make the key known, on record; where that fails, it is no longer there."""
    kind, detail = what
    event = AuditEvent(kind, made.created_at, made.created_by, detail=detail)
    try:
        with vault.transaction() as transaction:
            transaction.add_transport_key(made)
            transaction.commit(event)
    except BaseException:
        room.destroy(made.label)
        raise


def _record_refusal(vault: TransportVault, clock: Clock, actor: str, detail: str) -> None:
    event = AuditEvent(EventKind.TRANSPORT_REFUSED, clock(), actor, detail=detail)
    with vault.transaction() as transaction:
        transaction.commit(event)
