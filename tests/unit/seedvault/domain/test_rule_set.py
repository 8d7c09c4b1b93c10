"""Which rule wins for a token."""

from datetime import timedelta

import pytest

from seedvault.domain.names import GroupName, ModelName
from seedvault.domain.policy import DEFAULT, NUMBERS, Profile
from seedvault.domain.policy_rule import (
    AllTokens,
    OfBatch,
    OfGroup,
    OfModel,
    Rule,
    Scope,
    Setting,
    Standing,
)
from seedvault.domain.rule_set import RuleSet

DESK, FIELD = GroupName("desk"), GroupName("field")
ALL, CARD, BATCH = AllTokens(), OfModel(ModelName("OTP 110")), OfBatch(7)
HERE = Standing(7, (DESK, FIELD))


def rule(scope: Scope, look_ahead: int) -> Rule:
    return Rule(scope, settings=(Setting("look_ahead", look_ahead),))


def look_ahead(rules: RuleSet, model: str | None = "OTP 110", standing: Standing = HERE) -> int:
    return rules.policy(model, standing).look_ahead


EVERY_SCOPE = RuleSet(1, (rule(ALL, 11), rule(CARD, 12), rule(BATCH, 13), rule(OfGroup(FIELD), 14)))


def test_without_rules_the_default_holds() -> None:
    assert RuleSet().policy("OTP 110", HERE) is DEFAULT


def test_a_rule_that_does_not_apply_changes_nothing() -> None:
    rules = RuleSet(1, (rule(CARD, 12), rule(BATCH, 13), rule(OfGroup(FIELD), 14)))
    assert rules.policy("another", Standing(8, (DESK,))) == DEFAULT
    assert rules.policy(None, Standing(8)) == DEFAULT


@pytest.mark.parametrize(
    ("model", "standing", "wins"),
    [
        ("OTP 110", HERE, 14),
        ("OTP 110", Standing(7, (DESK,)), 13),
        ("OTP 110", Standing(8), 12),
        ("otp110", Standing(8), 12),
        ("another", Standing(8), 11),
        (None, Standing(8), 11),
        ("another", Standing(7), 13),
        ("another", Standing(8, (FIELD,)), 14),
    ],
)
def test_the_most_specific_rule_wins(model: str | None, standing: Standing, wins: int) -> None:
    assert look_ahead(EVERY_SCOPE, model, standing) == wins


def test_numbers_of_broader_rules_stay_where_a_narrower_one_is_silent() -> None:
    lock = Rule(ALL, settings=(Setting("lock_for", timedelta(hours=2)),))
    policy = RuleSet(1, (lock, rule(BATCH, 13))).policy(None, HERE)
    assert (policy.look_ahead, policy.lock_for) == (13, timedelta(hours=2))
    assert policy.lock_at == DEFAULT.lock_at


def test_a_profile_gives_every_number_over_broader_rules() -> None:
    rules = RuleSet(1, (rule(ALL, 11), Rule(BATCH, Profile.STRICT)))
    assert rules.policy(None, HERE) == Profile.STRICT.policy


def test_the_default_profile_as_a_rule_covers_what_is_broader() -> None:
    rules = RuleSet(1, (Rule(ALL, Profile.STRICT), Rule(BATCH, Profile.DEFAULT)))
    assert rules.policy(None, HERE) == DEFAULT


@pytest.mark.parametrize("first", [DESK, FIELD])
def test_of_several_groups_the_first_in_the_set_wins(first: GroupName) -> None:
    second = DESK if first is FIELD else FIELD
    rules = RuleSet(1, (rule(OfGroup(first), 15), rule(OfGroup(second), 16)))
    assert look_ahead(rules) == 15
    assert look_ahead(rules, standing=Standing(1, (second,))) == 16


def test_what_the_first_group_is_silent_on_the_second_gives() -> None:
    lock = Rule(OfGroup(DESK), settings=(Setting("lock_at", 7),))
    policy = RuleSet(1, (lock, rule(OfGroup(FIELD), 16))).policy(None, HERE)
    assert (policy.lock_at, policy.look_ahead) == (7, 16)


def test_every_number_is_explained_by_the_rule_that_gave_it() -> None:
    named = Rule(OfGroup(DESK), Profile.STRICT, (Setting("lock_at", 7),))
    explained = {each.name: each for each in RuleSet(1, (named,)).explain(None, HERE)}
    assert list(explained) == list(NUMBERS)
    assert (explained["lock_at"].value, explained["lock_at"].because) == (7, "group desk")
    assert explained["look_ahead"].because == "group desk, profile strict"
    told = {each.because for each in RuleSet(1, (rule(ALL, 11),)).explain(None, HERE)}
    assert told == {"all tokens", "default"}


def test_what_is_about_no_single_token_comes_from_the_rule_of_all_tokens() -> None:
    few = Rule(ALL, settings=(Setting("searches_a_day", 3),))
    rules = RuleSet(1, (few, Rule(BATCH, Profile.STRICT), rule(OfGroup(DESK), 14)))
    assert rules.policy(None, HERE).searches_a_day == 3
    assert (rules.for_all().searches_a_day, rules.for_all().look_ahead) == (3, 10)


# --- changing the set ------------------------------------------------------------------------


def test_rules_stand_the_broadest_first_whatever_came_first() -> None:
    rules = RuleSet()
    for each in reversed(EVERY_SCOPE.rules):
        rules = rules.with_rule(each)
    assert rules == RuleSet(4, EVERY_SCOPE.rules)


def test_a_new_rule_of_a_scope_takes_the_place_of_the_old() -> None:
    groups = [OfGroup(GroupName(name)) for name in ("a", "b", "c")]
    rules = RuleSet(5, tuple(rule(group, 15) for group in groups))
    changed = rules.with_rule(rule(groups[1], 16))
    assert [each.scope for each in changed.rules] == groups
    assert changed.of_scope(groups[1]) == rule(groups[1], 16)
    assert changed.revision == 6


@pytest.mark.parametrize(("place", "order"), [(1, "bac"), (2, "abc"), (3, "acb"), (9, "acb")])
def test_a_place_puts_a_rule_among_its_kind(place: int, order: str) -> None:
    groups = {name: OfGroup(GroupName(name)) for name in "abc"}
    rules = RuleSet(1, (rule(ALL, 11), *(rule(group, 15) for group in groups.values())))
    moved = rules.with_rule(rule(groups["b"], 15), place)
    assert [each.scope for each in moved.rules] == [ALL, *(groups[name] for name in order)]


def test_an_empty_rule_ends_the_scopes_rule() -> None:
    ended = EVERY_SCOPE.with_rule(Rule(BATCH))
    assert [each.scope for each in ended.rules] == [ALL, CARD, OfGroup(FIELD)]
    assert ended.of_scope(BATCH) == Rule(BATCH)
    assert ended.revision == 2


@pytest.mark.parametrize(
    ("revision", "rules"),
    [
        (1, (rule(ALL, 11), rule(ALL, 12))),
        (1, (rule(BATCH, 11), rule(ALL, 12))),
        (1, (Rule(ALL),)),
        (-1, ()),
    ],
)
def test_an_impossible_set_cannot_be_made(revision: int, rules: tuple[Rule, ...]) -> None:
    with pytest.raises(ValueError, match="rule"):
        RuleSet(revision, rules)
