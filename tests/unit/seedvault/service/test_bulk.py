"""A list of assignments: each line stands alone, and every failed one has its reason."""

import pytest

from seedvault.domain.errors import HsmUnavailable, StorageUnavailable
from seedvault.domain.token import Bound, InStock
from seedvault.service.bulk import AssignMany, ManyAssigned, Wanted
from tests.support.tokens import serial
from tests.unit.seedvault.service.world import ALICE, World, delivered


@pytest.fixture
def world(world: World) -> World:
    """Tokens 1 to 3 are in stock; Alice is known."""
    world.import_file(*(delivered(number) for number in (1, 2, 3)))
    world.add_user(ALICE, "root")
    return world


def assign_many(world: World, *lines: Wanted, dry_run: bool = False) -> ManyAssigned:
    return AssignMany(world.assign)(lines, "helen", dry_run=dry_run)


def wanted(line: int, user: str = "alice", code: str | None = None) -> Wanted:
    """Line `line`, which asks for the token of the same number."""
    return Wanted(line, str(serial(line)), user, code)


def test_all_lines_of_a_good_list_are_assigned(world: World) -> None:
    assert assign_many(world, wanted(1), wanted(2), wanted(3)) == ManyAssigned(3, ())
    assert world.vault.counts().bound == 3


def test_an_empty_list_assigns_nothing(world: World) -> None:
    assert assign_many(world) == ManyAssigned(0, ())


def test_a_line_that_fails_leaves_the_others_assigned(world: World) -> None:
    many = assign_many(world, wanted(1), wanted(2, user="carol"), wanted(3))
    assert (many.done, [each.wanted.line for each in many.failed]) == (2, [2])
    assert many.failed[0].reason == "no user is called carol. Add them: seedvault user add carol"


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
    (failed,) = assign_many(world, line).failed
    assert reason in failed.reason


def test_the_same_token_twice_is_assigned_once(world: World) -> None:
    many = assign_many(world, wanted(1), wanted(1))
    assert many.done == 1
    assert "already theirs" in many.failed[0].reason


def test_a_code_on_the_line_proves_the_token(world: World) -> None:
    assert assign_many(world, wanted(1, code=world.code())) == ManyAssigned(1, ())


def test_a_dry_run_finds_the_failures_and_changes_nothing(world: World) -> None:
    events = world.vault.counts().events
    many = assign_many(world, wanted(1), wanted(2, user="carol"), dry_run=True)
    assert (many.done, len(many.failed)) == (1, 1)
    assert (type(world.stored(1).token), world.vault.counts().events) == (InStock, events)


def test_a_dry_run_finds_a_serial_that_stands_twice(world: World) -> None:
    many = assign_many(world, wanted(1), wanted(1), dry_run=True)
    assert many.done == 1
    assert many.failed[0].reason == "an earlier line would have assigned it"


def test_an_hsm_that_is_away_leaves_every_line_to_be_run_again(world: World) -> None:
    world.keys.unplugged = True
    many = assign_many(world, wanted(1), wanted(2))
    assert isinstance(many.stopped, HsmUnavailable)
    assert [each.reason for each in many.failed] == ["not tried: the HSM is unplugged"] * 2


def test_a_disk_full_in_the_middle_keeps_what_was_done_and_lists_the_rest(world: World) -> None:
    proof = wanted(2, code=world.code(number=2))
    world.keys.meanwhile.append(lambda: setattr(world.vault, "full", True))
    many = assign_many(world, wanted(1), proof, wanted(3))
    assert isinstance(many.stopped, StorageUnavailable)
    assert (many.done, [each.wanted for each in many.failed]) == (1, [proof, wanted(3)])
    assert (type(world.stored(1).token), type(world.stored(2).token)) == (Bound, InStock)


def test_lines_that_failed_before_the_list_was_stopped_keep_their_reason(world: World) -> None:
    proof = wanted(2, code=world.code(number=2))
    world.keys.meanwhile.append(lambda: setattr(world.vault, "full", True))
    many = assign_many(world, wanted(1, user="carol"), proof)
    assert many.failed[0].reason.startswith("no user is called carol")
