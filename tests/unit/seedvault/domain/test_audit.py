"""The hash chains: every field counts, and no change of the record goes unseen."""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from seedvault.domain.audit import (
    GENESIS,
    RULE_CHANGES,
    SERIAL_CHAINS,
    AuditEvent,
    Break,
    ChainHead,
    EventKind,
    LoggedEvent,
    check_chain,
    link,
    milliseconds,
)
from seedvault.domain.names import Serial
from tests.support.tokens import NOON

EVENT = AuditEvent(
    EventKind.CODE_ACCEPTED,
    NOON,
    actor="rp",
    serial=Serial("GALT1"),
    user="alice",
    batch="B-0001",
    factor=7,
    detail="offset +0",
)
CHANGED: dict[str, Any] = {
    "kind": EventKind.CODE_REJECTED,
    "at": NOON + timedelta(milliseconds=1),
    "actor": "someone else",
    "serial": Serial("galt1"),  # the same token, but not what was written
    "user": "bob",
    "batch": "B-0002",
    "factor": 8,
    "detail": "offset +1",
}
CHAIN = 3


def chain_of(events: Iterable[AuditEvent]) -> list[LoggedEvent]:
    logged, digest = list[LoggedEvent](), GENESIS
    for sequence, event in enumerate(events, start=1):
        digest = link(digest, CHAIN, sequence, event)
        logged.append(LoggedEvent(CHAIN, sequence, event, digest))
    return logged


def head_of(chain: Sequence[LoggedEvent]) -> ChainHead:
    return ChainHead(CHAIN, chain[-1].sequence, chain[-1].digest)


CHAIN_OF_4 = chain_of(replace(EVENT, factor=factor) for factor in range(4))
HEAD_OF_4 = head_of(CHAIN_OF_4)


def broken_at(chain: Iterable[LoggedEvent], head: ChainHead | None = HEAD_OF_4) -> list[int | None]:
    """The sequence numbers of all breaks."""
    found = list(check_chain(CHAIN, chain, head))
    assert {each.chain for each in found} <= {CHAIN}
    return [each.sequence for each in found]


def test_the_changes_below_are_to_every_field() -> None:
    assert set(CHANGED) == {each.name for each in fields(AuditEvent)}


@pytest.mark.parametrize("name", CHANGED)
def test_a_link_covers_each_field(name: str) -> None:
    changed = replace(EVENT, **{name: CHANGED[name]})
    assert link(GENESIS, 1, 1, changed) != link(GENESIS, 1, 1, EVENT)


@pytest.mark.parametrize("name", ["serial", "user", "batch", "factor", "detail"])
def test_a_link_tells_an_absent_field(name: str) -> None:
    nothing: dict[str, Any] = {name: None}
    absent = replace(EVENT, **nothing)
    assert link(GENESIS, 1, 1, absent) != link(GENESIS, 1, 1, EVENT)


def test_a_link_covers_all_before_it_and_its_place() -> None:
    here = link(GENESIS, 1, 1, EVENT)
    assert len({here, link(here, 1, 1, EVENT), link(GENESIS, 2, 1, EVENT)}) == 3
    assert link(GENESIS, 1, 2, EVENT) != here


def test_a_link_is_a_sha256() -> None:
    assert len(link(GENESIS, 1, 1, EVENT)) == 32


def test_what_concerns_no_token_is_in_chain_0() -> None:
    assert replace(EVENT, serial=None).chain == 0


def test_tokens_are_spread_over_all_other_chains() -> None:
    chains = {replace(EVENT, serial=Serial(f"GALT{n}")).chain for n in range(200)}
    assert chains == set(range(1, SERIAL_CHAINS + 1))


def test_a_token_has_one_chain_however_its_serial_is_written() -> None:
    assert replace(EVENT, serial=Serial("galt 1")).chain == EVENT.chain


def test_rules_change_where_one_is_set_or_unset() -> None:
    assert RULE_CHANGES == (EventKind.POLICY_SET, EventKind.POLICY_UNSET)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Break(3, 7, "x"), "chain 3, event 7"),
        (Break(3, 7, "x", checkpoint=2, line=9), "line 9, checkpoint 2, chain 3, event 7"),
        (Break(None, None, "x", checkpoint=2), "checkpoint 2"),
        (Break(None, None, "x", line=9), "line 9"),
        (Break(None, None, "x"), "the log"),
    ],
)
def test_the_place_of_a_break_is_told(place: Break, words: str) -> None:
    assert place.place == words


