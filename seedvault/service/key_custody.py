"""The vault's keys looked at, carried away in copies, and brought back on another PKCS#11 token."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import NotAllowed, NotFound
from seedvault.domain.vault_key import KeyPurpose, StoredKey, in_use
from seedvault.service.key_ports import KeyReport, KeyRoom, KeyVault, Recovery
from seedvault.service.ports import Clock


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key as the vault knows it, and as the HSM shows it; None where it is not there.

    `tokens` counts those that need it. `answers` tells whether its answer to a known question is
    the one on record; None where none is.
    """

    stored: StoredKey
    report: KeyReport | None
    tokens: int

    @property
    def answers(self) -> bool | None:
        if self.report is None or self.stored.check_value is None:
            return None
        return self.report.check_value == self.stored.check_value

    @property
    def is_sound(self) -> bool:
        """Whether the key is there, and is the one on record."""
        return self.report is not None and self.answers is not False


@dataclass(frozen=True, slots=True)
class ListKeys:
    """Every key of the vault, asked a question whose answer is known."""

    vault: KeyVault
    room: KeyRoom

    def __call__(self) -> list[KeyState]:
        needed = self.vault.key_references()
        return [
            KeyState(key, self._report(key.name), needed.get(key.name, 0))
            for key in self.vault.vault_keys()
        ]

    def _report(self, name: str) -> KeyReport | None:
        with suppress(NotFound):
            return self.room.report(name)
        return None


@dataclass(frozen=True, slots=True)
class CopyKeys:
    """The copies of the vault's keys, to be kept elsewhere. Only the shares open them."""

    vault: KeyVault
    clock: Clock

    def __call__(self, actor: str, *, dry_run: bool = False) -> list[StoredKey]:
        """Raises NotAllowed where a key that is needed was made without a copy."""
        keys = [key for key in self.vault.vault_keys() if key.purpose is not KeyPurpose.CHECKPOINT]
        lacking = [key.name for key in keys if key.copy is None]
        if lacking:
            raise _no_copies(lacking)
        if not dry_run:
            names = ", ".join(key.name for key in keys)
            event = AuditEvent(EventKind.KEYS_COPIED, self.clock(), actor, detail=names)
            with self.vault.transaction() as transaction:
                transaction.commit(event)
        return keys


@dataclass(frozen=True, slots=True)
class ReshareKeys:
    """Every copy made anew under another recovery key: other custodians, or another number."""

    vault: KeyVault
    room: KeyRoom
    clock: Clock

    def __call__(self, old: Recovery, new: Recovery, actor: str) -> list[StoredKey]:
        """The keys with their new copies. Raises NotAllowed where `old` does not open the old."""
        keys = [key for key in self.vault.vault_keys() if key.copy is not None]
        if not keys:
            raise _no_copies([in_use(self.vault.vault_keys()).kek])
        copied = self.room.recopy(keys, old, new)
        names = ", ".join(key.name for key in copied)
        detail = f"{names}: shares of set {old.set_id} -> {new.set_id}"
        event = AuditEvent(EventKind.KEYS_RESHARED, self.clock(), actor, detail=detail)
        with self.vault.transaction() as transaction:
            for key in copied:
                transaction.replace_copy(key)
            transaction.commit(event)
        return copied


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
        keys = self.restorable(copies)
        reports = self.room.restore(keys, recovery)
        made = [report.name for report in reports]
        try:
            self._compare(reports)
            checkpoint = self._checkpoint_name()
            (new,) = self.room.make([checkpoint], None)
            made.append(checkpoint)
            self._record(new.report, reports, recovery, actor)
        except BaseException:
            for name in made:
                self.room.destroy(name)
            raise
        return [*reports, new.report]

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
            if on_record[report.name] not in {None, report.check_value}:
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


def _no_copies(names: Sequence[str]) -> NotAllowed:
    return NotAllowed(
        f"{', '.join(names)}: made without a copy for custodians",
        remedy="Back them up by the HSM's own means, or import the makers' files into a new vault.",
    )
