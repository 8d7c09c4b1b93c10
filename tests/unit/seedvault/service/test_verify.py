"""A code is told accepted once, after its commit; what fails is on record and charged rightly."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import HsmUnavailable, NotFound, SealBroken, StorageUnavailable
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.policy import DEFAULT
from seedvault.domain.token import Bound
from seedvault.service.decide import until_settled
from seedvault.service.ports import Stale, StoredToken
from tests.support.tokens import HOTP, NOON, STEP_AT_NOON, serial
from tests.unit.seedvault.service.world import BOB, PATIENT, World


def test_the_right_code_is_accepted(world: World) -> None:
    assert world.verify(world.bound(), world.code(), "rp") == Accepted(STEP_AT_NOON, 0)


def test_the_same_code_again_is_refused(world: World) -> None:
    token, shown = world.bound(), world.code()
    world.verify(token, shown, "rp")
    assert world.verify(token, shown, "rp") == Rejected(Reason.ALREADY_USED)


def test_what_was_accepted_is_committed_with_its_event(world: World) -> None:
    world.verify(world.bound(), world.code(STEP_AT_NOON + 1), "rp")
    (event,) = world.events(EventKind.CODE_ACCEPTED)
    assert (event.serial, event.user, event.actor) == (serial(1), "alice", "rp")
    assert (event.factor, event.detail) == (STEP_AT_NOON + 1, "offset +1")
    assert world.progress().next_factor == STEP_AT_NOON + 2


def test_a_code_whose_commit_fails_is_not_called_accepted(world: World) -> None:
    token = world.bound()
    world.vault.full = True
    with pytest.raises(StorageUnavailable):
        world.verify(token, world.code(), "rp")
    assert world.progress().next_factor == 0


def test_a_wrong_code_is_charged_and_on_record(world: World) -> None:
    outcome = world.verify(world.bound(), world.wrong_code(), "rp")
    (event,) = world.events(EventKind.CODE_REJECTED)
    assert (outcome, event.detail) == (Rejected(Reason.NO_MATCH), "no match")
    assert (world.progress().failures, event.factor) == (1, None)


# Every early refusal: nothing opened, nothing charged, but on record.
@pytest.mark.parametrize("shown", ["", "1", " 12345678", "\uff11" * 8, "123456789"])
def test_a_malformed_code_never_reaches_the_hsm_and_is_not_charged(
    world: World, shown: str
) -> None:
    token = world.bound()
    assert world.verify(token, shown, "rp") == Rejected(Reason.MALFORMED)
    assert (world.keys.opened, world.progress().failures) == ([], 0)
    assert [event.detail for event in world.events(EventKind.CODE_REJECTED)] == [
        Reason.MALFORMED.value
    ]


def test_a_refused_code_is_not_repeated_in_the_record(world: World) -> None:
    world.verify(world.bound(), "my secret", "rp")
    assert "my secret" not in repr(world.vault.chains)


def test_a_token_in_stock_is_not_bound_whatever_its_code(world: World) -> None:
    token = world.stocked()
    assert world.verify(token, world.code(), "rp") == Rejected(Reason.NOT_BOUND)
    assert (world.keys.opened, len(world.events(EventKind.CODE_REJECTED))) == ([], 1)


def test_a_try_during_the_delay_is_refused_and_not_charged(world: World) -> None:
    token = world.bound()
    for _ in range(3):
        world.verify(token, world.wrong_code(), "rp")
    refused = world.verify(token, world.code(), "rp")
    assert refused == Rejected(Reason.DELAYED, NOON + timedelta(seconds=1))
    assert world.progress().failures == 3


def test_after_the_delay_the_right_code_is_accepted_and_failures_are_forgotten(
    world: World,
) -> None:
    token = world.bound()
    for _ in range(3):
        world.verify(token, world.wrong_code(), "rp")
    world.clock.advance(timedelta(seconds=1))
    assert isinstance(world.verify(token, world.code(), "rp"), Accepted)
    assert world.progress().failures == 0


def test_an_unknown_serial_names_the_nearest(world: World) -> None:
    world.bound()
    with pytest.raises(NotFound, match=f"Nearest: {serial(1)}"):
        world.verify(serial(2), "12345678", "rp")


def test_an_unknown_serial_in_an_empty_vault_asks_for_its_seed_file(world: World) -> None:
    with pytest.raises(NotFound, match="Import the seed file"):
        world.verify(serial(2), "12345678", "rp")


def test_an_hsm_that_is_away_costs_nobody_a_failure(world: World) -> None:
    token = world.bound()
    world.keys.unplugged = True
    with pytest.raises(HsmUnavailable):
        world.verify(token, world.code(), "rp")
    assert world.progress().failures == 0


def with_anothers_seed(world: World) -> StoredToken:
    """Token 1, whose row someone gave the blob of token 2."""
    world.stocked(2)
    other = world.stored(2).wrapped
    world.vault.tamper(serial(1), lambda stored: replace(stored, wrapped=other))
    return world.stored()


def test_a_swapped_blob_is_recorded_raised_and_never_opened(world: World) -> None:
    # privacyIDEA's CBC without binding: whoever writes to the database swaps two blobs.
    token = world.bound()
    tampered = with_anothers_seed(world)
    with pytest.raises(SealBroken):
        world.verify(token, world.code(number=2), "rp")
    assert (world.keys.opened, world.stored()) == ([], tampered)
    (event,) = world.events(EventKind.SEAL_BROKEN)
    assert (event.serial, event.actor) == (token, "rp")


def test_a_swapped_owner_breaks_the_seal(world: World) -> None:
    token = world.bound()
    now = world.stored().token
    assert isinstance(now, Bound)
    world.vault.tamper(token, lambda stored: replace(stored, token=replace(now, owner=BOB)))
    with pytest.raises(SealBroken):
        world.verify(token, world.code(), "rp")


def test_asking_for_a_refusal_tells_it_and_changes_nothing(world: World) -> None:
    token = world.bound()
    before = world.vault.counts()
    assert world.verify.refusal(token, "x") == Rejected(Reason.MALFORMED)
    assert world.verify.refusal(token, world.wrong_code()) is None
    assert (world.vault.counts(), world.keys.opened) == (before, [])


def test_asking_for_a_refusal_of_a_token_in_stock_says_not_bound(world: World) -> None:
    assert world.verify.refusal(world.stocked(), "12345678") == Rejected(Reason.NOT_BOUND)


def test_of_two_attempts_on_one_version_the_loser_decides_again(world: World) -> None:
    token, shown = world.bound(), world.code()
    first: list[Outcome] = []
    world.keys.meanwhile.append(lambda: first.append(world.verify(token, shown, "other node")))
    assert world.verify(token, shown, "rp") == Rejected(Reason.ALREADY_USED)
    assert first == [Accepted(STEP_AT_NOON, 0)]
    assert len(world.events(EventKind.CODE_ACCEPTED)) == 1


def test_what_changed_while_the_hsm_computed_is_read_again(world: World) -> None:
    token = world.bound()
    world.keys.meanwhile.append(lambda: world.unassign(token, "helen"))
    assert world.verify(token, world.code(), "rp") == Rejected(Reason.NOT_BOUND)


def race(world: World, tries: int, shown: str) -> list[Outcome]:
    """So many tries of one code at once."""
    token, verify = world.bound(), world.verify_under(PATIENT)
    with ThreadPoolExecutor(max_workers=20) as pool:
        racing = [pool.submit(verify, token, shown, "rp") for _ in range(tries)]
        return [each.result() for each in racing]


def test_of_many_threads_with_one_code_exactly_one_is_accepted(world: World) -> None:
    world.stocked()
    outcomes = race(world, 50, world.code())
    assert sum(isinstance(outcome, Accepted) for outcome in outcomes) == 1


def test_of_200_parallel_guesses_exactly_ten_are_told_their_outcome(world: World) -> None:
    # Check first and charge later told 58 of them (security.md, "charge first").
    world.stocked()
    outcomes = race(world, 200, world.wrong_code())
    told = [outcome for outcome in outcomes if outcome == Rejected(Reason.NO_MATCH)]
    locked = Rejected(Reason.LOCKED, NOON + DEFAULT.lock_for)
    assert (len(told), outcomes.count(locked)) == (10, 190)
    assert world.progress().failures == 10


def test_a_token_that_never_stands_still_is_given_up_on() -> None:
    attempts: list[None] = []

    def lose() -> None:
        attempts.append(None)
        raise Stale

    with pytest.raises(StorageUnavailable, match="changed faster"):
        until_settled(lose)
    assert len(attempts) == 200


def test_hotp_codes_are_accepted_in_turn_and_skipping_is_recorded(world: World) -> None:
    token = world.bound(parameters=HOTP)
    assert world.verify(token, world.code(0), "rp") == Accepted(0, 0)
    assert world.verify(token, world.code(4), "rp") == Accepted(4, 3)
    assert world.events(EventKind.CODE_ACCEPTED)[0].detail == "offset +3"


@pytest.mark.parametrize("shown", ["123456789", "123456"])
def test_a_code_of_another_length_asks_whether_the_row_is_ours(world: World, shown: str) -> None:
    token = world.bound()
    world.break_seal(token)
    with pytest.raises(SealBroken):
        world.verify(token, shown, "rp")
    assert len(world.events(EventKind.SEAL_BROKEN)) == 1


def test_what_is_no_token_s_code_asks_the_hsm_nothing(world: World) -> None:
    token = world.bound()
    world.break_seal(token)
    assert world.verify(token, "12345", "rp") == Rejected(Reason.MALFORMED)


def test_a_token_in_stock_is_called_nobody_s_only_under_its_seal(world: World) -> None:
    token = world.stocked()
    world.break_seal(token)
    with pytest.raises(SealBroken):
        world.verify(token, world.code(), "rp")
    assert world.events(EventKind.CODE_REJECTED) == []
