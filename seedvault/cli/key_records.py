"""What the ceremonies over the vault's own keys write down."""

from collections.abc import Sequence
from pathlib import Path

from seedvault.cli.options import Session
from seedvault.cli.records import KeptRecord, RecordFolder
from seedvault.domain.ceremony import CeremonyRecord, RecordedKey
from seedvault.service.key_ports import KeyReport
from seedvault.wiring import Application, system_clock


class Secretary:
    """Writes one ceremony's record, into a folder found writable before the ceremony began."""

    def __init__(self, session: Session, records: Path | None) -> None:
        self._session = session
        self._folder = RecordFolder(session, records)

    def write(
        self,
        application: Application,
        title: str,
        facts: Sequence[tuple[str, str]],
        keys: Sequence[KeyReport],
        approved_by: str | None = None,
    ) -> KeptRecord:
        """The record's files, signed by the checkpoint key in the HSM."""
        record = CeremonyRecord(
            title,
            application.setting,
            system_clock(),
            self._session.actor,
            approved_by,
            facts=tuple(facts),
            keys=tuple(map(_recorded, keys)),
        )
        return self.keep(application, record)

    def keep(self, application: Application, record: CeremonyRecord) -> KeptRecord:
        """The files of a record that is written already, signed in the same way."""
        return self._folder.keep(application.sign_record(record))


def _recorded(key: KeyReport) -> RecordedKey:
    return RecordedKey(
        f"{key.name} ({key.purpose.words})", key.kind, key.check_value, key.uses, key.attributes
    )
