"""The whole vault in one file, for whoever holds the recipient's private key."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.backup import BackupHeader, statement
from seedvault.domain.ceremony import SigningKey
from seedvault.domain.names import legible
from seedvault.service.backup_ports import BackupOutbox, BackupVault, Contents, Tell, Written
from seedvault.service.ports import Clock
from seedvault.service.records import RecordSigner


@dataclass(frozen=True, slots=True)
class BackUp:
    """Write every row of one moment to a new file, signed and encrypted; others go on meanwhile.

    Anybody can encrypt to a public key: it is the signature that a restore believes.
    """

    vault: BackupVault
    signer: RecordSigner
    outbox: BackupOutbox
    clock: Clock

    def __call__(self, path: Path, actor: str, tell: Tell, *, dry_run: bool = False) -> Written:
        """The file, whole and on record before it has its name.

        A dry run does the same, and throws the file away.
        """
        with self.outbox.draft(path) as draft:
            with self.vault.snapshot():
                contents = Contents(self._header(), self.vault.dump(), self._sign)
                written = draft.write(contents, tell)
            if not dry_run:
                self._record(path, written, actor)
                draft.publish()
        return written

    def _header(self) -> BackupHeader:
        identity = self.vault.identity
        key = hashlib.sha256(self.signer.public_key).hexdigest()
        return BackupHeader(
            self.vault.schema,
            identity.vault_id,
            identity.epoch,
            self.clock(),
            tuple(stored.name for stored in self.vault.vault_keys() if stored.in_use),
            SigningKey(self.signer.name, key),
            tuple(self.vault.heads()),
        )

    def _sign(self, digest: bytes) -> bytes:
        return self.signer.sign(statement(digest))

    def _record(self, path: Path, written: Written, actor: str) -> None:
        whom = ", ".join(self.outbox.recipients)
        detail = f"{legible(path.name)}, SHA-256 {written.sha256}, for {whom}"
        event = AuditEvent(EventKind.VAULT_BACKED_UP, self.clock(), actor, detail=detail)
        with self.vault.transaction() as transaction:
            transaction.commit(event)
