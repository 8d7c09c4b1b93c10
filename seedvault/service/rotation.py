"""New keys for old: made and taken into use at once, the tokens moved while verification goes on.

A rotation has three steps, each whole by itself. `RenewKeys` makes the new keys; from then on
every new seed and seal is theirs. `MoveTokens` brings the rest, a chunk a transaction: it can be
interrupted and run again at any time. `DestroyKey` ends an old key once nothing needs it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    SealBroken,
)
from seedvault.domain.names import Serial
from seedvault.domain.vault_key import KeyPurpose, KeysInUse, StoredKey, in_use
from seedvault.service.approval import check_second_person
from seedvault.service.decide import Case, until_settled
from seedvault.service.key_ports import (
    KeyReport,
    KeyRoom,
    KeyVault,
    MadeKey,
    Mover,
    MovingKeys,
    Recovery,
)
from seedvault.service.policy_changes import MoveRules
from seedvault.service.ports import Clock, Fingerprint, StoredToken
from seedvault.service.refusals import denial_on_record

ROTATED = (KeyPurpose.KEK, KeyPurpose.SEAL, KeyPurpose.FINGERPRINT)
CHUNK = 500

Advanced = Callable[[int], None]
"""Told how many tokens have been moved so far."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """A key that took another's place."""

    old: str
    new: KeyReport


@dataclass(frozen=True, slots=True)
class RenewKeys:
    """Make new keys and take them into use, instead of those that are."""

    vault: KeyVault
    room: KeyRoom
    clock: Clock

    def __call__(
        self, purposes: Sequence[KeyPurpose], recovery: Recovery | None, actor: str
    ) -> list[Renewed]:
        """Raises Conflict where the fingerprint key would change in the middle of an import.

        A vault whose keys were copied for custodians keeps it so: InvalidInput without their
        recovery key, NotAllowed with another one.
        """
        denied = AuditEvent(EventKind.KEY_REFUSED, self.clock(), actor, detail="new keys")
        with denial_on_record(self.vault, denied):
            self.check(purposes, recovery)
        if recovery is None and self._copied():
            raise _shares_needed("new keys are copied as the old ones were", "No key was made.")
        old, names = in_use(self.vault.vault_keys()), self.names(purposes)
        made = self.room.make(names, recovery)
        try:
            self._take_into_use(made, recovery, actor)
        except BaseException:
            self._remove_unused(names)
            raise
        return [Renewed(old.of(key.report.purpose), key.report) for key in made]

    def check(self, purposes: Sequence[KeyPurpose], recovery: Recovery | None) -> None:
        """Raises what making them would raise; without a recovery key, copies are not tried."""
        if recovery is not None:
            self.room.prove(self._copied(), recovery)
        kek = in_use(self.vault.vault_keys()).kek
        if KeyPurpose.KEK in purposes:
            self._refuse_stranding(next(k for k in self.vault.vault_keys() if k.name == kek))
        if KeyPurpose.FINGERPRINT in purposes:
            with self.vault.transaction() as transaction:
                transaction.refuse_imports()

    def names(self, purposes: Sequence[KeyPurpose]) -> list[str]:
        """What the new keys will be called: a name that the HSM knows already is left alone."""
        keys = self.vault.vault_keys()
        return [free_name(self.room, purpose, keys) for purpose in purposes]

    def _copied(self) -> list[StoredKey]:
        return [key for key in self.vault.vault_keys() if key.in_use and key.copy is not None]

    def _refuse_stranding(self, kek: StoredKey) -> None:
        """Raises InvalidInput where seeds would stay under a KEK that is not in use, for ever."""
        if kek.copy is None and self.vault.key_references().get(kek.name):
            raise _never_to_be_moved(kek.name, "No key was made.")

    def _take_into_use(
        self, made: Sequence[MadeKey], recovery: Recovery | None, actor: str
    ) -> None:
        """All of them at once: a rotation is not half begun."""
        now, old = self.clock(), in_use(self.vault.vault_keys())
        told = []
        with self.vault.transaction() as transaction:
            for key in made:
                report, set_id = key.report, recovery.set_id if recovery and key.copy else None
                transaction.add_key(
                    StoredKey(
                        report.name,
                        report.purpose,
                        in_use=True,
                        created_at=now,
                        check_value=report.check_value,
                        copy=key.copy,
                        recovery=set_id,
                    )
                )
                was = old.of(report.purpose)
                words = report.purpose.words
                told.append(f"{words} {was} -> {report.name}, check value {report.check_value}")
            event = AuditEvent(EventKind.KEY_ROTATED, now, actor, detail="; ".join(told))
            transaction.commit(event)

    def _remove_unused(self, names: Sequence[str]) -> None:
        known = {key.name for key in self.vault.vault_keys()}
        for name in names:
            if name not in known:
                self.room.destroy(name)


