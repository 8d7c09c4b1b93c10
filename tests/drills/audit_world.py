"""A vault with a log of some hundreds of events, its checkpoints, and a copy out of reach."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hsm import Keystore
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.checkpoint import AT_ONCE
from seedvault.domain.trust import Verifies
from seedvault.keys import HsmRecordSigner
from seedvault.service.audit import AuditReport, CompareExport, VerifyAudit, VerifyExport
from seedvault.service.audit_export import ExportAudit
from seedvault.service.audit_restores import RestoresOnRecord
from seedvault.service.checkpoints import WriteCheckpoint
from seedvault.storage import SqlVault, open_vault
from seedvault.witness import ExportReader, JsonLinesFile
from tests.support.tokens import NOON, serial
from tests.support.vaults import make_vault, url

EVENTS, CHECKPOINTS, TOKENS = 300, 6, 40
_KINDS = (EventKind.CODE_ACCEPTED, EventKind.CODE_REJECTED, EventKind.TOKEN_ASSIGNED)

Change = Callable[[sqlite3.Connection], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What whoever verifies is told: by the database alone, and beside the exported log."""

    alone: AuditReport
    beside: AuditReport

    @property
    def by_database(self) -> bool:
        return bool(self.alone.breaks)

    @property
    def by_export(self) -> bool:
        return bool(self.beside.breaks)


class AuditWorld:
    """The log, as it was before anybody touched it; each attack is on a copy of the database."""

    def __init__(self, folder: Path, keystore: Keystore, verifies: Verifies) -> None:
        self._folder = folder
        self._verifies = verifies
        self._signer = HsmRecordSigner(keystore)
        self.export = folder / "audit.jsonl"
        self.older = folder / "older.db"
        self._pristine, self._work = folder / "pristine.db", folder / "vault.db"
        vault = make_vault(folder)
        self._write(vault)
        vault.close()
        self._keep(self._pristine)

    def attacked(self, change: Change) -> Found:
        """What is found after a change of the database that Seedvault did not make."""
        self._restore(self._pristine)
        with closing(sqlite3.connect(self._work)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            connection.execute("PRAGMA synchronous = OFF")
            connection.create_function("flipped", 1, _flipped)
            with connection:
                change(connection)
        return self._found()

    def replaced(self, by: Path) -> Found:
        """What is found where the whole database was replaced."""
        self._restore(by)
        return self._found()

    def offline(self, octets: bytes) -> AuditReport:
        """What is found in an exported file of other octets, by the public key alone."""
        file = self._folder / "changed.jsonl"
        file.write_bytes(octets)
        return VerifyExport(lambda: [self._signer.public_key], self._verifies)(ExportReader(file))

    def vault(self) -> SqlVault:
        """The pristine one, to look at."""
        self._restore(self._pristine)
        return open_vault(url(self._folder), lambda: NOON)

    def _found(self) -> Found:
        vault = open_vault(url(self._folder), lambda: NOON)
        try:
            keys = [self._signer.public_key]
            beside = VerifyExport(lambda: keys, self._verifies)
            restores = RestoresOnRecord(vault, lambda: keys, self._verifies)
            return Found(
                VerifyAudit(vault, lambda: keys, self._verifies)(),
                beside(ExportReader(self.export), CompareExport(vault, restores)),
            )
        finally:
            vault.close()

    def _write(self, vault: SqlVault) -> None:
        """Events, and after every part of them a checkpoint; the last few stay uncovered."""
        export = ExportAudit(vault, JsonLinesFile(self.export))
        part = EVENTS // CHECKPOINTS
        for number, event in enumerate(_events(), start=1):
            with vault.transaction() as transaction:
                transaction.commit(event)
            if number % part == 0 and number <= EVENTS:
                WriteCheckpoint(vault, self._signer, lambda: NOON)(AT_ONCE)
                export()
            if number == EVENTS // 2:
                self._keep(self.older)

    def _keep(self, copy: Path) -> None:
        with (
            closing(sqlite3.connect(self._folder / "vault.db")) as source,
            closing(sqlite3.connect(copy)) as target,
        ):
            source.backup(target)

    def _restore(self, copy: Path) -> None:
        for suffix in ("-wal", "-shm"):
            self._work.with_name(self._work.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(copy, self._work)


def _flipped(octets: bytes) -> bytes:
    """The same but for one bit."""
    return octets[:-1] + bytes([octets[-1] ^ 1])


def _events() -> Iterator[AuditEvent]:
    """Of every kind of place: tokens of all chains, users, batches; ten more than are covered."""
    for number in range(EVENTS + 10):
        at = NOON + timedelta(seconds=number)
        if number % 10 == 0:
            yield AuditEvent(EventKind.USER_ADDED, at, "os:ann", user=f"user-{number}")
        else:
            card = serial(number % TOKENS)
            yield replace(
                AuditEvent(_KINDS[number % 3], at, "os:rp", card, f"user-{number % 7}"),
                batch="B-0001" if number % 2 else None,
                factor=number,
                detail="offset +0",
            )
