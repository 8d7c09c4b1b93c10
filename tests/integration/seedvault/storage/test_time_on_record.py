"""The database knows the latest time of its log, and, where it has one, its own clock's."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import ClockUntrusted, SealBroken
from seedvault.service.clock import AcceptClock, CompareClocks
from seedvault.service.ports import EventFilter
from seedvault.storage import SqlVault, open_vault
from tests.integration.seedvault.storage.conftest import Tamper
from tests.support.databases import SQLITE, only_postgresql
from tests.support.tokens import new_token, serial
from tests.support.vaults import held_token, import_tokens, url

HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def today(vault: SqlVault, tmp_path: Path) -> Iterator[SqlVault]:
    """The vault as a node has it open whose clock is right; it has a token."""
    import_tokens(vault, [new_token(1)])
    with closing(open_vault(url(tmp_path), now)) as opened:
        yield opened


def happen(vault: SqlVault, at: datetime) -> None:
    with vault.transaction() as transaction:
        transaction.commit(AuditEvent(EventKind.BATCH_REFUSED, at, "ingrid"))


def test_a_token_is_read_with_the_latest_time_on_record(today: SqlVault) -> None:
    later = now() + 9 * HOUR
    happen(today, later)
    happen(today, later - HOUR)
    record = held_token(today, serial(1)).record
    assert record is not None
    assert record.newest == later
    assert today.time_on_record().newest == later


def test_a_time_that_was_accepted_takes_the_place_of_later_ones_on_record(today: SqlVault) -> None:
    moment = now()
    happen(today, moment + 24 * HOUR)
    compare = CompareClocks(today, lambda: moment)
    assert compare().why is not None
    AcceptClock(today, lambda: moment)("adam")
    assert compare().why is None
    assert today.time_on_record().newest == moment
    (accepted,) = today.events(EventFilter(kind=EventKind.CLOCK_ACCEPTED))
    assert accepted.event.actor == "adam"
    assert (moment + 24 * HOUR).isoformat() in (accepted.event.detail or "")


def test_what_comes_after_the_times_that_count_no_more_counts_again(today: SqlVault) -> None:
    moment = now()
    happen(today, moment + 24 * HOUR)
    AcceptClock(today, lambda: moment)("adam")
    happen(today, moment + 25 * HOUR)
    assert today.time_on_record().newest == moment + 25 * HOUR


def test_the_other_nodes_see_at_once_that_it_was_accepted(today: SqlVault, tmp_path: Path) -> None:
    moment = now()
    happen(today, moment + 24 * HOUR)
    with closing(open_vault(url(tmp_path), now)) as other:
        assert other.time_on_record().newest > moment
        AcceptClock(today, lambda: moment)("adam")
        assert other.time_on_record().newest == moment


def test_an_event_of_no_time_is_told_as_altered(today: SqlVault, tamper: Tamper) -> None:
    tamper("UPDATE audit_event SET at_ms = 9000000000000000")
    with pytest.raises(SealBroken, match="the latest event"):
        today.token(serial(1))


@pytest.mark.parametrize("wrong_by", [-HOUR, HOUR])
def test_only_a_server_has_a_clock_to_compare_with(
    today: SqlVault, database: str, tmp_path: Path, wrong_by: timedelta
) -> None:
    with closing(open_vault(url(tmp_path), lambda: now() + wrong_by)) as wrong:
        ahead = wrong.time_on_record().ahead
    if database == SQLITE:
        assert ahead == timedelta(0)
    else:
        assert abs(ahead - wrong_by) < HOUR / 2
    assert abs(today.time_on_record().ahead) < HOUR / 2


@only_postgresql
def test_the_server_s_own_clock_is_not_overruled(today: SqlVault, tmp_path: Path) -> None:
    def wrong() -> datetime:
        return now() - HOUR

    with closing(open_vault(url(tmp_path), wrong)) as there:
        with pytest.raises(ClockUntrusted, match="behind the database's"):
            AcceptClock(there, wrong)("adam")
        assert there.events(EventFilter(kind=EventKind.CLOCK_ACCEPTED)) == []
