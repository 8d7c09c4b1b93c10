"""What the ceremonies over transport keys write down and show alike."""

from collections.abc import Sequence

from seedvault.cli.options import Session
from seedvault.domain.batch import Batch
from seedvault.domain.ceremony import CeremonyRecord, RecordedKey
from seedvault.service.transport_ports import TransportReport
from seedvault.wiring import Application, system_clock

Facts = Sequence[tuple[str, str]]


def ceremony_record(
    session: Session, application: Application, title: str, facts: Facts
) -> CeremonyRecord:
    """The record of what was done now, by whoever's session this is."""
    setting, now = application.setting, system_clock()
    return CeremonyRecord(title, setting, now, session.actor, facts=tuple(facts))


def recorded(report: TransportReport, check_value: str) -> RecordedKey:
    """A key for a record."""
    return RecordedKey(
        f"{report.label} (transport key)",
        report.kind.words,
        check_value,
        report.uses,
        report.attributes,
    )


def opened_words(batch: Batch) -> str:
    """A batch that a key opened."""
    return (
        f"{batch.name}: {batch.source.file_name}, {batch.tokens} tokens, "
        f"imported {batch.imported_at:%Y-%m-%d %H:%M:%S} UTC by {batch.imported_by}"
    )


def opened_fields(batch: Batch) -> dict[str, object]:
    """The same for a document."""
    return {
        "batch": batch.name,
        "file": batch.source.file_name,
        "tokens": batch.tokens,
        "imported": batch.imported_at,
    }
