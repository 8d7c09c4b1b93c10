"""The use cases over the audit log, with what they need."""

# ruff: noqa: PLC0415 - adapters are imported when they are first used

import socket
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from seedvault.domain.errors import InvalidInput
from seedvault.service.audit import AuditReport, CompareExport, VerifyAudit, VerifyExport
from seedvault.service.audit_export import CopyToSyslog, ExportAudit
from seedvault.service.audit_restores import RestoresOnRecord
from seedvault.service.checkpoints import WriteCheckpoint
from seedvault.service.covering import Copy, CoverLog, FollowLog, Remark, to_file, to_syslog
from seedvault.wiring.clock import system_clock

if TYPE_CHECKING:
    from seedvault.service.records import RecordSigner
    from seedvault.wiring import Application
    from seedvault.witness import ExportReader


class Auditing:
    """What is done with the log of an open vault. The HSM is logged in to where it signs."""

    def __init__(self, application: "Application") -> None:
        self._application = application
        self._vault = application.vault

    @property
    def write(self) -> WriteCheckpoint:
        return WriteCheckpoint(self._vault, self._signer, system_clock)

    def cover(self, remark: Remark) -> CoverLog:
        """Checkpoints with the copies that the settings ask for."""
        return CoverLog(self.write, list(self._copies()), remark)

    def follow(self, remark: Remark, pause: Callable[[], bool]) -> FollowLog:
        return FollowLog(self.cover(remark), pause)

    def export(self, file: Path | None = None) -> ExportAudit:
        """To `file`, or the one of the settings. Raises InvalidInput where there is neither."""
        from seedvault.witness import JsonLinesFile

        chosen = file or self._application.settings.export_file
        if chosen is None:
            raise InvalidInput(
                "no file was named, and seedvault.toml names none",
                remedy="Name one, or write it down: [audit] export_file",
            )
        return ExportAudit(self._vault, JsonLinesFile(chosen))

    @property
    def public_key(self) -> bytes:
        """Of the key that signs checkpoints now: SubjectPublicKeyInfo in DER."""
        return self._signer.public_key

    def verify(self, keys: Sequence[bytes] = ()) -> AuditReport:
        """The database's log, by these public keys, or by the one in the HSM."""
        from seedvault.keys import verifies

        return VerifyAudit(self._vault, lambda: keys or [self.public_key], verifies)()

    def compare(self, readers: "Sequence[ExportReader]", keys: Sequence[bytes]) -> AuditReport:
        """An exported log, held against the database's; by keys as above."""
        from seedvault.keys import verifies

        def anchors() -> Sequence[bytes]:
            return keys or [self.public_key]

        restores = RestoresOnRecord(self._vault, anchors, verifies)
        verify = VerifyExport(anchors, verifies)
        return verify(chain.from_iterable(readers), CompareExport(self._vault, restores))

    @property
    def _signer(self) -> "RecordSigner":
        return self._application.record_signer

    def _copies(self) -> "list[Copy]":
        settings = self._application.settings
        copies: list[Copy] = []
        if settings.export_file is not None:
            copies.append(to_file(self.export()))
        if settings.syslog is not None:
            copies.append(to_syslog(self._syslog(settings.syslog)))
        return copies

    def _syslog(self, url: str) -> CopyToSyslog:
        from seedvault.witness import Origin, SyslogCopies, syslog_place

        settings = self._application.settings
        origin = Origin(
            socket.gethostname(), self._vault.identity.vault_id, settings.syslog_enterprise
        )
        return CopyToSyslog(self._vault, SyslogCopies(syslog_place(url), origin))


def export_readers(files: Sequence[Path]) -> "list[ExportReader]":
    """The files of an exported log, in order. Raises InvalidInput where one cannot be read."""
    from seedvault.witness import ExportReader

    return [ExportReader(file) for file in files]


def verify_offline(readers: "Sequence[ExportReader]", keys: Sequence[bytes]) -> AuditReport:
    """An exported log by these public keys alone: no vault, no HSM."""
    from seedvault.keys import verifies

    return VerifyExport(lambda: keys, verifies)(chain.from_iterable(readers))


def public_keys(files: Sequence[Path]) -> list[bytes]:
    """Public keys out of PEM files, in DER. Raises InvalidInput where one holds none of ours."""
    from seedvault.keys import public_key_of

    try:
        return [public_key_of(file.read_bytes(), str(file)) for file in files]
    except OSError as error:
        raise InvalidInput(f"{error.filename} cannot be read: {error.strerror}") from error
