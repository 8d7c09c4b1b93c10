"""Tokens are given to one user at a time, taken back with all they spent, and unlocked by staff."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict, NotFound, SealBroken, StorageUnavailable
from seedvault.domain.names import UserName
from seedvault.domain.outcome import Accepted, Reason, Rejected
from seedvault.domain.parameters import Parameters
from seedvault.domain.token import Bound, InStock
from seedvault.service.binding import Assigned
from tests.support.tokens import HOTP, NOON, OCRA, STEP_AT_NOON, serial
from tests.unit.seedvault.service.world import ALICE, BOB, World


@pytest.fixture
def world(world: World) -> World:
    """Token 1 is in stock; Alice and Bob are known."""
    world.stocked()
    world.add_user(ALICE, "root")
    world.add_user(BOB, "root")
    return world


TOKEN = serial(1)


def test_a_token_is_bound_by_its_serial(world: World) -> None:
    assigned = world.assign(TOKEN, ALICE, "helen")
    assert isinstance(assigned, Assigned)
    assert (assigned.token.owner, assigned.token.bound_at, assigned.proof) == (ALICE, NOON, None)
    assert world.stored().token == assigned.token


def test_a_binding_is_on_record(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    (event,) = world.events(EventKind.TOKEN_ASSIGNED)
    assert (event.serial, event.user, event.actor) == (TOKEN, "alice", "helen")
    assert (event.factor, event.detail) == (None, "by serial")


def test_a_binding_carries_a_new_seal_over_the_next_revision(world: World) -> None:
    before = world.stored()
    world.assign(TOKEN, ALICE, "helen")
    after = world.stored()
    world.keys.check(after)
    assert (after.revision, after.seal != before.seal) == (1, True)


def test_the_user_is_bound_under_the_name_they_were_added_with(world: World) -> None:
    assigned = world.assign(TOKEN, UserName("ALICE"), "helen")
    assert isinstance(assigned, Assigned)
    assert str(assigned.token.owner) == "alice"


def test_a_code_proves_the_token_and_is_spent(world: World) -> None:
    assigned = world.assign(TOKEN, ALICE, "helen", world.code())
    assert isinstance(assigned, Assigned)
    assert assigned.proof == Accepted(STEP_AT_NOON, 0)
    assert world.verify(TOKEN, world.code(), "rp") == Rejected(Reason.ALREADY_USED)


def test_a_proven_binding_is_one_event_with_its_factor(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen", world.code())
    (event,) = world.events(EventKind.TOKEN_ASSIGNED)
    assert (event.factor, event.detail) == (STEP_AT_NOON, "proven by code")
    assert world.events(EventKind.CODE_ACCEPTED) == []


def test_a_wrong_code_binds_nothing_and_is_charged(world: World) -> None:
    outcome = world.assign(TOKEN, ALICE, "helen", world.wrong_code())
    assert outcome == Rejected(Reason.NO_MATCH)
    assert isinstance(world.stored().token, InStock)
    assert (world.progress().failures, len(world.events(EventKind.CODE_REJECTED))) == (1, 1)


def test_a_malformed_code_binds_nothing_and_is_not_charged(world: World) -> None:
    outcome = world.assign(TOKEN, ALICE, "helen", "1")
    assert outcome == Rejected(Reason.MALFORMED)
    assert (world.progress().failures, world.keys.opened) == (0, [])
    assert len(world.events(EventKind.CODE_REJECTED)) == 1


def test_an_empty_code_is_a_code_and_proves_nothing(world: World) -> None:
    # FreeIPA CVE-2014-7828: an empty factor is not an absent one.
    assert world.assign(TOKEN, ALICE, "helen", "") == Rejected(Reason.MALFORMED)
    assert isinstance(world.stored().token, InStock)


def test_codes_cannot_be_guessed_by_assigning(world: World) -> None:
    # Keycloak CVE-2026-9798: the lockout was missing on one path.
    for _ in range(3):
        world.assign(TOKEN, ALICE, "helen", world.wrong_code())
    outcome = world.assign(TOKEN, ALICE, "helen", world.code())
    assert outcome == Rejected(Reason.DELAYED, NOON + timedelta(seconds=1))


def test_a_token_of_somebody_else_is_taken_back_first(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    with pytest.raises(Conflict, match="already alice's") as conflict:
        world.assign(TOKEN, BOB, "helen")
    assert f"unassign {TOKEN}" in conflict.value.remedy


def test_a_token_that_is_theirs_already_leaves_nothing_to_be_done(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    with pytest.raises(Conflict, match="already theirs") as conflict:
        world.assign(TOKEN, UserName("ALICE"), "helen")
    assert conflict.value.remedy == "Nothing is to be done."


def test_an_unknown_user_is_not_found_and_the_remedy_adds_them(world: World) -> None:
    with pytest.raises(NotFound, match="user add carol"):
        world.assign(TOKEN, UserName("carol"), "helen")


def test_an_unknown_serial_names_the_nearest(world: World) -> None:
    with pytest.raises(NotFound, match=f"Nearest: {TOKEN}"):
        world.assign(serial(9), ALICE, "helen")


def test_no_tampered_row_is_resealed(world: World) -> None:
    world.break_seal(TOKEN)
    tampered = world.stored()
    with pytest.raises(SealBroken):
        world.assign(TOKEN, ALICE, "helen")
    assert (world.stored(), len(world.events(EventKind.SEAL_BROKEN))) == (tampered, 1)


def test_of_two_who_assign_at_once_one_succeeds_and_one_is_told(world: World) -> None:
    world.keys.meanwhile.append(lambda: world.assign(TOKEN, BOB, "other node"))
    with pytest.raises(Conflict, match="already bob's"):
        world.assign(TOKEN, ALICE, "helen", world.code())


def test_a_proof_whose_binding_fails_spends_nothing(world: World) -> None:
    world.vault.full = True
    with pytest.raises(StorageUnavailable):
        world.assign(TOKEN, ALICE, "helen", world.code())
    assert (world.progress().next_factor, type(world.stored().token)) == (0, InStock)


def test_checking_an_assignment_changes_nothing(world: World) -> None:
    before = world.vault.counts()
    world.assign.check(TOKEN, ALICE)
    assert world.vault.counts() == before


def test_checking_raises_what_assigning_would(world: World) -> None:
    with pytest.raises(NotFound):
        world.assign.check(serial(9), ALICE)
    with pytest.raises(NotFound):
        world.assign.check(TOKEN, UserName("carol"))
    world.assign(TOKEN, ALICE, "helen")
    with pytest.raises(Conflict):
        world.assign.check(TOKEN, BOB)


def test_checking_sees_a_broken_seal(world: World) -> None:
    world.break_seal(TOKEN)
    with pytest.raises(SealBroken):
        world.assign.check(TOKEN, ALICE)


def test_unassigning_puts_a_token_back_into_stock_and_names_its_owner(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    assert world.unassign(TOKEN, "helen") == ALICE
    assert isinstance(world.stored().token, InStock)
    world.keys.check(world.stored())


def test_unassigning_is_on_record_with_the_former_owner(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    world.unassign(TOKEN, "hugo")
    (event,) = world.events(EventKind.TOKEN_UNASSIGNED)
    assert (event.serial, event.user, event.actor) == (TOKEN, "alice", "hugo")


def test_what_one_owner_spent_stays_spent_for_the_next(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    world.verify(TOKEN, world.code(), "rp")
    world.unassign(TOKEN, "helen")
    world.assign(TOKEN, BOB, "helen")
    assert world.verify(TOKEN, world.code(), "rp") == Rejected(Reason.ALREADY_USED)


def test_a_token_in_stock_is_nobody_s_to_take_back(world: World) -> None:
    with pytest.raises(Conflict, match="nobody holds it"):
        world.unassign(TOKEN, "helen")


def test_checking_an_unassignment_names_the_owner_and_changes_nothing(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    assert world.unassign.check(TOKEN) == ALICE
    assert isinstance(world.stored().token, Bound)


def test_checking_an_unassignment_raises_what_it_would(world: World) -> None:
    with pytest.raises(Conflict):
        world.unassign.check(TOKEN)
    world.assign(TOKEN, ALICE, "helen")
    world.break_seal(TOKEN)
    with pytest.raises(SealBroken):
        world.unassign.check(TOKEN)


def test_no_tampered_row_is_unassigned(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    world.break_seal(TOKEN)
    with pytest.raises(SealBroken):
        world.unassign(TOKEN, "helen")
    assert isinstance(world.stored().token, Bound)


def test_unlocking_forgets_the_failures_and_says_how_many(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    for _ in range(3):
        world.verify(TOKEN, world.wrong_code(), "rp")
    assert world.unlock(TOKEN, "helen") == 3
    assert isinstance(world.verify(TOKEN, world.code(), "rp"), Accepted)


def test_unlocking_is_on_record(world: World) -> None:
    world.unlock(TOKEN, "helen")
    (event,) = world.events(EventKind.TOKEN_UNLOCKED)
    assert (event.serial, event.actor, event.detail) == (TOKEN, "helen", "0 failures")


@pytest.mark.parametrize(("parameters", "goes_on"), [(OCRA, True), (HOTP, False)])
def test_unlocking_lets_a_token_go_on_that_cannot_resynchronise(
    world: World, parameters: Parameters, goes_on: bool
) -> None:
    token = world.bound(9, parameters)
    held = replace(world.progress(9), must_resync=True)
    world.vault.tamper(token, lambda row: replace(row, token=replace(row.token, progress=held)))
    world.unlock(token, "helen")
    assert world.progress(9).must_resync is not goes_on


def test_unlocking_does_not_make_a_spent_code_fresh(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    world.verify(TOKEN, world.code(), "rp")
    world.unlock(TOKEN, "helen")
    assert world.verify(TOKEN, world.code(), "rp") == Rejected(Reason.ALREADY_USED)


def test_no_tampered_row_is_unlocked(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    world.verify(TOKEN, world.wrong_code(), "rp")
    world.break_seal(TOKEN)
    with pytest.raises(SealBroken):
        world.unlock(TOKEN, "helen")
    assert (world.progress().failures, world.events(EventKind.TOKEN_UNLOCKED)) == (1, [])
    assert len(world.events(EventKind.SEAL_BROKEN)) == 1


def test_checking_an_unlocking_says_how_many_failures_and_changes_nothing(world: World) -> None:
    world.assign(TOKEN, ALICE, "helen")
    world.verify(TOKEN, world.wrong_code(), "rp")
    before = world.vault.counts()
    assert world.unlock.check(TOKEN) == 1
    assert (world.progress().failures, world.vault.counts()) == (1, before)


def test_checking_an_unlocking_raises_what_it_would(world: World) -> None:
    with pytest.raises(NotFound):
        world.unlock.check(serial(9))
    world.break_seal(TOKEN)
    with pytest.raises(SealBroken):
        world.unlock.check(TOKEN)
