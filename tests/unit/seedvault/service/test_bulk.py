"""A list of assignments: each line stands alone, and every failed one has its reason."""

import pytest

from seedvault.domain.errors import HsmUnavailable, StorageUnavailable
from seedvault.domain.token import Bound, InStock
from seedvault.service.bulk import AssignMany, Failed, Wanted
from tests.support.tokens import serial
from tests.unit.seedvault.service.world import ALICE, World, delivered


@pytest.fixture
def world(world: World) -> World:
    """Tokens 1 to 3 are in stock; Alice is known."""
    world.import_file(*(delivered(number) for number in (1, 2, 3)))
    world.add_user(ALICE, "root")
    return world


def assign_many(world: World, *lines: Wanted, dry_run: bool = False) -> tuple[int, list[Failed]]:
    return AssignMany(world.assign)(lines, "helen", dry_run=dry_run)


def wanted(line: int, user: str = "alice", code: str | None = None) -> Wanted:
    """Line `line`, which asks for the token of the same number."""
    return Wanted(line, str(serial(line)), user, code)


def test_all_lines_of_a_good_list_are_assigned(world: World) -> None:
    assert assign_many(world, wanted(1), wanted(2), wanted(3)) == (3, [])
    assert world.vault.counts().bound == 3


def test_an_empty_list_assigns_nothing(world: World) -> None:
    assert assign_many(world) == (0, [])


def test_a_line_that_fails_leaves_the_others_assigned(world: World) -> None:
    done, failed = assign_many(world, wanted(1), wanted(2, user="carol"), wanted(3))
    assert (done, [each.wanted.line for each in failed]) == (2, [2])
    assert failed[0].reason == "no user is called carol. Add them: seedvault user add carol"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (Wanted(1, "=1+1", "alice"), "spreadsheets"),
        (Wanted(1, "GALT10000001", " "), "white space"),
        (Wanted(1, "GALT10000009", "alice"), "no token has the serial"),
        (wanted(1, code="1"), "code rejected: not a code of this token"),
    ],
)
def test_every_failure_gives_its_reason(world: World, line: Wanted, reason: str) -> None:
    _, (failed,) = assign_many(world, line)
    assert reason in failed.reason


def test_the_same_token_twice_is_assigned_once(world: World) -> None:
    done, (failed,) = assign_many(world, wanted(1), wanted(1))
    assert (done, "already theirs" in failed.reason) == (1, True)


def test_a_code_on_the_line_proves_the_token(world: World) -> None:
    assert assign_many(world, wanted(1, code=world.code())) == (1, [])


def test_a_dry_run_finds_the_failures_and_changes_nothing(world: World) -> None:
    events = world.vault.counts().events
    done, failed = assign_many(world, wanted(1), wanted(2, user="carol"), dry_run=True)
    assert (done, len(failed)) == (1, 1)
    assert (type(world.stored(1).token), world.vault.counts().events) == (InStock, events)


def test_an_hsm_that_is_away_is_no_fault_of_a_line(world: World) -> None:
    world.keys.unplugged = True
    with pytest.raises(HsmUnavailable):
        assign_many(world, wanted(1))


def test_a_full_disk_is_no_fault_of_a_line(world: World) -> None:
    def lines() -> list[Wanted]:
        world.vault.full = True
        return [wanted(2)]

    assign_many(world, wanted(1))
    with pytest.raises(StorageUnavailable):
        assign_many(world, *lines())
    assert (type(world.stored(1).token), type(world.stored(2).token)) == (Bound, InStock)
