"""A new checkpoint key, introduced by the old one: whoever trusts the first trusts them all."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.vault_key import KeyPurpose, StoredKey, in_use
from seedvault.service.checkpoints import WriteCheckpoint
from seedvault.service.key_ports import KeyReport, KeyRoom, KeyTransaction
from seedvault.service.ports import Clock
from seedvault.service.rotation import Renewed, free_name


class _Vault(Protocol):
    def vault_keys(self) -> list[StoredKey]: ...
    def transaction(self) -> AbstractContextManager[KeyTransaction]: ...


@dataclass(frozen=True, slots=True)
class RenewCheckpointKey:
    """Make a key, let the one in use sign that it follows, then take it into use.

    `write` signs by the key in use. A key that is lost with its HSM cannot introduce another: see
    `RestoreKeys`; what the new one signs is then trusted by whoever is told its public key.
    """

    vault: _Vault
    room: KeyRoom
    clock: Clock
    write: WriteCheckpoint

    def __call__(self, actor: str) -> Renewed:
        old = in_use(self.vault.vault_keys()).checkpoint
        name = self.name()
        (made,) = self.room.make([name], None)
        try:
            self.write.introduce(self.room.public_key(name))
            self._take_into_use(old, made.report, actor)
        except BaseException:
            # Not where the vault came to know it: a commit may have had no answer.
            if name not in {key.name for key in self.vault.vault_keys()}:
                self.room.destroy(name)
            raise
        return Renewed(old, made.report)

    def name(self) -> str:
        """What the new key will be called."""
        return free_name(self.room, KeyPurpose.CHECKPOINT, self.vault.vault_keys())

    def _take_into_use(self, old: str, report: KeyReport, actor: str) -> None:
        now = self.clock()
        new = StoredKey(
            report.name,
            KeyPurpose.CHECKPOINT,
            in_use=True,
            created_at=now,
            check_value=report.check_value,
        )
        words = KeyPurpose.CHECKPOINT.words
        detail = f"{words} {old} -> {new.name}, check value {new.check_value}"
        with self.vault.transaction() as transaction:
            transaction.add_key(new)
            transaction.commit(AuditEvent(EventKind.KEY_ROTATED, now, actor, detail=detail))
