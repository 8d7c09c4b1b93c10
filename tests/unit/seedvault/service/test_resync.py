"""A token that drifted away is brought back, on record and within its budget."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import NotFound, SealBroken
from seedvault.domain.finding import Absent, Backwards, Consecutive
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.service.resync import Answer
from tests.support.tokens import HOTP, NOON, STEP_AT_NOON, serial
from tests.unit.seedvault.service.world import World

AHEAD = STEP_AT_NOON + 40


def codes(world: World, first: int = AHEAD) -> tuple[str, str]:
    return world.code(first), world.code(first + 1)


def three_codes(world: World, first: int) -> tuple[str, str, str]:
    return (*codes(world, first), world.code(first + 2))


def test_a_clock_40_steps_ahead_is_refused_resynchronised_and_accepted(world: World) -> None:
    token = world.bound()
    assert world.verify(token, world.code(AHEAD), "rp") == Rejected(Reason.NO_MATCH)
    assert world.resync(token, codes(world), "helen") == Accepted(AHEAD + 1, 41)
    world.clock.advance(timedelta(seconds=60))
    assert world.verify(token, world.code(AHEAD + 2), "rp") == Accepted(AHEAD + 2, 40)


def test_a_counter_500_ahead_is_resynchronised(world: World) -> None:
    token = world.bound(parameters=HOTP)
    assert world.resync(token, codes(world, 500), "helen") == Accepted(501, 501)


@pytest.mark.parametrize("spent", [AHEAD, AHEAD + 1])
def test_a_code_that_resynchronised_cannot_log_in(world: World, spent: int) -> None:
    # LinOTP CVE-2019-12887
    token = world.bound()
    world.resync(token, codes(world), "helen")
    assert isinstance(world.verify(token, world.code(spent), "rp"), Rejected)


def test_the_same_two_codes_do_not_resynchronise_twice(world: World) -> None:
    token = world.bound()
    world.resync(token, codes(world), "helen")
    assert world.resync(token, codes(world), "helen") == Rejected(Reason.BACKWARDS)


def test_a_code_that_logged_in_cannot_help_to_resynchronise(world: World) -> None:
    token = world.bound()
    world.verify(token, world.code(), "rp")
    assert world.resync(token, codes(world, STEP_AT_NOON), "helen") == Rejected(Reason.BACKWARDS)


def test_a_resynchronisation_is_on_record_with_its_factor_and_offset(world: World) -> None:
    world.resync(world.bound(), codes(world), "helen")
    (event,) = world.events(EventKind.TOKEN_RESYNCHRONISED)
    assert (event.serial, event.actor) == (serial(1), "helen")
    assert (event.factor, event.detail) == (AHEAD + 1, "offset +41, drift was +0")


def test_a_failed_one_is_charged_and_on_record(world: World) -> None:
    token = world.bound()
    world.resync(token, (world.code(STEP_AT_NOON + 5), world.code(STEP_AT_NOON - 2)), "helen")
    (event,) = world.events(EventKind.RESYNC_REJECTED)
    assert event.detail == "found, but not consecutive: first at +5, second at -2"
    assert (world.progress().failures, world.progress().resyncs) == (1, 1)


@pytest.mark.parametrize("shown", [("", ""), ("12345678", "1"), (" 2345678", "12345678")])
def test_malformed_codes_never_reach_the_hsm_and_are_not_charged(
    world: World, shown: tuple[str, str]
) -> None:
    assert world.resync(world.bound(), shown, "helen") == Rejected(Reason.MALFORMED)
    assert (world.keys.opened, world.progress().failures, world.progress().resyncs) == ([], 0, 0)
    assert len(world.events(EventKind.RESYNC_REJECTED)) == 1


def test_a_locked_token_is_not_resynchronised(world: World) -> None:
    # Keycloak CVE-2026-9798: the lockout was missing on one path.
    token = world.bound()
    for _ in range(10):
        world.verify(token, world.wrong_code(), "rp")
        world.clock.advance(timedelta(seconds=64))
    refused = world.resync(token, codes(world), "helen")
    assert isinstance(refused, Rejected)
    assert refused.reason is Reason.LOCKED


def fail_to_resynchronise(world: World, times: int) -> None:
    for _ in range(times):
        world.resync(serial(1), (world.wrong_code(), world.code(10**9 + 1)), "helen")
        world.clock.advance(timedelta(seconds=64))


def test_the_sixth_try_of_a_day_is_refused_without_opening_the_seed(world: World) -> None:
    token = world.bound()
    fail_to_resynchronise(world, 5)
    refused = world.resync(token, codes(world), "helen")
    assert refused == Rejected(Reason.RESYNCS_SPENT, NOON + timedelta(days=1))
    assert (len(world.keys.opened), world.progress().failures) == (5, 5)


def test_the_next_day_it_works_again(world: World) -> None:
    token = world.bound()
    fail_to_resynchronise(world, 5)
    world.clock.now = NOON + timedelta(days=1)
    tomorrow = STEP_AT_NOON + 2_880
    assert world.resync(token, codes(world, tomorrow), "helen") == Accepted(tomorrow + 1, 1)


def test_by_two_codes_and_by_three_the_day_s_budget_is_one(world: World) -> None:
    token = world.bound()
    fail_to_resynchronise(world, 4)
    three = world.wrong_code(), world.code(10**9 + 1), world.code(10**9 + 2)
    assert world.resync.for_staff(token, three, "helen") == Answer(
        Rejected(Reason.NO_MATCH), Absent()
    )
    world.clock.advance(timedelta(minutes=5))
    for shown in (codes(world), three_codes(world, AHEAD)):
        answer = world.resync.for_staff(token, shown, "helen")
        assert answer == Answer(Rejected(Reason.RESYNCS_SPENT, NOON + timedelta(days=1)), None)


def test_staff_search_widely_by_three_codes(world: World) -> None:
    token = world.bound()
    far = STEP_AT_NOON + 2_000
    answer = world.resync.for_staff(token, three_codes(world, far), "helen")
    assert answer == Answer(Accepted(far + 2, 2_002), Consecutive(2_002))
    (event,) = world.events(EventKind.TOKEN_RESYNCHRONISED)
    assert event.detail == "offset +2002, drift was +0, by three codes"


@pytest.mark.parametrize("number", [2, 3])
def test_either_search_lets_a_token_out_of_its_hold_after_a_restore(
    world: World, number: int
) -> None:
    token = world.bound()
    waiting = replace(world.progress(), must_resync=True)
    world.vault.tamper(
        token, lambda stored: replace(stored, token=replace(stored.token, progress=waiting))
    )
    assert world.verify(token, world.code(), "rp") == Rejected(Reason.NEEDS_RESYNC)
    shown = codes(world) if number == 2 else three_codes(world, AHEAD)
    assert isinstance(world.resync.for_staff(token, shown, "helen").outcome, Accepted)
    assert world.progress().must_resync is False


def test_a_failed_search_keeps_the_hold(world: World) -> None:
    token = world.bound()
    waiting = replace(world.progress(), must_resync=True)
    world.vault.tamper(
        token, lambda stored: replace(stored, token=replace(stored.token, progress=waiting))
    )
    world.resync(token, (world.code(), world.wrong_code()), "helen")
    assert world.progress().must_resync is True


def test_a_counter_has_no_drift_to_put_on_record(world: World) -> None:
    token = world.bound(parameters=HOTP)
    world.resync.for_staff(token, three_codes(world, 5_000), "helen")
    (event,) = world.events(EventKind.TOKEN_RESYNCHRONISED)
    assert (event.factor, event.detail) == (5_002, "offset +5002, by three codes")


def test_how_far_it_would_go_back_is_told_to_staff_and_the_log(world: World) -> None:
    token = world.bound()
    world.verify(token, world.code(), "rp")
    answer = world.resync.for_staff(token, codes(world, STEP_AT_NOON - 4), "helen")
    assert answer == Answer(Rejected(Reason.BACKWARDS), Backwards(5))
    (event,) = world.events(EventKind.RESYNC_REJECTED)
    assert event.detail == f"{Reason.BACKWARDS.value}: 5 back"


def test_the_same_code_twice_is_on_record_and_costs_nothing(world: World) -> None:
    token = world.bound()
    refused = world.resync(token, (world.code(), world.code()), "helen")
    assert refused == Rejected(Reason.SAME_CODE)
    (event,) = world.events(EventKind.RESYNC_REJECTED)
    assert event.detail == "the same code twice"
    assert (world.keys.opened, world.progress().failures, world.progress().resyncs) == ([], 0, 0)


def test_an_unlock_does_not_renew_the_budget(world: World) -> None:
    token = world.bound()
    fail_to_resynchronise(world, 5)
    world.unlock(token, "helen")
    refused = world.resync.refusal(token)
    assert refused is not None
    assert refused.reason is Reason.RESYNCS_SPENT


def test_asking_for_a_refusal_changes_nothing(world: World) -> None:
    token = world.bound()
    before = world.vault.counts()
    assert world.resync.refusal(token) is None
    assert world.resync.refusal(token, ("1",)) == Rejected(Reason.MALFORMED)
    assert (world.vault.counts(), world.keys.opened) == (before, [])


def test_an_unknown_serial_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.resync(serial(9), ("12345678", "12345678"), "helen")


def test_a_broken_seal_is_recorded_and_raised(world: World) -> None:
    token = world.bound()
    world.break_seal(token)
    with pytest.raises(SealBroken):
        world.resync(token, codes(world), "helen")
    assert len(world.events(EventKind.SEAL_BROKEN)) == 1
    assert (world.keys.opened, world.progress().resyncs) == ([], 0)


def test_of_two_at_once_the_loser_decides_again(world: World) -> None:
    token, shown = world.bound(), codes(world)
    first: list[Outcome] = []
    world.keys.meanwhile.append(lambda: first.append(world.resync(token, shown, "other node")))
    assert world.resync(token, shown, "helen") == Rejected(Reason.BACKWARDS)
    assert first == [Accepted(AHEAD + 1, 41)]
