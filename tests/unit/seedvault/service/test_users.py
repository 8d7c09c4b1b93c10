"""Users are added once, under one name."""

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict
from seedvault.domain.names import UserName
from seedvault.service.ports import User
from tests.support.tokens import NOON
from tests.unit.seedvault.service.world import ALICE, World


def test_a_user_is_known_from_the_moment_they_are_added(world: World) -> None:
    world.add_user(ALICE, "root")
    assert world.vault.users() == [User(ALICE, NOON)]


def test_adding_a_user_is_on_record(world: World) -> None:
    world.add_user(ALICE, "root")
    (event,) = world.events(EventKind.USER_ADDED)
    assert (event.user, event.actor, event.at) == ("alice", "root", NOON)


@pytest.mark.parametrize("name", ["alice", "ALICE", "al ice"])
def test_a_name_that_reads_the_same_is_taken(world: World, name: str) -> None:
    world.add_user(ALICE, "root")
    with pytest.raises(Conflict, match="called alice already"):
        world.add_user(UserName(name), "root")
    assert len(world.vault.users()) == 1


def test_checking_a_name_changes_nothing(world: World) -> None:
    world.add_user.check(ALICE)
    assert world.vault.users() == []


def test_checking_a_taken_name_raises_what_adding_would(world: World) -> None:
    world.add_user(ALICE, "root")
    with pytest.raises(Conflict):
        world.add_user.check(ALICE)
