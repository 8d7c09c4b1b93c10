"""The vault's keys looked at, carried away in copies, and brought back on another PKCS#11 token."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict, NotAllowed, SeedvaultError
from seedvault.domain.vault_key import KeyPurpose, StoredKey, in_use
from seedvault.service.key_ports import KeyReport, KeyRoom, KeyVault, Recovery
from seedvault.service.ports import Clock
from seedvault.service.refusals import denial_on_record


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key as the vault knows it, and as the HSM shows it.

    `seen` is a report, or why there is none. `tokens` counts those that need the key. `answers`
    tells whether its answer to a known question is the one on record; None where none is.
    """

    stored: StoredKey
    seen: KeyReport | str
    tokens: int

    @property
    def report(self) -> KeyReport | None:
        """What the HSM shows, if it shows the key."""
        return None if isinstance(self.seen, str) else self.seen

    @property
    def answers(self) -> bool | None:
        if self.report is None or self.stored.check_value is None:
            return None
        return not _differs(self.stored.check_value, self.report.check_value)

    @property
    def is_closed(self) -> bool:
        """Whether its attributes keep it where it is, and as it is."""
        given = dict(self.report.attributes) if self.report else {}
        return bool(
            given.get("SENSITIVE") and not given.get("EXTRACTABLE") and not given.get("MODIFIABLE")
        )

    @property
    def is_sound(self) -> bool:
        """Whether the key is there, is protected, and is the one on record."""
        return self.is_closed and self.answers is not False


@dataclass(frozen=True, slots=True)
class ListKeys:
    """Every key of the vault, asked a question whose answer is known."""

    vault: KeyVault
    room: KeyRoom

    def __call__(self) -> list[KeyState]:
        keys, needed = self.vault.vault_keys(), self.vault.key_references()
        seen = self.room.seen([key.name for key in keys])
        return [KeyState(key, seen[key.name], needed.get(key.name, 0)) for key in keys]


@dataclass(frozen=True, slots=True)
class CopyKeys:
    """The copies of the vault's keys, to be kept elsewhere. Only the shares open them."""

    vault: KeyVault
    clock: Clock

    def copies(self) -> list[StoredKey]:
        """Raises NotAllowed where a key that is needed was made without a copy."""
        keys = [key for key in self.vault.vault_keys() if key.purpose is not KeyPurpose.CHECKPOINT]
        lacking = [key.name for key in keys if key.copy is None]
        if lacking:
            raise _no_copies(lacking)
        return keys

    def record(self, keys: Sequence[StoredKey], actor: str) -> None:
        """Put on record that they were carried away, once they are in their file."""
        names = ", ".join(key.name for key in keys)
        event = AuditEvent(EventKind.KEYS_COPIED, self.clock(), actor, detail=names)
        with self.vault.transaction() as transaction:
            transaction.commit(event)


@dataclass(frozen=True, slots=True)
class ReshareKeys:
    """Every copy made anew under another recovery key: other custodians, or another number."""

    vault: KeyVault
    room: KeyRoom
    clock: Clock

    def __call__(self, old: Recovery, new: Recovery, actor: str) -> list[StoredKey]:
        """The keys with their new copies. Raises NotAllowed where `old` does not open the old."""
        denied = AuditEvent(EventKind.KEY_REFUSED, self.clock(), actor, detail="new shares")
        with denial_on_record(self.vault, denied):
            copied = self.room.recopy(self.check(old), old, new)
        names = ", ".join(key.name for key in copied)
        detail = f"{names}: shares of set {old.set_id} -> {new.set_id}"
        event = AuditEvent(EventKind.KEYS_RESHARED, self.clock(), actor, detail=detail)
        with self.vault.transaction() as transaction:
            for key in copied:
                transaction.replace_copy(key)
            transaction.commit(event)
        return copied

    def check(self, old: Recovery) -> list[StoredKey]:
        """The keys that would be copied anew; raises what that would raise."""
        keys = [key for key in self.vault.vault_keys() if key.copy is not None]
        if not keys:
            raise _no_copies([in_use(self.vault.vault_keys()).kek])
        self.room.prove(keys, old)
        return keys


