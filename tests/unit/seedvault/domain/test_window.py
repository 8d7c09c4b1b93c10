"""Which factors are searched: the edges of every window, and nothing outside them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain import window
from seedvault.domain.oath import Digest, HotpParameters, TotpParameters, code_at
from seedvault.domain.policy import DEFAULT
from seedvault.domain.token import Progress
from tests.support.fakes import MacOf, mac_of
from tests.support.tokens import HOTP, NOON, STEP_AT_NOON, TOTP

MAC = mac_of(b"12345678901234567890")


def steps_around_noon(half: int, centre: int = 0) -> range:
    return range(STEP_AT_NOON + centre - half, STEP_AT_NOON + centre + half + 1)


def test_a_code_of_a_clock_is_looked_for_one_step_to_either_side() -> None:
    # privacyIDEA's "symmetric" window runs from -w to w-1.
    found = window.for_verification(TOTP, Progress(0, NOON), NOON, DEFAULT)
    assert found == steps_around_noon(1)


@pytest.mark.parametrize("drift", [-40, 40])
def test_the_window_lies_around_the_stored_drift(drift: int) -> None:
    found = window.for_verification(TOTP, Progress(0, NOON, drift), NOON, DEFAULT)
    assert found == steps_around_noon(1, centre=drift)


@pytest.mark.parametrize(
    ("idle", "half"),
    [
        (timedelta(days=15, seconds=-1), 1),
        (timedelta(days=15), 2),
        (timedelta(days=30), 3),
        (timedelta(days=135, seconds=-1), 9),
        (timedelta(days=135), 10),
        (timedelta(days=150), 10),
        (timedelta(days=3_650), 10),
        (timedelta(days=-400), 1),  # our clock went back
    ],
)
def test_a_clock_that_lay_idle_gets_a_step_per_15_days_up_to_ten(
    idle: timedelta, half: int
) -> None:
    found = window.for_verification(TOTP, Progress(0, NOON - idle), NOON, DEFAULT)
    assert found == steps_around_noon(half)


def test_no_window_reaches_below_step_zero() -> None:
    early = TotpParameters(Digest.SHA1, 6, 30, t0_s=int(NOON.timestamp()))
    assert window.for_verification(early, Progress(0, NOON), NOON, DEFAULT) == range(2)


def test_before_the_first_step_there_is_nothing_to_find() -> None:
    later = TotpParameters(Digest.SHA1, 6, 30, t0_s=int(NOON.timestamp()) + 3_600)
    assert not window.for_verification(later, Progress(0, NOON), NOON, DEFAULT)


def test_a_counter_is_looked_for_ten_ahead_and_one_behind() -> None:
    found = window.for_verification(HOTP, Progress(100, NOON), NOON, DEFAULT)
    assert found == range(99, 111)


def test_there_is_no_counter_behind_zero() -> None:
    assert window.for_verification(HOTP, Progress(0, NOON), NOON, DEFAULT) == range(11)


@pytest.mark.parametrize("expected", [7, 100, 1_023])
@pytest.mark.parametrize("ahead", [1, 10, 11])
def test_a_counter_is_looked_for_as_far_ahead_as_the_policy_says(expected: int, ahead: int) -> None:
    policy = replace(DEFAULT, look_ahead=ahead, resync_counters=10 * ahead + 1)
    counter = Progress(expected, NOON)
    found = window.for_verification(HOTP, counter, NOON, policy)
    assert found == range(expected - 1, expected + ahead + 1)
    found = window.for_resynchronisation(HOTP, counter, NOON, policy.near)
    assert found == range(max(0, expected - ahead), expected + 10 * ahead + 2)


def test_a_clock_that_was_just_heard_of_is_not_idle() -> None:
    daily = replace(DEFAULT, idle_days_per_step=1)
    found = window.for_verification(TOTP, Progress(0, NOON), NOON, daily)
    assert found == steps_around_noon(1)


def test_a_counter_does_not_gain_window_by_lying_idle() -> None:
    idle = Progress(100, NOON - timedelta(days=3_650))
    assert window.for_verification(HOTP, idle, NOON, DEFAULT) == range(99, 111)


def test_resynchronising_a_clock_looks_120_steps_to_either_side_of_the_drift() -> None:
    found = window.for_resynchronisation(TOTP, Progress(0, NOON, 7), NOON, DEFAULT.near)
    assert found == steps_around_noon(120, centre=7)


def test_resynchronising_a_counter_looks_1000_ahead() -> None:
    found = window.for_resynchronisation(HOTP, Progress(100, NOON), NOON, DEFAULT.near)
    assert found == range(90, 1_101)


def test_resynchronising_a_new_counter_begins_at_zero() -> None:
    found = window.for_resynchronisation(HOTP, Progress(0, NOON), NOON, DEFAULT.near)
    assert found == range(1_001)


def test_a_wide_search_for_a_clock_looks_2880_steps_to_either_side_of_the_drift() -> None:
    found = window.for_resynchronisation(TOTP, Progress(0, NOON, 7), NOON, DEFAULT.wide)
    assert found == steps_around_noon(2_880, centre=7)


def test_a_wide_search_for_a_counter_looks_10000_ahead_and_1000_behind() -> None:
    found = window.for_resynchronisation(HOTP, Progress(5_000, NOON), NOON, DEFAULT.wide)
    assert found == range(4_000, 15_001)


@pytest.mark.parametrize("place", [5, 8, 14])
def test_a_code_is_found_at_its_place(place: int) -> None:
    assert window.search(MAC, code_at(MAC, place, 8), range(5, 15), 8) == [place]


@pytest.mark.parametrize("place", [4, 15])
def test_a_code_just_outside_is_not_found(place: int) -> None:
    assert window.search(MAC, code_at(MAC, place, 8), range(5, 15), 8) == []


def test_a_code_that_is_due_twice_is_found_twice() -> None:
    assert window.search(MacOf(lambda _: bytes(20)), "000000", range(5, 8), 6) == [5, 6, 7]


@pytest.mark.parametrize("place", [5, 14])
def test_the_whole_window_is_computed_wherever_the_code_is(place: int) -> None:
    asked: list[bytes] = []

    def counting(message: bytes) -> bytes:
        asked.append(message)
        return MAC(message)

    window.search(MacOf(counting), code_at(MAC, place, 8), range(5, 15), 8)
    assert asked == [factor.to_bytes(8, "big") for factor in range(5, 15)]


@pytest.mark.parametrize("shown", ["", "1", "00000000", "-0000007", "+0000007", "0_000_007"])
def test_what_is_no_code_of_this_length_is_found_nowhere(shown: str) -> None:
    computed = window.Computed(range(3), [0, 1, 7], 7)
    assert computed.places(shown) == []


def test_a_code_that_begins_with_zeros_is_found() -> None:
    assert window.Computed(range(3, 6), [0, 1, 7], 7).places("0000007") == [5]


def test_codes_of_other_lengths_are_other_codes() -> None:
    six = HotpParameters(Digest.SHA1, 6)
    assert window.search(MAC, code_at(MAC, 5, 7), range(5, 6), six.digits) == []
