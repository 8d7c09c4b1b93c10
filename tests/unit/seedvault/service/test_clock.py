"""No time-based code is judged by a clock that the database contradicts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain.clock import TimeOnRecord
from seedvault.domain.errors import ClockUntrusted
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted, Rejected
from seedvault.domain.parameters import Parameters
from seedvault.service.challenge import Answer
from seedvault.service.search_scope import InBatch, Listed
from tests.support.tokens import HOTP, NOON, OCRA, TOTP, serial
from tests.unit.seedvault.service.world import ALICE, World, delivered

Ask = Callable[[World, Serial], object]

ASKS: list[Ask] = [
    lambda world, token: world.verify(token, world.code(), "rp"),
    lambda world, token: world.resync(token, (world.code(), world.code(1)), "alice"),
    lambda world, token: world.assign(token, ALICE, "helen", world.code()),
    lambda world, token: world.find((world.code(),), Listed([token]), "helen"),
]
NAMES = ["verify", "resync", "assign", "find"]


def contradict(world: World, token: Serial, *, newest_s: float = 0, ahead_s: float = 0) -> None:
    """From here on, the database says so about the time."""
    record = TimeOnRecord(NOON + timedelta(seconds=newest_s), timedelta(seconds=ahead_s))
    world.vault.tamper(token, lambda stored: replace(stored, record=record))


def token_for(world: World, ask: Ask, parameters: Parameters = TOTP) -> Serial:
    """Bound, but where the question is an assignment."""
    token = world.bound(parameters=parameters)
    if ask is ASKS[2]:
        world.unassign(token, "helen")
    return token


@pytest.mark.parametrize("ask", ASKS, ids=NAMES)
@pytest.mark.parametrize(("newest_s", "ahead_s"), [(3_600, 0), (0, 3), (0, -3)])
def test_a_contradicted_clock_decides_nothing_and_charges_nobody(
    world: World, ask: Ask, newest_s: float, ahead_s: float
) -> None:
    token = token_for(world, ask)
    contradict(world, token, newest_s=newest_s, ahead_s=ahead_s)
    before, events = world.stored(), world.vault.counts().events
    with pytest.raises(ClockUntrusted, match="this node's clock") as untrusted:
        ask(world, token)
    assert (world.stored(), world.vault.counts().events) == (before, events)
    assert world.keys.opened == []
    assert "NTP" in untrusted.value.remedy


@pytest.mark.parametrize("ask", ASKS, ids=NAMES)
def test_codes_that_count_need_no_clock(world: World, ask: Ask) -> None:
    token = token_for(world, ask, HOTP)
    contradict(world, token, ahead_s=3_600)
    assert not isinstance(ask(world, token), Rejected)


def test_a_search_needs_a_clock_only_for_the_tokens_that_it_looks_at(world: World) -> None:
    """One that is left out, for its codes have another length, says nothing about the time."""
    longer = replace(TOTP, digits=8)
    world.import_file(delivered(1, HOTP), delivered(2, longer))
    contradict(world, serial(2), newest_s=3_600)
    sought = world.find((world.code(),), InBatch("B-0001"), "helen")
    assert [token.device.serial for token in sought.found] == [serial(1)]
    with pytest.raises(ClockUntrusted):
        world.find((world.code(number=2),), InBatch("B-0001"), "helen")


def test_small_differences_are_tolerated(world: World) -> None:
    token = world.bound()
    contradict(world, token, newest_s=3, ahead_s=-2)
    assert isinstance(world.verify(token, world.code(), "rp"), Accepted)


def test_what_needs_no_code_is_done_by_any_clock(world: World) -> None:
    token = world.bound()
    contradict(world, token, ahead_s=3_600)
    assert world.unassign(token, "helen") == ALICE
    world.assign(token, ALICE, "helen")


def test_a_challenge_is_neither_issued_nor_answered_by_a_contradicted_clock(world: World) -> None:
    token = world.bound(parameters=OCRA)
    issued = world.issue()
    contradict(world, token, newest_s=3_600)
    for ask in (
        lambda: world.challenge(token, "rp", None),
        lambda: world.respond(token, Answer(issued.id, world.response(issued)), "rp"),
    ):
        with pytest.raises(ClockUntrusted):
            ask()
    contradict(world, token)
    answer = Answer(issued.id, world.response(issued))
    assert isinstance(world.respond(token, answer, "rp"), Accepted)
