"""A step in a token's life is resealed, on record with its reason, and refused out of place."""

from dataclasses import replace

import pytest

from seedvault.domain import life
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict, InvalidInput, SealBroken
from seedvault.domain.life import Step, Transition
from seedvault.domain.outcome import Accepted, Reason, Rejected
from seedvault.domain.token import Bound, Suspended, state_of
from seedvault.service.lifecycle import ChangeLife
from tests.unit.seedvault.service.world import ALICE, BOB, World

SUSPEND, RESUME = (life.SUSPEND, life.suspend), (life.RESUME, life.resume)
REVOKE, RETIRE = (life.REVOKE, life.revoke), (life.RETIRE, life.retire)
FROM_BOUND = [SUSPEND, REVOKE]


def change(world: World, step: tuple[Transition, Step]) -> ChangeLife:
    return ChangeLife(world.vault, world.keys, world.clock, *step)


@pytest.mark.parametrize("step", FROM_BOUND, ids=lambda step: step[0].name)
def test_a_step_is_resealed_and_on_record_with_owner_and_reason(
    world: World, step: tuple[Transition, Step]
) -> None:
    token = world.bound()
    before = change(world, step)(token, "reported lost", "helen")
    assert isinstance(before, Bound)
    stored = world.stored()
    assert state_of(stored.token) is step[0].target
    world.keys.check(stored)
    [event] = world.events(step[0].event)
    assert (event.serial, event.user, event.actor) == (token, "alice", "helen")
    assert event.detail == "reported lost"


def test_a_suspended_token_is_refused_and_accepted_again_when_it_is_resumed(world: World) -> None:
    token = world.bound()
    change(world, SUSPEND)(token, "lost", "helen")
    assert world.verify(token, world.code(), "rp") == Rejected(Reason.SUSPENDED)
    assert world.resync(token, (world.code(), world.code()), "rp") == Rejected(Reason.SUSPENDED)
    assert world.progress().failures == 0
    change(world, RESUME)(token, "found", "helen")
    assert isinstance(world.verify(token, world.code(), "rp"), Accepted)


def test_a_suspended_token_goes_back_to_stock(world: World) -> None:
    token = world.bound()
    change(world, SUSPEND)(token, "lost", "helen")
    assert world.unassign(token, "helen") == ALICE
    world.add_user(BOB, "root")
    world.assign(token, BOB, "helen")
    assert world.verify(token, world.code(), "rp") != Rejected(Reason.SUSPENDED)


def test_what_is_revoked_is_refused_by_everything(world: World) -> None:
    token = world.bound()
    change(world, REVOKE)(token, "stolen", "helen")
    assert world.verify(token, world.code(), "rp") == Rejected(Reason.REVOKED)
    for attempt in (
        lambda: world.assign(token, ALICE, "helen"),
        lambda: world.unassign(token, "helen"),
        lambda: change(world, RESUME)(token, "please", "helen"),
        lambda: change(world, REVOKE)(token, "again", "helen"),
    ):
        with pytest.raises(Conflict):
            attempt()
    assert len(world.events(EventKind.TOKEN_REVOKED)) == 1


def test_a_revoked_token_is_retired(world: World) -> None:
    token = world.bound()
    change(world, REVOKE)(token, "stolen", "helen")
    change(world, RETIRE)(token, "shredded", "helen")
    assert world.verify(token, world.code(), "rp") == Rejected(Reason.RETIRED)


@pytest.mark.parametrize("check_only", [True, False])
def test_a_step_out_of_place_or_without_reason_changes_nothing(
    world: World, *, check_only: bool
) -> None:
    token = world.bound()
    before = world.stored()
    for step, reason, error in ((RETIRE, "old", Conflict), (SUSPEND, "", InvalidInput)):
        taking = change(world, step)
        with pytest.raises(error):
            taking.check(token, reason) if check_only else taking(token, reason, "helen")
    assert world.stored() == before
    assert len(world.events(EventKind.TOKEN_REFUSED)) == (0 if check_only else 1)


def test_a_check_says_what_the_token_is_and_changes_nothing(world: World) -> None:
    token = world.bound()
    before = world.stored()
    assert change(world, SUSPEND).check(token, "lost") == before.token
    assert world.stored() == before


@pytest.mark.parametrize("step", [SUSPEND, RESUME, REVOKE, RETIRE], ids=lambda step: step[0].name)
def test_a_row_nobody_sealed_takes_no_step(world: World, step: tuple[Transition, Step]) -> None:
    token = world.bound()
    world.break_seal(token)
    with pytest.raises(SealBroken):
        change(world, step)(token, "why", "helen")
    assert len(world.events(EventKind.SEAL_BROKEN)) == 1
    with pytest.raises(SealBroken):
        change(world, step).check(token, "why")


def test_a_code_accepted_meanwhile_stays_spent(world: World) -> None:
    token = world.bound()
    assert isinstance(world.verify(token, world.code(), "rp"), Accepted)
    change(world, SUSPEND)(token, "lost", "helen")
    change(world, RESUME)(token, "found", "helen")
    assert world.verify(token, world.code(), "rp") == Rejected(Reason.ALREADY_USED)
    assert isinstance(world.stored().token, Bound)


def test_a_token_that_must_resynchronise_is_not_bound_by_one_code(world: World) -> None:
    token = world.stocked()
    world.add_user(ALICE, "root")
    world.vault.tamper(
        token,
        lambda stored: replace(
            stored,
            token=replace(stored.token, progress=replace(stored.token.progress, must_resync=True)),
        ),
    )
    outcome = world.assign(token, ALICE, "helen", world.code())
    assert outcome == Rejected(Reason.NEEDS_RESYNC)
    assert not isinstance(world.stored().token, Bound | Suspended)
