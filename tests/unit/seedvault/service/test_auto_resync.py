"""Automatic resynchronisation through the use case: committed, charged, on record, once only."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.policy import DEFAULT
from seedvault.service.verify import VerifyCode
from tests.support.policies import Everywhere
from tests.support.tokens import NOON, STEP_AT_NOON
from tests.unit.seedvault.service.world import World

FAR = STEP_AT_NOON + 40
NO_MATCH = Rejected(Reason.NO_MATCH)


@pytest.fixture
def automatic(world: World) -> VerifyCode:
    return world.verify_under(replace(DEFAULT, auto_resync=True))


def test_two_logins_in_a_row_bring_a_drifted_token_back(
    world: World, automatic: VerifyCode
) -> None:
    token = world.bound()
    assert automatic(token, world.code(FAR), "rp") == NO_MATCH
    assert world.progress().failures == 1
    world.clock.advance(timedelta(seconds=30))
    assert automatic(token, world.code(FAR + 1), "rp") == Accepted(FAR + 1, 40)
    assert world.progress().failures == 0


def test_it_is_off_unless_the_policy_says_otherwise(world: World) -> None:
    token = world.bound()
    for factor in (FAR, FAR + 1, FAR + 2):
        assert world.verify(token, world.code(factor), "rp") == NO_MATCH
        world.clock.advance(timedelta(seconds=30))


def test_what_was_remembered_and_what_came_of_it_is_on_record(
    world: World, automatic: VerifyCode
) -> None:
    token = world.bound()
    automatic(token, world.code(FAR), "rp")
    automatic(token, world.code(FAR + 1), "rp")
    (rejected,) = world.events(EventKind.CODE_REJECTED)
    assert (rejected.detail, rejected.factor) == ("no match; remembered at +40", None)
    (accepted,) = world.events(EventKind.CODE_ACCEPTED)
    assert accepted.detail == "offset +41, right after the code that was remembered"
    assert accepted.factor == FAR + 1


def test_an_ordinary_login_says_nothing_of_it(world: World, automatic: VerifyCode) -> None:
    automatic(world.bound(), world.code(), "rp")
    (accepted,) = world.events(EventKind.CODE_ACCEPTED)
    assert accepted.detail == "offset +0"


def test_two_codes_that_were_used_bring_nothing_back(world: World, automatic: VerifyCode) -> None:
    # LinOTP CVE-2019-12887
    token = world.bound()
    used = world.code(), world.code(STEP_AT_NOON + 1)
    for code in used:
        assert isinstance(automatic(token, code, "rp"), Accepted)
        world.clock.advance(timedelta(seconds=30))
    world.clock.advance(timedelta(minutes=20))
    for code in (*used, *used):
        assert isinstance(automatic(token, code, "thief"), Rejected)
        world.clock.advance(timedelta(seconds=9))


def test_of_two_nodes_with_the_second_code_one_accepts_it(
    world: World, automatic: VerifyCode
) -> None:
    token, second = world.bound(), world.code(FAR + 1)
    automatic(token, world.code(FAR), "rp")
    first: list[Outcome] = []
    world.keys.meanwhile.append(lambda: first.append(automatic(token, second, "other node")))
    assert isinstance(automatic(token, second, "rp"), Rejected)
    assert first == [Accepted(FAR + 1, 41)]


def test_a_locked_token_is_not_brought_back(world: World, automatic: VerifyCode) -> None:
    token = world.bound()
    for _ in range(9):
        automatic(token, world.wrong_code(), "rp")
        world.clock.advance(timedelta(seconds=64))
    assert automatic(token, world.code(FAR), "rp") == NO_MATCH  # the tenth
    refused = automatic(token, world.code(FAR + 1), "rp")
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.LOCKED


def test_a_code_that_proves_a_token_is_not_remembered(world: World) -> None:
    token = world.stocked()
    world.bound(2)
    proving = replace(world.assign, policies=Everywhere(replace(DEFAULT, auto_resync=True)))
    owner = world.vault.users()[0].name
    assert proving(token, owner, "helen", world.code(FAR)) == NO_MATCH
    assert world.progress().stray is None
    assert proving(token, owner, "helen", world.code(FAR + 1)) == NO_MATCH
    assert world.clock() == NOON