@dataclass(frozen=True, slots=True)
class RestoreKeys:
    """The vault's keys brought back on a PKCS#11 token that has none of them."""

    vault: KeyVault
    room: KeyRoom
    clock: Clock

    def __call__(
        self, copies: Sequence[StoredKey] | None, recovery: Recovery, actor: str
    ) -> list[KeyReport]:
        """What was restored, and the new checkpoint key: one that signs is never copied.

        `copies` are those of a file; None stands for those in the database. All of it, or nothing.
        Raises NotAllowed where a copy is missing, or does not open.
        """
        denied = AuditEvent(EventKind.KEY_REFUSED, self.clock(), actor, detail="restoring keys")
        with denial_on_record(self.vault, denied):
            return self._restore(copies, recovery, actor)

    def _restore(
        self, copies: Sequence[StoredKey] | None, recovery: Recovery, actor: str
    ) -> list[KeyReport]:
        reports = self.room.restore(self.restorable(copies), recovery)
        made = [report.name for report in reports]
        try:
            self._compare(reports)
            checkpoint = self._checkpoint_name()
            (new,) = self.room.make([checkpoint], None)
            made.append(checkpoint)
            self._record(new.report, reports, recovery, actor)
        except BaseException:
            self._undo(made)
            raise
        return [*reports, new.report]

    def check(
        self, copies: Sequence[StoredKey] | None, recovery: Recovery, *, proven: bool
    ) -> list[StoredKey]:
        """What would be restored; raises what that would raise.

        Only where there is a PKCS#11 token already can the copies be `proven`.
        """
        keys = self.restorable(copies)
        if proven:
            held = [key.name for key in keys if self.room.holds(key.name)]
            if held:
                raise Conflict(
                    f"{', '.join(held)}: on the PKCS#11 token already", remedy="Nothing is lost."
                )
            self.room.prove(keys, recovery)
        return keys

    def _undo(self, made: Sequence[str]) -> None:
        """End what was made, unless the vault came to know it: a commit may have had no answer."""
        known = {key.name for key in self.vault.vault_keys()}
        if made[-1] in known and made[-1].startswith(KeyPurpose.CHECKPOINT.letter):
            return
        for name in made:
            with suppress(SeedvaultError):
                self.room.destroy(name)

    def restorable(self, copies: Sequence[StoredKey] | None) -> list[StoredKey]:
        """The vault's keys with their copies. Raises NotAllowed where one has none."""
        keys = self.vault.vault_keys()
        names = [key.name for key in keys if key.purpose is not KeyPurpose.CHECKPOINT]
        found = {
            key.name: key for key in (keys if copies is None else copies) if key.copy is not None
        }
        lacking = [name for name in names if name not in found]
        if lacking and copies is not None:
            raise NotAllowed(
                f"there is no copy of {', '.join(lacking)} in the file: it was written before they "
                "were made",
                unchanged="No key was restored.",
                remedy="Bring a newer file, or leave --from out: the database has copies as well.",
            )
        if lacking:
            raise _no_copies(lacking)
        return [found[name] for name in names]

    def _compare(self, reports: Sequence[KeyReport]) -> None:
        on_record = {key.name: key.check_value for key in self.vault.vault_keys()}
        for report in reports:
            if _differs(on_record[report.name], report.check_value):
                raise NotAllowed(
                    f"the copy of {report.name} holds another key than the vault's: its check "
                    f"value is {report.check_value}, not {on_record[report.name]}",
                    unchanged="No key was restored.",
                    remedy="Bring the copies of this vault: seedvault key backup wrote them.",
                )

    def _checkpoint_name(self) -> str:
        letter = KeyPurpose.CHECKPOINT.letter
        keys = self.vault.vault_keys()
        version = max(key.version for key in keys if key.purpose is KeyPurpose.CHECKPOINT) + 1
        return f"{letter}{version}"

    def _record(
        self,
        checkpoint: KeyReport,
        reports: Sequence[KeyReport],
        recovery: Recovery,
        actor: str,
    ) -> None:
        now = self.clock()
        gone = [
            key.name
            for key in self.vault.vault_keys()
            if key.purpose is KeyPurpose.CHECKPOINT and not self.room.holds(key.name)
        ]
        names = ", ".join(report.name for report in reports)
        detail = f"{names} by shares of set {recovery.set_id}; new checkpoint key {checkpoint.name}"
        new = StoredKey(
            checkpoint.name,
            KeyPurpose.CHECKPOINT,
            in_use=True,
            created_at=now,
            check_value=checkpoint.check_value,
        )
        with self.vault.transaction() as transaction:
            transaction.add_key(new)
            for name in gone:
                transaction.forget_key(name)
            transaction.commit(AuditEvent(EventKind.KEYS_RESTORED, now, actor, detail=detail))


def _differs(on_record: str | None, answer: str) -> bool:
    """Whether two check values are of different keys, as far as they can be compared.

    A KEK's name, behind a stroke, the format that its module wraps in.
    """
    if on_record is None or on_record.partition("/")[2] != answer.partition("/")[2]:
        return False
    return on_record != answer


def _no_copies(names: Sequence[str]) -> NotAllowed:
    return NotAllowed(
        f"{', '.join(names)}: made without a copy for custodians",
        remedy="Back them up by the HSM's own means, or import the makers' files into a new vault.",
    )
