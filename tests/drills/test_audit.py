"""The drill of the tampered audit log, short; and the same without the defence it tests."""

import pytest

from seedvault.keys import verifies
from seedvault.storage.tables import AUDIT_EVENT, AUDIT_HEAD, CHECKPOINT
from tests.drills import audit

EVERY_COLUMN = {
    f"{table.name}.{column} changed"
    for table in (AUDIT_EVENT, AUDIT_HEAD, CHECKPOINT)
    for column in table.columns.keys()  # noqa: SIM118 - columns, and no dict
}


def test_whatever_was_done_to_the_log_below_its_last_exported_checkpoint_is_found() -> None:
    figures = audit.run(every=60, copies=40)
    assert figures.good, audit.table(figures)
    assert set(figures.rows) > EVERY_COLUMN


def test_without_signatures_a_log_rewritten_with_its_checkpoints_is_missed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    figures = audit.run(every=60, copies=10_000, check=lambda *_: True)
    assert not figures.good
    rewritten = {name for name in figures.missed if "checkpoints rewritten" in name}
    assert len(rewritten) >= 4
    assert set(figures.missed) == rewritten | {"checkpoint.signature changed"}
    assert "MISSED" in audit.table(figures)


def test_the_drill_verifies_signatures_unless_it_is_told_not_to() -> None:
    assert audit.run.__defaults__ == (verifies,)
