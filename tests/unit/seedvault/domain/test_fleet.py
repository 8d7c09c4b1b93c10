"""When the failures of all tokens together are too many."""

import pytest

from seedvault.domain.fleet import FleetRates, Span

QUIET = Span(accepted=0, failed=0)


def test_ten_guesses_at_each_of_a_million_tokens_hit_thirty() -> None:
    assert Span(accepted=0, failed=10 * 10**6).lucky_hits == pytest.approx(30)


def test_what_was_accepted_is_no_guess() -> None:
    assert Span(accepted=10**6, failed=0).lucky_hits == 0


def test_as_many_failures_as_are_allowed_are_no_alarm() -> None:
    assert FleetRates(Span(9, 1_000), Span(9, 10**6), most_an_hour=1_000).alarm is None


def test_one_failure_more_is_an_alarm_that_says_so() -> None:
    rates = FleetRates(Span(9, 1_001), QUIET, most_an_hour=1_000)
    assert rates.alarm == "1001 failures in the last hour, over 1000"
