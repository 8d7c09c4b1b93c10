"""A log followed from its beginning: whatever was taken out, put in or changed is told."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from seedvault.domain.audit import Break, LoggedEvent
from seedvault.domain.checkpoint import Checkpoint, SignedCheckpoint
from seedvault.domain.trail import Trail
from seedvault.domain.trust import Trust
from seedvault.keys.signatures import verifies
from seedvault.service.audit_export import covered_by
from tests.support.logs import Log, some_log

Lines = list[LoggedEvent | SignedCheckpoint]


@pytest.fixture
def log() -> Log:
    return some_log()


def lines(log: Log) -> Lines:
    """The log in the order of an export."""
    found: Lines = []
    before: Checkpoint | None = None
    for signed in log.vault.signed:
        found += [*covered_by(log.vault, before, signed.checkpoint), signed]
        before = signed.checkpoint
    return found


def breaks(log: Log, given: Lines) -> list[Break]:
    trail = Trail(Trust([log.signer.public_key], verifies))
    found: list[Break] = []
    for line in given:
        one = trail.event(line) if isinstance(line, LoggedEvent) else trail.checkpoint(line)
        found += one
    return [*found, *trail.end()]


def test_a_log_that_nobody_touched_holds(log: Log) -> None:
    assert breaks(log, lines(log)) == []


def test_any_line_that_is_missing_is_told_unless_only_the_end_is(log: Log) -> None:
    whole = lines(log)
    for place in range(len(whole) - 1):
        assert breaks(log, whole[:place] + whole[place + 1 :]), place


def test_any_line_that_stands_twice_is_told(log: Log) -> None:
    whole = lines(log)
    for place in range(len(whole)):
        assert breaks(log, whole[: place + 1] + whole[place:]), place


def test_any_two_lines_of_a_chain_exchanged_are_told(log: Log) -> None:
    whole = lines(log)
    for place, (one, other) in enumerate(pairwise(whole)):
        independent = (
            isinstance(one, LoggedEvent)
            and isinstance(other, LoggedEvent)
            and one.chain != other.chain
        )
        swapped = [*whole[:place], other, one, *whole[place + 2 :]]
        assert bool(breaks(log, swapped)) is not independent, place


def test_an_end_that_was_cut_off_is_the_log_of_before(log: Log) -> None:
    whole = lines(log)
    ends = [n for n, line in enumerate(whole, 1) if isinstance(line, SignedCheckpoint)]
    for end in ends:
        assert breaks(log, whole[:end]) == []


def _actor(logged: LoggedEvent) -> LoggedEvent:
    return replace(logged, event=replace(logged.event, actor="os:mallory"))


def _digest(logged: LoggedEvent) -> LoggedEvent:
    return replace(logged, digest=bytes(32))


def _sequence(logged: LoggedEvent) -> LoggedEvent:
    return replace(logged, sequence=logged.sequence + 1)


def _chain(logged: LoggedEvent) -> LoggedEvent:
    return replace(logged, chain=(logged.chain + 1) % 9)


def _no_chain(logged: LoggedEvent) -> LoggedEvent:
    return replace(logged, chain=9)


@pytest.mark.parametrize("change", [_actor, _digest, _sequence, _chain, _no_chain])
def test_an_event_that_was_changed_is_told(
    log: Log, change: Callable[[LoggedEvent], LoggedEvent]
) -> None:
    whole = lines(log)
    for place, line in enumerate(whole):
        if isinstance(line, LoggedEvent):
            assert breaks(log, [*whole[:place], change(line), *whole[place + 1 :]]), place


def test_a_log_that_begins_in_the_middle_goes_on_from_its_checkpoint(log: Log) -> None:
    whole = lines(log)
    for number, signed in enumerate(log.vault.signed, start=1):
        assert breaks(log, whole[whole.index(signed) :]) == []
        trail = Trail(Trust([log.signer.public_key], verifies))
        list(trail.checkpoint(signed))
        assert trail.begun_after == number, "what was before stands elsewhere, and that is told"


def test_what_stands_behind_the_last_checkpoint_is_counted(log: Log) -> None:
    trail = Trail(Trust([log.signer.public_key], verifies))
    for logged in log.vault.chains[0]:
        list(trail.event(logged))
    assert trail.uncovered == len(log.vault.chains[0])
    assert trail.events == trail.uncovered
