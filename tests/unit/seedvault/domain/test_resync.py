"""Consecutive codes bring a token back, strictly forward, five times a day at most."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain import resync, verification
from seedvault.domain.finding import Absent, Backwards, Consecutive, Finding, Scattered
from seedvault.domain.oath import Counting
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.policy import DEFAULT
from seedvault.domain.resync import Codes, Decision
from seedvault.domain.token import Progress
from tests.support.fakes import MacOf, mac_of
from tests.support.tokens import HOTP, NOON, STEP_AT_NOON, TOTP
from tests.unit.seedvault.domain.tokens import SEED, Watched, bound, code, showing

NEW = Progress(0, NOON)
DAY = timedelta(days=1)
MS = timedelta(milliseconds=1)


def decide(progress: Progress, *factors: int, parameters: Counting = TOTP) -> Decision:
    """With the codes that the token shows at these factors, two or three."""
    shown = [code(factor, parameters) for factor in factors]
    codes: Codes = (shown[0], shown[1]) if len(shown) == 2 else (shown[0], shown[1], shown[2])
    mac = mac_of(SEED, parameters.digest)
    return resync.resynchronise(bound(progress, parameters), codes, NOON, DEFAULT, mac)


def resynchronise(
    progress: Progress, first: int, second: int, parameters: Counting = TOTP
) -> tuple[Progress, Outcome]:
    """By two codes: what is committed."""
    decision = decide(progress, first, second, parameters=parameters)
    return decision.progress, decision.outcome


@pytest.mark.parametrize("drift", [-120, -40, 0, 40, 120])
def test_a_clock_is_found_up_to_120_steps_away(drift: int) -> None:
    first = STEP_AT_NOON + drift
    after, outcome = resynchronise(NEW, first, first + 1)
    assert outcome == Accepted(first + 1, drift + 1)
    assert (after.next_factor, after.drift_steps) == (first + 2, drift + 1)


@pytest.mark.parametrize("drift", [-121, 121])
def test_a_clock_is_not_found_121_steps_away(drift: int) -> None:
    first = STEP_AT_NOON + drift
    _, outcome = resynchronise(NEW, first, first + 1)
    assert isinstance(outcome, Rejected)


def test_the_window_lies_around_the_drift_that_was_known() -> None:
    first = STEP_AT_NOON + 300
    _, outcome = resynchronise(replace(NEW, drift_steps=200), first, first + 1)
    assert outcome == Accepted(first + 1, 301)


@pytest.mark.parametrize("skipped", [0, 999, 1_000])
def test_a_counter_is_found_up_to_1000_ahead(skipped: int) -> None:
    after, outcome = resynchronise(Progress(100, NOON), 100 + skipped, 101 + skipped, HOTP)
    assert outcome == Accepted(101 + skipped, skipped + 1)
    assert after.next_factor == 102 + skipped


def test_a_counter_is_not_found_1001_ahead() -> None:
    _, outcome = resynchronise(Progress(100, NOON), 1_101, 1_102, HOTP)
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize("spent", [0, 1])
def test_both_codes_are_spent(spent: int) -> None:
    # LinOTP CVE-2019-12887: codes used to resynchronise could be used again.
    first = STEP_AT_NOON + 40
    after, _ = resynchronise(NEW, first, first + 1)
    mac = mac_of(SEED, TOTP.digest)
    _, outcome = verification.verify(bound(after), code(first + spent), NOON, DEFAULT, mac)
    assert isinstance(outcome, Rejected)


def test_the_code_after_them_is_accepted() -> None:
    # privacyIDEA: a resynchronisation that blocks the next valid code.
    first = STEP_AT_NOON + 40
    after, _ = resynchronise(NEW, first, first + 1)
    mac, later = mac_of(SEED, TOTP.digest), NOON + timedelta(seconds=60)
    _, outcome = verification.verify(bound(after), code(first + 2), later, DEFAULT, mac)
    assert outcome == Accepted(first + 2, 40)


@pytest.mark.parametrize("parameters", [HOTP, TOTP])
def test_a_first_code_that_was_already_used_is_refused(parameters: Counting) -> None:
    # privacyIDEA accepts it: the thief of one used code needs only one more.
    used = STEP_AT_NOON
    after, outcome = resynchronise(Progress(used + 1, NOON), used, used + 1, parameters)
    assert outcome == Rejected(Reason.BACKWARDS)
    assert after.next_factor == used + 1


def test_the_first_code_may_be_the_very_next_one() -> None:
    after, _ = resynchronise(Progress(STEP_AT_NOON, NOON), STEP_AT_NOON, STEP_AT_NOON + 1)
    assert after.next_factor == STEP_AT_NOON + 2


@pytest.mark.parametrize("second", [-1, 0, 2])
def test_codes_that_do_not_follow_each_other_are_not_consecutive(second: int) -> None:
    _, outcome = resynchronise(NEW, STEP_AT_NOON, STEP_AT_NOON + second)
    assert outcome == Rejected(Reason.NOT_CONSECUTIVE)


@pytest.mark.parametrize(("first", "second"), [(0, 500), (500, 0), (500, 501)])
def test_a_code_that_is_nowhere_near_matches_nothing(first: int, second: int) -> None:
    _, outcome = resynchronise(NEW, STEP_AT_NOON + first, STEP_AT_NOON + second)
    assert outcome == Rejected(Reason.NO_MATCH)


@pytest.mark.parametrize("next_factor", [100, 101])
@pytest.mark.parametrize(
    ("above_lowest", "reason"), [(0, Reason.NO_MATCH), (1, Reason.NOT_CONSECUTIVE)]
)
def test_the_second_code_is_looked_for_from_one_above_the_lowest_first(
    next_factor: int, above_lowest: int, reason: Reason
) -> None:
    lowest = next_factor - DEFAULT.look_ahead
    _, outcome = resynchronise(
        Progress(next_factor, NOON), next_factor + 7, lowest + above_lowest, HOTP
    )
    assert outcome == Rejected(reason)


def test_of_two_places_the_later_is_taken() -> None:
    decision = resync.resynchronise(
        bound(NEW, HOTP), ("000000", "000000"), NOON, DEFAULT, MacOf(lambda _: bytes(20))
    )
    assert decision.outcome == Accepted(1_001, 1_001)
    assert decision.progress.next_factor == 1_002


def test_a_failed_try_counts_as_a_failure_and_moves_no_factor() -> None:
    after, _ = resynchronise(Progress(7, NOON, failures=1), 500, 501)
    expected = Progress(7, NOON, failures=2, last_failure_at=NOON, resyncs=1, resyncs_since=NOON)
    assert after == expected


def test_success_forgets_failures_but_is_counted_in_the_budget() -> None:
    after, _ = resynchronise(replace(NEW, failures=3), STEP_AT_NOON, STEP_AT_NOON + 1)
    assert (after.failures, after.resyncs) == (0, 1)


def test_no_factor_is_computed_twice() -> None:
    mac = Watched(mac_of(SEED, TOTP.digest))
    codes = code(STEP_AT_NOON), code(STEP_AT_NOON + 1)
    resync.resynchronise(bound(NEW), codes, NOON, DEFAULT, mac)
    assert mac.calls == 2 * 120 + 1 + 1


@pytest.mark.parametrize("drift", [-2_880, 121, 2_880])
def test_three_codes_find_a_clock_up_to_2880_steps_away(drift: int) -> None:
    first = STEP_AT_NOON + drift
    decision = decide(NEW, first, first + 1, first + 2)
    assert decision.outcome == Accepted(first + 2, drift + 2)
    assert decision.finding == Consecutive(drift + 2)
    after = decision.progress
    assert (after.next_factor, after.drift_steps, after.resyncs) == (first + 3, drift + 2, 1)


@pytest.mark.parametrize("drift", [-2_881, 2_881])
def test_three_codes_find_no_clock_2881_steps_away(drift: int) -> None:
    first = STEP_AT_NOON + drift
    decision = decide(NEW, first, first + 1, first + 2)
    assert decision.outcome == Rejected(Reason.NO_MATCH)


@pytest.mark.parametrize("skipped", [0, 1_001, 10_000])
def test_three_codes_find_a_counter_up_to_10000_ahead(skipped: int) -> None:
    first = 100 + skipped
    decision = decide(Progress(100, NOON), first, first + 1, first + 2, parameters=HOTP)
    assert decision.outcome == Accepted(first + 2, skipped + 2)
    assert decision.progress.next_factor == first + 3


def test_three_codes_find_no_counter_10001_ahead() -> None:
    first = 10_101
    decision = decide(Progress(100, NOON), first, first + 1, first + 2, parameters=HOTP)
    assert decision.outcome == Rejected(Reason.NO_MATCH)


@pytest.mark.parametrize("third", [-1, 0, 1, 3])
def test_a_third_code_that_does_not_follow_makes_none_of_them_count(third: int) -> None:
    first = STEP_AT_NOON + 40
    decision = decide(NEW, first, first + 1, first + third)
    assert decision.outcome == Rejected(Reason.NOT_CONSECUTIVE)
    assert decision.progress.next_factor == 0


@pytest.mark.parametrize("third", [-1, 5_763])
def test_a_third_code_that_is_nowhere_makes_the_search_fail(third: int) -> None:
    first = STEP_AT_NOON - 2_880
    assert decide(NEW, first, first + 1, first + third).finding == Absent()


@pytest.mark.parametrize("spent", [0, 1, 2])
def test_all_three_codes_are_spent(spent: int) -> None:
    first = STEP_AT_NOON + 2_000
    after = decide(NEW, first, first + 1, first + 2).progress
    mac, then = mac_of(SEED, TOTP.digest), NOON + timedelta(seconds=30 * spent)
    _, outcome = verification.verify(bound(after), code(first + spent), then, DEFAULT, mac)
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize(
    ("factors", "finding"),
    [
        ((41, 42), Consecutive(42)),
        ((3, 7), Scattered((3, 7))),
        ((7, 3), Scattered((7, 3))),
        ((-120, 121), Scattered((-120, 121))),
        ((-121, -120), Absent()),
        ((-5, -4), Backwards(7)),
        ((1, 2), Backwards(1)),
        ((2, 3), Consecutive(3)),
        ((500, 900, 2_000), Scattered((500, 900, 2_000))),
        ((-2_880, -2_879, -2_878), Backwards(2_882)),
    ],
)
def test_staff_hear_where_the_codes_of_a_clock_are(
    factors: tuple[int, ...], finding: Finding
) -> None:
    accepted_before = Progress(STEP_AT_NOON + 2, NOON)
    decision = decide(accepted_before, *(STEP_AT_NOON + factor for factor in factors))
    assert decision.finding == finding


@pytest.mark.parametrize(
    ("counters", "finding"),
    [
        ((2_041, 2_042), Consecutive(42)),
        ((2_003, 2_007), Scattered((3, 7))),
        ((1_998, 1_999), Backwards(2)),
        ((1_990, 1_991), Backwards(10)),
        ((1_989, 1_990), Absent()),
        ((1_000, 1_001, 1_002), Backwards(1_000)),
        ((999, 1_000, 1_001), Absent()),
    ],
)
def test_staff_hear_where_the_codes_of_a_counter_are(
    counters: tuple[int, ...], finding: Finding
) -> None:
    decision = decide(Progress(2_000, NOON), *counters, parameters=HOTP)
    assert decision.finding == finding


ONE_THEN_TWO = "00000001", "00000002"


def test_of_a_code_that_is_due_twice_staff_hear_of_the_place_nearest_to_now() -> None:
    mac = showing({-100: 1, 3: 1, 90: 1, 7: 2})
    decision = resync.resynchronise(bound(NEW), ONE_THEN_TWO, NOON, DEFAULT, mac)
    assert decision.finding == Scattered((3, 7))


def test_of_two_places_behind_the_later_tells_how_far_it_would_go_back() -> None:
    mac = showing({-9: 1, -8: 2, -5: 1, -4: 2})
    used = Progress(STEP_AT_NOON, NOON)
    decision = resync.resynchronise(bound(used), ONE_THEN_TWO, NOON, DEFAULT, mac)
    assert decision.finding == Backwards(5)


def test_the_same_code_twice_is_told_plainly_and_never_computed() -> None:
    shown = code(STEP_AT_NOON)
    refused = resync.refusal(bound(NEW), (shown, shown), NOON, DEFAULT)
    assert refused == Rejected(Reason.SAME_CODE)


@pytest.mark.parametrize("again", [0, 1])
def test_of_three_codes_none_may_be_the_same_either(again: int) -> None:
    shown = [code(STEP_AT_NOON), code(STEP_AT_NOON + 1)]
    refused = resync.refusal(bound(NEW), (*shown, shown[again]), NOON, DEFAULT)
    assert refused == Rejected(Reason.SAME_CODE)


def spent(resyncs: int, since: timedelta = timedelta(0)) -> Progress:
    """So many tries today, the first of them `since` before noon."""
    return Progress(0, NOON, resyncs=resyncs, resyncs_since=NOON - since)


def test_the_first_resynchronisation_ever_is_allowed() -> None:
    assert resync.refusal(bound(NEW), (), NOON, DEFAULT) is None


def test_the_fifth_of_a_day_is_allowed() -> None:
    assert resync.refusal(bound(spent(4)), (), NOON, DEFAULT) is None


def test_the_sixth_of_a_day_is_refused_until_the_day_is_over() -> None:
    refused = resync.refusal(bound(spent(5, since=DAY - MS)), (), NOON, DEFAULT)
    assert refused == Rejected(Reason.RESYNCS_SPENT, NOON + MS)


def test_more_than_a_day_s_budget_is_spent_too() -> None:
    assert resync.refusal(bound(spent(6)), (), NOON, DEFAULT) == Rejected(
        Reason.RESYNCS_SPENT, NOON + DAY
    )


@pytest.mark.parametrize("since", [DAY, DAY + MS])
def test_a_new_day_renews_the_budget(since: timedelta) -> None:
    assert resync.refusal(bound(spent(5, since=since)), (), NOON, DEFAULT) is None


@pytest.mark.parametrize("since", [DAY, DAY + MS])
def test_the_first_try_of_a_new_day_counts_from_one(since: timedelta) -> None:
    after, _ = resynchronise(spent(5, since=since), 500, 501)
    assert (after.resyncs, after.resyncs_since) == (1, NOON)


@pytest.mark.parametrize("before", [1, 2, 3])
def test_a_later_try_of_a_day_keeps_the_day_s_beginning(before: int) -> None:
    after, _ = resynchronise(spent(before, since=DAY - MS), 500, 501)
    assert (after.resyncs, after.resyncs_since) == (before + 1, NOON - DAY + MS)


def test_a_token_that_had_to_resynchronise_no_longer_has_to() -> None:
    must = replace(NEW, must_resync=True)
    found, _ = resynchronise(must, STEP_AT_NOON, STEP_AT_NOON + 1)
    missed, _ = resynchronise(must, 10**9, 10**9 + 1)
    assert (found.must_resync, missed.must_resync) == (False, True)
