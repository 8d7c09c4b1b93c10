"""Batches and users are found by the name people use."""

import pytest

from seedvault.domain.errors import InvalidInput, NotFound
from seedvault.service.lookup import batch_of, spelling_of
from tests.unit.seedvault.service.world import ALICE, World


def test_a_batch_is_found_by_any_spelling_of_its_name(world: World) -> None:
    world.stocked()
    assert {batch_of(world.vault, name).number for name in ("B-0001", "b-1", "1")} == {1}


def test_a_batch_that_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="no batch is called B-0009"):
        batch_of(world.vault, "B-0009")


def test_what_is_no_batch_name_is_said_to_be_none(world: World) -> None:
    with pytest.raises(InvalidInput):
        batch_of(world.vault, "first")


@pytest.mark.parametrize("typed", ["alice", "ALICE", " Alice "])
def test_a_user_is_spelt_as_they_were_added(world: World, typed: str) -> None:
    world.add_user(ALICE, "root")
    assert spelling_of(world.vault, typed) == "alice"


@pytest.mark.parametrize("typed", ["Carol", ""], ids=["nobody", "no name"])
def test_a_name_that_nobody_has_stays_as_it_is(world: World, typed: str) -> None:
    assert spelling_of(world.vault, typed) == typed
