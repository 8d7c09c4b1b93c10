"""A drifted token comes back by two logins in a row, where the policy says so, and strictly so."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain import auto_resync
from seedvault.domain.oath import Counting
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.policy import DEFAULT
from seedvault.domain.token import Progress, Stray
from tests.support.fakes import mac_of
from tests.support.tokens import HOTP, NOON, STEP_AT_NOON, TOTP
from tests.unit.seedvault.domain.tokens import SEED, Watched, bound, code, showing

NEW = Progress(0, NOON)
ON = replace(DEFAULT, auto_resync=True)
LATER = NOON + timedelta(seconds=30)
FAR = STEP_AT_NOON + 40
MS = timedelta(milliseconds=1)
NO_MATCH = Rejected(Reason.NO_MATCH)


def verify(
    progress: Progress, factor: int, now: timedelta = timedelta(0), parameters: Counting = TOTP
) -> tuple[Progress, Outcome]:
    """The code at `factor`, so long after noon."""
    mac = mac_of(SEED, parameters.digest)
    token = bound(progress, parameters)
    return auto_resync.verify(token, code(factor, parameters), NOON + now, ON, mac)


def test_by_default_a_stray_code_is_not_remembered() -> None:
    mac = Watched(mac_of(SEED, TOTP.digest))
    after, outcome = auto_resync.verify(bound(NEW), code(FAR), NOON, DEFAULT, mac)
    assert (outcome, after.stray, mac.calls) == (NO_MATCH, None, 3)


def test_by_default_a_remembered_code_leads_nowhere() -> None:
    mac = mac_of(SEED, TOTP.digest)
    token = bound(replace(NEW, stray=Stray(FAR, NOON)))
    assert auto_resync.verify(token, code(FAR + 1), LATER, DEFAULT, mac)[1] == NO_MATCH


@pytest.mark.parametrize("away", [-120, -2, 2, 40, 120])
def test_a_stray_code_is_refused_charged_and_remembered(away: int) -> None:
    after, outcome = verify(NEW, STEP_AT_NOON + away)
    assert outcome == NO_MATCH
    stray = Stray(STEP_AT_NOON + away, NOON)
    assert after == replace(NEW, failures=1, last_failure_at=NOON, stray=stray)


def test_of_two_places_the_later_is_remembered() -> None:
    mac = showing({40: 1, 60: 1})
    after, _ = auto_resync.verify(bound(NEW), "00000001", NOON, ON, mac)
    assert after.stray == Stray(STEP_AT_NOON + 60, NOON)


@pytest.mark.parametrize("away", [-121, 121])
def test_a_code_outside_the_range_is_not_remembered(away: int) -> None:
    after, _ = verify(NEW, STEP_AT_NOON + away)
    assert (after.stray, after.failures) == (None, 1)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(seconds=30), timedelta(seconds=180)])
def test_its_successor_is_accepted_and_both_are_spent(later: timedelta) -> None:
    progress, _ = verify(NEW, FAR)
    after, outcome = verify(progress, FAR + 1, later)
    drift = FAR + 1 - TOTP.step_at(NOON + later)
    assert outcome == Accepted(FAR + 1, drift)
    assert after == Progress(FAR + 2, NOON + later, drift_steps=drift, uses=1)


@pytest.mark.parametrize("later", [timedelta(seconds=180) + MS, timedelta(hours=1), -MS])
def test_a_successor_that_comes_too_late_or_before_is_refused(later: timedelta) -> None:
    progress, _ = verify(NEW, FAR)
    _, outcome = verify(progress, FAR + 1, later)
    assert outcome == NO_MATCH


@pytest.mark.parametrize("next_one", [-1, 0, 2, 3])
def test_only_the_exact_successor_will_do(next_one: int) -> None:
    progress, _ = verify(NEW, FAR)
    after, outcome = verify(progress, FAR + next_one, timedelta(seconds=30))
    assert outcome == NO_MATCH
    assert after.stray == Stray(FAR + next_one, LATER)


def test_without_a_stray_code_there_is_no_successor() -> None:
    assert verify(NEW, 0)[1] == NO_MATCH


def test_a_wrong_code_in_between_breaks_the_row() -> None:
    progress, _ = verify(NEW, FAR)
    progress, _ = verify(progress, 10**9)
    assert progress.stray is None
    progress, outcome = verify(progress, FAR + 1)
    assert (outcome, progress.stray) == (NO_MATCH, Stray(FAR + 1, NOON))


def test_a_right_code_in_between_breaks_the_row() -> None:
    progress, _ = verify(NEW, FAR)
    progress, outcome = verify(progress, STEP_AT_NOON)
    assert outcome == Accepted(STEP_AT_NOON, 0)
    assert verify(progress, FAR + 1)[1] == NO_MATCH


def test_a_spent_code_in_between_breaks_the_row() -> None:
    progress, _ = verify(replace(NEW, next_factor=STEP_AT_NOON + 1), FAR)
    progress, outcome = verify(progress, STEP_AT_NOON)
    assert outcome == Rejected(Reason.ALREADY_USED)
    assert verify(progress, FAR + 1)[1] == NO_MATCH


def test_a_counter_that_ran_away_comes_back() -> None:
    progress, outcome = verify(Progress(100, NOON), 611, parameters=HOTP)
    assert (outcome, progress.stray) == (NO_MATCH, Stray(611, NOON))
    progress, outcome = verify(progress, 612, timedelta(seconds=30), HOTP)
    assert outcome == Accepted(612, 512)
    assert progress.next_factor == 613


@pytest.mark.parametrize("skipped", [11, 1_000])
def test_a_counter_is_looked_for_as_far_as_two_codes_would(skipped: int) -> None:
    progress, _ = verify(Progress(100, NOON), 100 + skipped, parameters=HOTP)
    assert progress.stray == Stray(100 + skipped, NOON)


def test_a_counter_1001_ahead_is_not_remembered() -> None:
    progress, _ = verify(Progress(100, NOON), 1_101, parameters=HOTP)
    assert progress.stray is None


@pytest.mark.parametrize("spent", [-60, -2])
def test_codes_below_the_floor_are_never_remembered(spent: int) -> None:
    # LinOTP CVE-2019-12887: two codes that were used logged in again.
    used = Progress(STEP_AT_NOON, NOON)
    progress, outcome = verify(used, STEP_AT_NOON + spent)
    assert (outcome, progress.stray) == (NO_MATCH, None)
    _, outcome = verify(progress, STEP_AT_NOON + spent + 1)
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize("again", [0, 1])
def test_neither_of_the_two_is_accepted_again(again: int) -> None:
    progress, _ = verify(NEW, FAR)
    progress, _ = verify(progress, FAR + 1, timedelta(seconds=30))
    for later in range(31, 400, 10):
        progress, outcome = verify(progress, FAR + again, timedelta(seconds=later))
        assert isinstance(outcome, Rejected)


def test_the_code_after_the_two_is_accepted() -> None:
    progress, _ = verify(NEW, FAR)
    progress, _ = verify(progress, FAR + 1, timedelta(seconds=30))
    _, outcome = verify(progress, FAR + 2, timedelta(seconds=60))
    assert outcome == Accepted(FAR + 2, 40)


def test_a_floor_that_rose_meanwhile_holds() -> None:
    risen = replace(NEW, next_factor=FAR + 2, stray=Stray(FAR, NOON))
    assert verify(risen, FAR + 1)[1] == NO_MATCH


def test_a_right_code_costs_no_search() -> None:
    mac = Watched(mac_of(SEED, TOTP.digest))
    auto_resync.verify(bound(NEW), code(STEP_AT_NOON), NOON, ON, mac)
    assert mac.calls == 3


def test_a_code_that_is_nowhere_costs_one_near_search() -> None:
    mac = Watched(mac_of(SEED, TOTP.digest))
    token = bound(replace(NEW, stray=Stray(FAR, NOON)))
    auto_resync.verify(token, code(10**9), NOON, ON, mac)
    assert mac.calls == 3 + 1 + 241
