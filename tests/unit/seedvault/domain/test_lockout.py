"""How long a token waits after failures, and when staff must help."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain import lockout
from seedvault.domain.oath import Digest, HotpParameters, TotpParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.outcome import Reason, Rejected
from seedvault.domain.parameters import Parameters
from seedvault.domain.policy import DEFAULT
from seedvault.domain.token import Progress
from tests.support.tokens import HOTP, NOON, OCRA, TOTP

HOTP_8, TOTP_6 = HotpParameters(Digest.SHA1, 8), TotpParameters(Digest.SHA1, 6, 30)
MS = timedelta(milliseconds=1)
HALF_AN_HOUR = timedelta(minutes=30)


def after(failures: int) -> Progress:
    """A token whose last failure was at noon."""
    return Progress(7, NOON, failures=failures, last_failure_at=NOON)


def refused(failures: int, later: timedelta, parameters: Parameters = TOTP) -> Rejected | None:
    return lockout.refusal(parameters, after(failures), NOON + later, DEFAULT)


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_two_failures_cost_no_waiting(failures: int) -> None:
    assert refused(failures, timedelta(0)) is None


@pytest.mark.parametrize(
    ("failures", "seconds"), [(3, 1), (4, 2), (5, 4), (6, 8), (7, 16), (8, 32), (9, 64)]
)
def test_each_failure_after_that_doubles_the_delay(failures: int, seconds: int) -> None:
    delay = timedelta(seconds=seconds)
    assert refused(failures, delay - MS) == Rejected(Reason.DELAYED, NOON + delay)
    assert refused(failures, delay) is None


@pytest.mark.parametrize("failures", [10, 11, 29])
def test_from_the_tenth_on_every_failure_locks_for_half_an_hour(failures: int) -> None:
    until = NOON + HALF_AN_HOUR
    assert refused(failures, HALF_AN_HOUR - MS) == Rejected(Reason.LOCKED, until)
    assert refused(failures, HALF_AN_HOUR) is None


@pytest.mark.parametrize(
    ("parameters", "most"),
    [
        *((TOTP, 50), (TOTP_6, 50), (HOTP_8, 50), (HOTP, 30), (OCRA, 50)),
        (OcraParameters("OCRA-1:HOTP-SHA1-6:C-QN08"), 30),
        (OcraParameters("OCRA-1:HOTP-SHA1-8:C-QN08"), 50),
    ],
)
def test_a_token_is_disabled_at_its_limit_however_long_one_waits(
    parameters: Parameters, most: int
) -> None:
    years = timedelta(days=3_650)
    assert refused(most - 1, years, parameters) is None
    assert refused(most, years, parameters) == Rejected(Reason.DISABLED)
    assert refused(most + 1, years, parameters) == Rejected(Reason.DISABLED)


def test_a_clock_that_went_back_does_not_shorten_the_wait() -> None:
    assert refused(3, timedelta(days=-1)) == Rejected(Reason.DELAYED, NOON + timedelta(seconds=1))


def test_failures_that_are_free_cost_no_waiting_even_if_the_clock_went_back() -> None:
    assert refused(2, timedelta(days=-400)) is None


def test_a_delay_as_long_as_the_lock_is_a_delay() -> None:
    short = replace(DEFAULT, lock_for=timedelta(seconds=64))
    refused = lockout.refusal(TOTP, after(9), NOON, short)
    assert refused == Rejected(Reason.DELAYED, NOON + timedelta(seconds=64))


def test_no_delay_is_longer_than_the_lock() -> None:
    brief = replace(DEFAULT, lock_for=timedelta(minutes=1), lock_at=50)
    minute = NOON + timedelta(minutes=1)
    assert lockout.refusal(TOTP, after(49), NOON, brief) == Rejected(Reason.DELAYED, minute)


def test_failures_without_a_date_make_nobody_wait() -> None:
    undated = replace(after(5), last_failure_at=None)
    assert lockout.refusal(TOTP, undated, NOON, DEFAULT) is None


def test_a_charge_is_one_failure_more_at_that_moment() -> None:
    later = NOON + MS
    assert lockout.charge(after(4), later) == replace(after(5), last_failure_at=later)


def test_clearing_forgets_failures_and_keeps_the_moving_factor() -> None:
    assert lockout.clear(after(40)) == Progress(7, NOON)


def test_clearing_what_never_failed_changes_nothing() -> None:
    assert lockout.clear(Progress(7, NOON)) == Progress(7, NOON)