def free_name(room: KeyRoom, purpose: KeyPurpose, keys: Sequence[StoredKey]) -> str:
    """What the next key for a purpose is called: no key of the vault, or in the HSM, is."""
    version = max((key.version for key in keys if key.purpose is purpose), default=0) + 1
    while room.holds(f"{purpose.letter}{version}"):
        version += 1
    return f"{purpose.letter}{version}"


def _shares_needed(why: str, unchanged: str) -> InvalidInput:
    return InvalidInput(
        f"only custodians can do this: {why}",
        unchanged=unchanged,
        remedy="Bring the shares of the recovery key: --share-file FILE, for each.",
    )


def _which(name: str) -> str:
    """The checkpoint key is rotated by itself."""
    return " checkpoint" if name.startswith(KeyPurpose.CHECKPOINT.letter) else ""


def _never_to_be_moved(kek: str, unchanged: str) -> InvalidInput:
    return InvalidInput(
        f"KEK {kek} was made without a copy for custodians: what it wraps can be opened, and never "
        "be wrapped under another key",
        unchanged=unchanged,
        remedy=f"Keep {kek}, or import the makers' files into a new vault.",
    )


class _Moved(NamedTuple):
    """A token as it was read, and as it is to be written."""

    seen: StoredToken
    now: StoredToken
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Move:
    """What a move did. `broken` are serials whose rows were altered: they stay as they are."""

    moved: int
    broken: tuple[str, ...]
    left: int


@dataclass(slots=True)
class _Tally:
    advanced: Advanced
    moved: int = 0
    broken: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class MoveTokens:
    """Bring every token under the keys in use: re-wrapped, marked and sealed anew.

    The policy's rules come first. `keys` are those in use now. A token that changes meanwhile is
    moved on the next pass.
    """

    vault: KeyVault
    keys: MovingKeys
    clock: Clock

    def __call__(self, recovery: Recovery | None, actor: str, advanced: Advanced) -> Move:
        """Raises InvalidInput where seeds must be re-wrapped and no recovery key was brought."""
        target = in_use(self.vault.vault_keys())
        retired = self.retired()
        self._refuse_without_copy(retired)
        if retired and recovery is None:
            names = ", ".join(key.name for key in retired)
            raise _shares_needed(f"seeds are still wrapped under {names}", "No token was moved.")
        MoveRules(self.vault, self.keys, self.clock)(actor)
        tally = _Tally(advanced)
        denied = AuditEvent(EventKind.KEY_REFUSED, self.clock(), actor, detail="moving tokens")
        opening = self.keys.moving(retired, recovery)
        with denial_on_record(self.vault, denied), opening as mover:
            while self._pass(target, mover, actor, tally):
                pass  # what changed meanwhile is moved on the next
        return Move(tally.moved, tuple(sorted(tally.broken)), self.left())

    def left(self) -> int:
        """How many tokens were made with other keys than those in use."""
        return sum(map(len, self._chunks(in_use(self.vault.vault_keys()))))

    def retired(self) -> list[StoredKey]:
        """The KEKs that are not in use, and that some token still needs."""
        needed = self.vault.key_references()
        return [
            key
            for key in self.vault.vault_keys()
            if key.purpose is KeyPurpose.KEK and not key.in_use and needed.get(key.name)
        ]

    def _refuse_without_copy(self, retired: Sequence[StoredKey]) -> None:
        for key in retired:
            if key.copy is None:
                raise _never_to_be_moved(key.name, "No token was moved.")

    def _pass(self, target: KeysInUse, mover: Mover, actor: str, tally: _Tally) -> int:
        """How many tokens one pass over the vault has moved."""
        before = tally.moved
        for page in self._chunks(target):
            self._move(page, mover, actor, tally)
        return tally.moved - before

    def _move(self, serials: Sequence[str], mover: Mover, actor: str, tally: _Tally) -> None:
        """One chunk: the HSM first, then one short transaction."""
        ready = [
            moved
            for serial in serials
            if serial not in tally.broken and (moved := self._moved(serial, mover, actor, tally))
        ]
        if not ready:
            return
        tally.moved += until_settled(lambda: self._write(ready, actor))
        tally.advanced(tally.moved)

    def _write(self, ready: Sequence[_Moved], actor: str) -> int:
        """How many of them had not changed meanwhile."""
        with self.vault.transaction() as transaction:
            done = sum(transaction.rekey(*moved) for moved in ready)
            wrapped = ready[0].now.wrapped.kek_id
            detail = f"{done} tokens under {wrapped}, sealed by {ready[0].now.seal.key}"
            event = AuditEvent(EventKind.TOKENS_MOVED, self.clock(), actor, detail=detail)
            transaction.commit(event)
        return done

    def _moved(self, serial: str, mover: Mover, actor: str, tally: _Tally) -> _Moved | None:
        """The token under the new keys; None, on record, where its row is not what was sealed."""
        try:
            case = Case.read(self.vault, self.keys, Serial(serial), actor, self.clock())
            case.check_seal()
        except (SealBroken, InvalidInput, NotFound):
            tally.broken.add(serial)
            return None
        seen = case.stored
        taken = mover.move(seen)
        seal = self.keys.seal(seen.token, taken.wrapped, seen.revision, seen.standing)
        return _Moved(seen, replace(seen, wrapped=taken.wrapped, seal=seal), taken.fingerprint)

    def _chunks(self, target: KeysInUse) -> Iterator[list[str]]:
        after = 0
        while page := self.vault.to_rekey(target, after, CHUNK):
            after = page[-1][0]
            yield [serial for _, serial in page]


