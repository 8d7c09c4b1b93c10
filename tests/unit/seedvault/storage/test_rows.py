"""Rows carry what they are declared to carry."""

from datetime import UTC, datetime

import pytest
from sqlmodel import SQLModel

from seedvault.domain.audit import milliseconds, moment
from seedvault.storage import columns
from seedvault.storage.tables import (
    AUDIT_EVENT,
    BATCH,
    NEW_TOKEN_COLUMNS,
    STAGED_TOKEN,
    TokenTable,
)


def test_a_staged_row_is_every_column_but_the_primary_key() -> None:
    assert set(columns.StagedRow._fields) == set(STAGED_TOKEN.c.keys()) - {"id"}


def test_what_is_published_is_what_was_staged() -> None:
    assert set(NEW_TOKEN_COLUMNS) == set(columns.StagedRow._fields) - {"staging", "line", "held"}


def test_an_event_row_is_every_column() -> None:
    assert set(columns.EventRow._fields) == set(AUDIT_EVENT.c.keys())


def test_a_batch_row_is_every_column() -> None:
    assert set(columns.BatchRow._fields) == set(BATCH.c.keys())


@pytest.mark.parametrize("ms", [0, 1, 999, 1_795_521_600_123, 253_402_300_799_999])
def test_a_moment_survives_its_milliseconds(ms: int) -> None:
    assert milliseconds(moment(ms)) == ms


def test_a_moment_is_aware_utc() -> None:
    assert moment(1_500) == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)


@pytest.mark.parametrize("column", ["blob", "fingerprint", "seal"])
def test_what_is_made_from_a_seed_is_in_no_repr(column: str) -> None:
    assert not TokenTable.model_fields[column].repr


def test_a_column_of_milliseconds_or_a_moving_factor_is_64_bits_wide() -> None:
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith("_ms") or column.name in {"next_factor", "factor", "t0_s"}:
                assert str(column.type) == "BIGINT", f"{table.name}.{column.name}"
