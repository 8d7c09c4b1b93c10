"""The audit log: chains that hold, and break where anyone touches them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain.audit import (
    SERIAL_CHAINS,
    AuditEvent,
    Break,
    EventKind,
    check_chain,
)
from seedvault.domain.fleet import FAILED
from seedvault.domain.names import Serial
from seedvault.service.ports import EventFilter, Place
from seedvault.storage import SqlVault, chains
from tests.integration.seedvault.storage.conftest import Tamper, plan
from tests.support.databases import only_sqlite
from tests.support.tokens import NOON, new_token, serial
from tests.support.vaults import event, import_tokens

CHAIN = event(serial(1)).chain
EVERY_FIELD = AuditEvent(
    EventKind.CODE_ACCEPTED, NOON, "rp", serial(1), "alice", "B-0001", 7, "offset +0"
)


def log(vault: SqlVault, *events: AuditEvent) -> None:
    for one in events:
        with vault.transaction() as transaction:
            transaction.commit(one)


def breaks(vault: SqlVault) -> list[Break]:
    heads = {head.chain: head for head in vault.heads()}
    return [
        found
        for chain in range(SERIAL_CHAINS + 1)
        for found in check_chain(chain, vault.chain(chain), heads.get(chain))
    ]


@pytest.fixture
def four(vault: SqlVault) -> SqlVault:
    """A vault with four events in one chain."""
    log(vault, *[EVERY_FIELD] * 4)
    return vault


def test_an_event_is_read_back_as_it_was_committed(vault: SqlVault) -> None:
    log(vault, EVERY_FIELD)
    (logged,) = vault.chain(CHAIN)
    assert logged.event == EVERY_FIELD
    assert (logged.chain, logged.sequence) == (CHAIN, 1)


def test_every_chain_that_was_written_holds(vault: SqlVault) -> None:
    log(vault, *(event(serial(number)) for number in range(40)))
    assert len(vault.heads()) == SERIAL_CHAINS + 1
    assert breaks(vault) == []


def test_a_chain_without_events_has_no_head(vault: SqlVault) -> None:
    assert [head.chain for head in vault.heads()] == [0]
    assert list(vault.chain(CHAIN)) == []


def test_a_chain_is_read_whole_over_many_pages(
    four: SqlVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chains, "_PAGE", 2)
    assert [logged.sequence for logged in four.chain(CHAIN)] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "change",
    [
        "kind = 'code.rejected'",
        "kind = 'nonsense'",
        "at_ms = at_ms + 1",
        "at_ms = 9e15",
        "actor = 'mallory'",
        "serial = 'GALT10000009'",
        "serial = '=1'",
        "serial = NULL",
        "\"user\" = 'mallory'",
        "batch = NULL",
        "factor = 8",
        "detail = NULL",
        "digest = (SELECT digest FROM audit_head WHERE chain = 0)",
        "digest = 'text'",
        "sequence = 9",
        "chain = 0, sequence = 9",
    ],
)
def test_a_changed_column_breaks_its_chain(four: SqlVault, tamper: Tamper, change: str) -> None:
    tamper(f"UPDATE audit_event SET {change} WHERE chain = ? AND sequence = 2", CHAIN)
    assert breaks(four) != []


@only_sqlite
@pytest.mark.parametrize("change", ["at_ms = at_ms + 0.5", "factor = '8 '", "sequence = 'two'"])
def test_a_value_of_another_type_breaks_its_chain(
    four: SqlVault, tamper: Tamper, change: str
) -> None:
    tamper(f"UPDATE audit_event SET {change} WHERE chain = ? AND sequence = 2", CHAIN)
    assert breaks(four) != []


@pytest.mark.parametrize("sequence", [1, 2, 4])
def test_a_deleted_event_breaks_its_chain(four: SqlVault, tamper: Tamper, sequence: int) -> None:
    tamper("DELETE FROM audit_event WHERE chain = ? AND sequence = ?", CHAIN, sequence)
    assert breaks(four) != []


def test_a_cut_off_end_is_found_even_with_no_event_left(four: SqlVault, tamper: Tamper) -> None:
    tamper("DELETE FROM audit_event WHERE chain = ?", CHAIN)
    assert breaks(four) != []


def test_a_head_taken_back_is_found(four: SqlVault, tamper: Tamper) -> None:
    tamper("UPDATE audit_head SET sequence = sequence - 1 WHERE chain = ?", CHAIN)
    assert breaks(four) != []


def test_within_a_snapshot_heads_and_chains_agree_while_others_write(
    four: SqlVault, tamper: Tamper
) -> None:
    with four.snapshot():
        heads = four.heads()
        tamper("UPDATE audit_head SET sequence = sequence + 1")
        assert four.heads() == heads
    assert four.heads() != heads


def test_the_newest_event_comes_first(vault: SqlVault) -> None:
    later = AuditEvent(EventKind.CODE_ACCEPTED, NOON + timedelta(seconds=1), "rp", serial(2))
    log(vault, later, EVERY_FIELD)
    assert [logged.event.at for logged in vault.events(EventFilter(limit=2))] == [later.at, NOON]


@pytest.mark.parametrize(
    "wanted",
    [
        EventFilter(serial=Serial("galt 10000001")),
        EventFilter(user="alice"),
        EventFilter(actor="rp"),
        EventFilter(batch="B-0001"),
        EventFilter(kind=EventKind.CODE_ACCEPTED),
        EventFilter(kind=frozenset({EventKind.CODE_ACCEPTED, EventKind.SEAL_BROKEN})),
        EventFilter(chain=CHAIN),
        EventFilter(since=NOON),
        EventFilter(since=NOON, until=NOON + timedelta(milliseconds=1)),
    ],
    ids=["serial", "user", "actor", "batch", "kind", "kinds", "chain", "since", "until"],
)
def test_events_are_filtered(vault: SqlVault, wanted: EventFilter) -> None:
    import_tokens(vault, [new_token(1)])
    before = NOON - timedelta(milliseconds=1)
    log(vault, EVERY_FIELD, AuditEvent(EventKind.CODE_REJECTED, before, "op", serial(2), "bob"))
    found = [logged.event for logged in vault.events(wanted)]
    assert EVERY_FIELD in found
    assert all(logged.serial != serial(2) for logged in found)


def test_events_are_limited(four: SqlVault) -> None:
    assert len(four.events(EventFilter(limit=3))) == 3


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (EventFilter(serial=serial(1)), "audit_event_by_serial"),
        (EventFilter(), "audit_event_by_time"),
        (EventFilter(since=NOON), "audit_event_by_time"),
    ],
)
def test_the_log_is_not_scanned(vault: SqlVault, wanted: EventFilter, index: str) -> None:
    steps = plan(vault, chains.newest(wanted), never=["seqscan"])
    assert any(index in step for step in steps)


def test_events_are_counted_without_a_limit(vault: SqlVault) -> None:
    before = NOON - timedelta(milliseconds=1)
    log(vault, *(event(serial(number)) for number in range(5)))
    log(vault, replace(event(serial(1)), at=before))
    log(vault, AuditEvent(EventKind.SEAL_BROKEN, NOON, "op"))
    kinds = frozenset({event(serial(1)).kind, EventKind.TOKEN_FOUND})
    assert vault.count_events(EventFilter(kind=kinds, since=NOON, limit=1)) == 5
    assert vault.count_events(EventFilter(kind=kinds, since=before)) == 6
    assert vault.count_events(EventFilter(since=NOON)) == 7  # and that the vault was made


def test_kinds_of_late_are_counted_by_the_index_alone(vault: SqlVault) -> None:
    wanted = EventFilter(kind=FAILED, since=NOON)
    steps = plan(vault, chains.counted(wanted), never=["seqscan", "bitmapscan"])
    (index,) = [step for step in steps if "audit_event_by_time" in step]
    assert "COVERING INDEX" in index or "Index Only Scan" in index


def test_pages_of_events_are_the_list_without_a_gap(vault: SqlVault) -> None:
    """Many of one moment, over several chains: the order is by moment, chain, and sequence."""
    later = NOON + timedelta(milliseconds=1)
    log(vault, *(event(serial(number % 5)) for number in range(12)))
    log(vault, *(replace(event(serial(number)), at=later) for number in range(3)))
    log(vault, event(serial(1)))
    whole = vault.events(EventFilter(limit=100))
    pages = page = vault.events(EventFilter(limit=3))
    while page:
        last = Place(page[-1].chain, page[-1].sequence)
        page = vault.events(EventFilter(before=last, limit=3))
        pages = [*pages, *page]
    assert pages == whole
    assert len(whole) == 17


def test_the_moment_of_a_place_is_that_event_s(four: SqlVault) -> None:
    assert four.moment_of(Place(CHAIN, 2)) == NOON
    assert four.moment_of(Place(CHAIN, 5)) is None