@dataclass(frozen=True, slots=True)
class DestroyKey:
    """End a key that is not in use and that nothing needs, with a second person's agreement."""

    vault: KeyVault
    room: KeyRoom
    clock: Clock

    def __call__(self, name: str, actor: str, approved_by: str) -> KeyReport:
        """What was destroyed, as it was. First the vault forgets it, then the HSM.

        Raises Conflict where it is in use, or a token needs it; NotFound where there is none.
        """
        try:
            report = self.check(name, actor, approved_by)
        except (Conflict, InvalidInput) as refused:
            with self.vault.transaction() as transaction:
                event = self._event(EventKind.KEY_REFUSED, actor, f"{name}: {refused.what}")
                transaction.commit(event)
            raise
        agreed = f"{report.purpose.words} {name}, approved by {approved_by}"
        if any(key.name == name for key in self.vault.vault_keys()):
            with self.vault.transaction() as transaction:
                transaction.forget_key(name)
                transaction.commit(self._event(EventKind.KEY_FORGOTTEN, actor, agreed))
        self.room.destroy(name)
        with self.vault.transaction() as transaction:
            transaction.commit(self._event(EventKind.KEY_DESTROYED, actor, agreed))
        return report

    def check(self, name: str, actor: str, approved_by: str) -> KeyReport:
        """What would be destroyed; raises what destroying would raise, and changes nothing."""
        check_second_person(approved_by, actor, unchanged="No key was destroyed.")
        report = self.room.report(name)
        if name in {key.name for key in self.vault.vault_keys() if key.in_use}:
            raise Conflict(
                f"key {name} is in use",
                remedy=(
                    "It has no successor: a vault keeps it."
                    if name.startswith(KeyPurpose.EXPORT.letter)
                    else f"Put another in its place first: seedvault key rotate{_which(name)}"
                ),
            )
        seal = self.vault.policy_rules().seal
        if seal is not None and seal.key == name:
            raise Conflict(
                f"key {name} seals the policy's rules",
                remedy="Have them sealed anew first: seedvault key rotate --resume",
            )
        needed = self.vault.key_references().get(name, 0)
        if needed:
            raise Conflict(
                f"key {name} is needed by {needed} tokens",
                remedy="Move them first: seedvault key rotate --resume",
            )
        return report

    def _event(self, kind: EventKind, actor: str, detail: str) -> AuditEvent:
        return AuditEvent(kind, self.clock(), actor, detail=detail)
