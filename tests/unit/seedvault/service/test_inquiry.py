"""Looking a token up shows what it is and whether a code would be tried, and opens nothing."""

from datetime import timedelta

import pytest

from seedvault.domain.errors import NotFound
from seedvault.domain.outcome import Reason, Rejected
from seedvault.service.inquiry import InquireToken
from tests.support.tokens import NOON, serial
from tests.unit.seedvault.service.world import World


def test_a_token_is_shown_with_its_batch(world: World) -> None:
    token = world.bound()
    found = InquireToken(world.vault, world.clock, world.policies)(token)
    assert (found.listed.token, found.listed.batch) == (world.stored().token, 1)
    assert (found.listed.seed_length, found.held_back, world.keys.opened) == (20, None, [])


def test_a_token_that_must_wait_says_until_when(world: World) -> None:
    token = world.bound()
    for _ in range(3):
        world.verify(token, world.wrong_code(), "rp")
    found = InquireToken(world.vault, world.clock, world.policies)(token)
    assert found.held_back == Rejected(Reason.DELAYED, NOON + timedelta(seconds=1))


def test_an_unknown_serial_names_the_nearest(world: World) -> None:
    world.stocked()
    with pytest.raises(NotFound, match=f"Nearest: {serial(1)}"):
        InquireToken(world.vault, world.clock, world.policies)(serial(2))