def test_every_chain_begins_with_32_zero_octets() -> None:
    assert bytes(32) == GENESIS


def test_an_event_of_another_chain_is_told_by_its_name() -> None:
    (misplaced, *_) = check_chain(CHAIN + 1, CHAIN_OF_4, replace(HEAD_OF_4, chain=CHAIN + 1))
    assert misplaced.what == "the event belongs to another chain"


def test_a_chain_as_it_was_written_holds() -> None:
    assert broken_at(CHAIN_OF_4) == []


def test_an_empty_chain_holds() -> None:
    assert broken_at([], None) == []


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("name", CHANGED)
def test_an_altered_event_is_found_where_it_stands(place: int, name: str) -> None:
    chain = list(CHAIN_OF_4)
    event = replace(chain[place].event, **{name: CHANGED[name]})
    chain[place] = replace(chain[place], event=event)
    assert broken_at(chain) == [place + 1]


@pytest.mark.parametrize("place", range(3))
def test_an_event_relinked_by_the_forger_is_found_at_the_next(place: int) -> None:
    chain = list(CHAIN_OF_4)
    previous = chain[place - 1].digest if place else GENESIS
    forged = replace(EVENT, user="mallory")
    digest = link(previous, CHAIN, place + 1, forged)
    chain[place] = LoggedEvent(CHAIN, place + 1, forged, digest)
    assert broken_at(chain) == [place + 2]


def test_a_chain_forged_from_one_event_to_the_end_does_not_meet_its_head() -> None:
    forged = chain_of(replace(EVENT, user="mallory", factor=factor) for factor in range(4))
    assert broken_at(forged) == [4]


@pytest.mark.parametrize("place", range(3))
def test_a_deleted_event_is_missing(place: int) -> None:
    chain = list(CHAIN_OF_4)
    del chain[place]
    assert place + 1 in broken_at(chain)


def test_a_deleted_event_whose_followers_were_renumbered_is_found() -> None:
    chain = [CHAIN_OF_4[0], replace(CHAIN_OF_4[2], sequence=2), replace(CHAIN_OF_4[3], sequence=3)]
    assert 2 in broken_at(chain)


def test_events_that_changed_places_are_found() -> None:
    first, second, third, fourth = CHAIN_OF_4
    assert broken_at([first, third, second, fourth])


def test_events_that_changed_places_and_numbers_are_found() -> None:
    first, second, third, fourth = CHAIN_OF_4
    swapped = [first, replace(third, sequence=2), replace(second, sequence=3), fourth]
    assert broken_at(swapped)


@pytest.mark.parametrize("left", range(4))
def test_a_chain_that_was_cut_off_does_not_meet_its_head(left: int) -> None:
    assert broken_at(CHAIN_OF_4[:left]) == [left]


def test_an_event_that_was_added_does_not_meet_the_head() -> None:
    longer = chain_of([*(logged.event for logged in CHAIN_OF_4), EVENT])
    assert broken_at(longer) == [5]


def test_a_chain_without_a_head_was_added_from_outside() -> None:
    assert broken_at(CHAIN_OF_4, None) == [4]


@pytest.mark.parametrize(
    "head",
    [
        replace(HEAD_OF_4, digest=bytes(32)),
        replace(HEAD_OF_4, sequence=5),
        replace(HEAD_OF_4, chain=CHAIN + 1),
    ],
)
def test_a_wrong_head_is_found(head: ChainHead) -> None:
    assert broken_at(CHAIN_OF_4, head) == [4]


def test_a_break_says_what_is_wrong() -> None:
    (missing, *_) = check_chain(CHAIN, CHAIN_OF_4[1:], HEAD_OF_4)
    assert missing.what == "event 1 is missing: 2 follows"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(2026, 11, 24, 12, 0, 0, 123_999, tzinfo=UTC), 1_795_521_600_123),
        (datetime(1969, 12, 31, 23, 59, 59, 500_000, tzinfo=UTC), -500),
        # .NET's DateTime.MaxValue, which makers write for "never": no float holds it.
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), 253_402_300_799_999),
    ],
)
def test_a_moment_is_whole_milliseconds_rounded_down(moment: datetime, expected: int) -> None:
    assert milliseconds(moment) == expected
