"""Who asks for what a token's state forbids is on record, in that token's history."""

from collections.abc import Callable

import pytest

from seedvault.domain import life
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict, InvalidInput
from seedvault.domain.names import Serial
from seedvault.service.lifecycle import ChangeLife
from tests.unit.seedvault.service.world import ALICE, BOB, World

Ask = Callable[[World, Serial], object]


def step(transition: life.Transition, taken: life.Step) -> Ask:
    def ask(world: World, token: Serial) -> object:
        change = ChangeLife(world.vault, world.keys, world.clock, transition, taken)
        return change(token, "for no good reason", "mallory")

    return ask


OF_A_BOUND_ONE: dict[str, Ask] = {
    "assign": lambda world, token: world.assign(token, BOB, "mallory"),
    "resume": step(life.RESUME, life.resume),
    "retire": step(life.RETIRE, life.retire),
    "release": step(life.RELEASE, life.release),
    "pin clear": lambda world, token: world.clear_pin(token, "mallory"),
}
OF_ONE_IN_STOCK: dict[str, Ask] = {
    "unassign": lambda world, token: world.unassign(token, "mallory"),
    "suspend": step(life.SUSPEND, life.suspend),
    "pin set": lambda world, token: world.set_pin(token, "4711", "mallory"),
}


@pytest.fixture
def token(world: World) -> Serial:
    world.add_user(BOB, "root")
    return world.bound()


def refused_on_record(world: World, token: Serial, asked: str, ask: Ask) -> None:
    before = world.stored()
    with pytest.raises(Conflict) as conflict:
        ask(world, token)
    (event,) = world.events(EventKind.TOKEN_REFUSED)
    assert (event.serial, event.actor) == (token, "mallory")
    assert event.detail == f"{asked}: {conflict.value.what}"
    assert world.stored() == before


@pytest.mark.parametrize("asked", OF_A_BOUND_ONE)
def test_what_a_bound_token_is_not_for_is_on_record(
    world: World, token: Serial, asked: str
) -> None:
    refused_on_record(world, token, asked, OF_A_BOUND_ONE[asked])
    (event,) = world.events(EventKind.TOKEN_REFUSED)
    assert event.user == ALICE.verbatim


@pytest.mark.parametrize("asked", OF_ONE_IN_STOCK)
def test_what_a_token_in_stock_is_not_for_is_on_record(
    world: World, token: Serial, asked: str
) -> None:
    world.unassign(token, "helen")
    refused_on_record(world, token, asked, OF_ONE_IN_STOCK[asked])


def test_revoking_twice_is_on_record(world: World, token: Serial) -> None:
    revoke = step(life.REVOKE, life.revoke)
    revoke(world, token)
    refused_on_record(world, token, "revoke", revoke)


def test_a_dry_run_is_not_on_record(world: World, token: Serial) -> None:
    with pytest.raises(Conflict):
        world.assign.check(token, BOB)
    assert world.events(EventKind.TOKEN_REFUSED) == []


def test_a_reason_that_is_none_is_no_refusal_of_the_token(world: World, token: Serial) -> None:
    suspend = ChangeLife(world.vault, world.keys, world.clock, life.SUSPEND, life.suspend)
    with pytest.raises(InvalidInput):
        suspend(token, "", "mallory")
    assert world.events(EventKind.TOKEN_REFUSED) == []
