"""Every number of the policy, as it was decided: whoever changes one changes this table too."""

import pytest

from seedvault.domain.policy import DEFAULT, NUMBERS, Profile, Reach
from seedvault.domain.policy_number import Value, spelt

# The default, strict and lenient, the least and the most that a rule may give, and of what.
TABLE = """
look_ahead            10     5    20     1   100  counters
window_steps           1     0     2     0    10  steps
idle_days_per_step    15    30     -     1  3650  days
max_window_steps      10     1     -     0    10  steps
resync_counters     1000   100     -    10 10000  counters
resync_steps         120    20   240     1  2880  steps
wide_counters      10000  1000     -    10 10000  counters
wide_steps          2880   120     -     1  2880  steps
resyncs_a_day          5     2    10     1    20  attempts
auto_resync          off     -     -     -     -  -
auto_resync_within    3m     -     -   30s   10m  -
search_tokens       1000     -     -     1 10000  tokens
searches_a_day        10     -     -     1   100  searches
challenge_for         2m    1m    5m   30s   10m  -
challenges_open        3     1     -     1    10  challenges
pin                 none     -     -     -     -  -
pin_min                4     8     -     4    64  characters
free_failures          2     0     4     0    10  failures
lock_at               10     5    20     3    50  failures
lock_for             30m    1h   15m    1m    1d  -
disable_at            50    20   100     3   100  failures
disable_hotp6_at      30    10    50     3   100  failures
"""
OF_ALL_TOKENS = {"search_tokens", "searches_a_day"}


def shown(value: Value | None) -> str:
    return "-" if value is None else spelt(value)


@pytest.mark.parametrize("line", TABLE.split("\n")[1:-1])
def test_a_number_is_what_was_decided(line: str) -> None:
    name, *values = line.split()
    it = NUMBERS[name]
    given = (it.default, it.strict, it.lenient, it.least, it.most)
    assert [*map(shown, given), it.unit or "-"] == values
    assert spelt(getattr(Profile.STRICT.policy, name)) == shown(
        it.default if it.strict is None else it.strict
    )
    assert bool(it.limits) is (it.least is not None)


def test_no_number_is_without_a_line() -> None:
    assert {line.split()[0] for line in TABLE.split("\n")[1:-1]} == set(NUMBERS)


def test_searches_are_about_no_single_token() -> None:
    assert {name for name, number in NUMBERS.items() if not number.per_token} == OF_ALL_TOKENS


def test_two_codes_are_looked_for_near_and_three_wide() -> None:
    assert DEFAULT.near == Reach(steps=120, counters=1_000, behind=10)
    assert DEFAULT.wide == Reach(steps=2_880, counters=10_000, behind=1_000)
