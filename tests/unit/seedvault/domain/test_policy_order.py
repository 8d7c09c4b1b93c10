"""Numbers that nest stay nested, whichever rules give them."""

import pytest

from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import GroupName, ModelName
from seedvault.domain.policy import NUMBERS, Profile
from seedvault.domain.policy_order import ORDERS, Order, check_order, disorders
from seedvault.domain.policy_rule import AllTokens, OfBatch, OfGroup, OfModel, Rule, Scope, Setting
from seedvault.domain.rule_set import RuleSet

ALL, CARD, FOB = AllTokens(), OfModel(ModelName("OTP 110")), OfModel(ModelName("OTP 220"))
BATCH, OTHER = OfBatch(7), OfBatch(8)
DESK, FIELD = OfGroup(GroupName("desk")), OfGroup(GroupName("field"))

# Which number is at most, or below, which other: whoever changes ORDERS changes this too.
TABLE = """
look_ahead       <= resync_counters
resync_counters  <= wide_counters
window_steps     <= max_window_steps
max_window_steps <= resync_steps
resync_steps     <= wide_steps
free_failures    <  lock_at
lock_at          <= disable_at
lock_at          <= disable_hotp6_at
disable_hotp6_at <= disable_at
"""


def rule(scope: Scope, profile: Profile | None = None, **numbers: int) -> Rule:
    return Rule(scope, profile, tuple(Setting(name, numbers[name]) for name in sorted(numbers)))


def rules(*each: Rule) -> RuleSet:
    return RuleSet(1, each)


def told(*each: Rule) -> list[str]:
    return [str(found).split(":")[0] for found in disorders(rules(*each))]


def test_the_orders_are_those_that_were_decided() -> None:
    decided = [tuple(line.split()) for line in TABLE.strip().splitlines()]
    assert decided == [(o.smaller, "<=" if o.equal else "<", o.larger) for o in ORDERS]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.smaller}-{order.larger}")
def test_every_order_can_be_broken_and_is_then_told(order: Order) -> None:
    """By values that the limits of each number allow."""
    least, most = NUMBERS[order.larger].least, NUMBERS[order.smaller].most
    settings = (Setting(order.larger, least or 0), Setting(order.smaller, most or 0))
    broken = Rule(BATCH).with_settings(*settings)
    assert order in {found.order for found in disorders(rules(broken))}


@pytest.mark.parametrize("profile", Profile)
def test_every_profile_is_in_order(profile: Profile) -> None:
    assert told(rule(ALL, profile)) == []


def test_without_rules_all_is_in_order() -> None:
    assert list(disorders(RuleSet())) == []


def test_equal_numbers_are_in_order_but_for_those_that_would_contradict() -> None:
    assert told(rule(ALL, look_ahead=10, resync_counters=10)) == []
    assert told(rule(ALL, free_failures=5, lock_at=5)) == [
        "free_failures = 5 (all tokens) must be below lock_at = 5 (all tokens)"
    ]
    assert told(rule(ALL, free_failures=4, lock_at=5)) == []


def test_a_number_is_held_against_the_default_of_the_other() -> None:
    assert told(rule(ALL, disable_hotp6_at=51)) == [
        "disable_hotp6_at = 51 (all tokens) must be at most disable_at = 50 (default)"
    ]


def test_a_number_of_one_rule_is_held_against_anothers() -> None:
    assert told(rule(ALL, disable_hotp6_at=20), rule(CARD, lock_at=21)) == [
        "lock_at = 21 (model OTP 110) must be at most disable_hotp6_at = 20 (all tokens)"
    ]
    assert told(rule(CARD, disable_hotp6_at=20), rule(BATCH, lock_at=21)) == [
        "lock_at = 21 (batch B-0007) must be at most disable_hotp6_at = 20 (model OTP 110)"
    ]


def test_a_number_of_one_group_is_held_against_another_groups() -> None:
    """A user may be in both."""
    assert told(rule(DESK, resync_steps=20), rule(FIELD, wide_steps=19)) == [
        "resync_steps = 120 (default) must be at most wide_steps = 19 (group field)",
        "resync_steps = 20 (group desk) must be at most wide_steps = 19 (group field)",
    ]


def test_a_number_of_a_profile_is_held_against_a_rules() -> None:
    assert told(rule(ALL, Profile.STRICT), rule(BATCH, max_window_steps=10)) == []
    [found] = disorders(rules(rule(CARD, Profile.STRICT), rule(BATCH, lock_at=11)))
    assert (found.smaller.because, found.larger.because) == (
        "batch B-0007",
        "model OTP 110, profile strict",
    )


@pytest.mark.parametrize(("one", "other"), [(CARD, FOB), (BATCH, OTHER)])
def test_no_token_is_of_two_models_or_batches(one: Scope, other: Scope) -> None:
    low = rule(one, lock_at=5, disable_hotp6_at=6, disable_at=7)
    high = rule(other, lock_at=30, disable_hotp6_at=40, disable_at=50)
    assert told(low, high) == []


def test_what_a_narrower_rule_covers_is_not_held_against_the_broader() -> None:
    settled = rule(BATCH, lock_at=31, disable_hotp6_at=40)
    assert told(settled) == []
    assert told(rule(ALL, lock_at=12, disable_hotp6_at=12), settled) == []


def test_what_the_rule_of_all_tokens_covers_is_not_held_against_the_default() -> None:
    assert told(rule(ALL, disable_hotp6_at=40), rule(BATCH, lock_at=35)) == []


def test_of_two_groups_the_first_covers_the_second() -> None:
    first = rule(DESK, lock_at=31, disable_hotp6_at=40)
    second = rule(FIELD, disable_hotp6_at=20)
    assert told(first, second) == []
    assert told(second, first) == [
        "lock_at = 31 (group desk) must be at most disable_hotp6_at = 20 (group field)"
    ]


def test_a_change_that_brings_disorder_is_refused_with_the_rule_to_mend() -> None:
    new = rules(rule(ALL, disable_hotp6_at=20), rule(DESK, lock_at=21))
    with pytest.raises(InvalidInput) as refused:
        check_order(RuleSet(), new)
    assert str(refused.value) == (
        "lock_at = 21 (group desk) must be at most disable_hotp6_at = 20 (all tokens): else a "
        "token is disabled that never was locked\n"
        "Nothing was changed.\n"
        "Let the rule for group desk give lock_at at most 20, or disable_hotp6_at at least 21."
    )


def test_the_remedy_of_two_that_may_not_be_equal_says_so() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_order(RuleSet(), rules(rule(CARD, free_failures=10)))
    assert refused.value.remedy == (
        "Let the rule for model OTP 110 give free_failures below 10, or lock_at above 10."
    )


def test_disorder_that_was_there_is_mended_one_by_one() -> None:
    both = rules(rule(ALL, look_ahead=100, resync_counters=10, lock_at=40))
    check_order(both, rules(rule(ALL, look_ahead=100, resync_counters=10)))
    with pytest.raises(InvalidInput, match="wide_steps"):
        check_order(both, rules(rule(ALL, look_ahead=100, resync_counters=10, wide_steps=1)))
