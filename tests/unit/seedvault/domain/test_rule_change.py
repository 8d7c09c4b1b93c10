"""Changes of the policy's rules, and what stands on record of them."""

import pytest

from seedvault.domain.errors import InvalidInput, NotFound
from seedvault.domain.names import GroupName
from seedvault.domain.policy import Profile
from seedvault.domain.policy_rule import AllTokens, OfBatch, OfGroup, Rule, Setting
from seedvault.domain.rule_change import (
    RuleChange,
    SetRule,
    UnsetRule,
    changed,
    on_record,
    revision_on_record,
)
from seedvault.domain.rule_set import RuleSet

ALL, BATCH = AllTokens(), OfBatch(7)
DESK, FIELD = OfGroup(GroupName("desk")), OfGroup(GroupName("field"))
WIDE, LOCK = Setting("look_ahead", 20), Setting("lock_at", 7)
FULL = RuleSet(3, (Rule(ALL, Profile.STRICT, (LOCK, WIDE)), Rule(DESK, Profile.LENIENT)))


def told(change: RuleChange, rules: RuleSet = FULL) -> str:
    return str(changed(rules, change.apply(rules), change.scope))


def test_a_profile_and_numbers_are_added_to_a_rule() -> None:
    rules = SetRule(BATCH, Profile.STRICT).apply(FULL)
    rules = SetRule(BATCH, settings=(WIDE,)).apply(rules)
    assert rules.of_scope(BATCH) == Rule(BATCH, Profile.STRICT, (WIDE,))
    assert rules.revision == 5


def test_a_new_profile_keeps_the_numbers_that_differ_from_it() -> None:
    rules = SetRule(ALL, Profile.LENIENT).apply(FULL)
    assert rules.of_scope(ALL) == Rule(ALL, Profile.LENIENT, (LOCK, WIDE))


def test_single_numbers_are_taken_out_and_the_rest_stays() -> None:
    rules = UnsetRule(ALL, ("look_ahead",)).apply(FULL)
    assert rules.of_scope(ALL) == Rule(ALL, Profile.STRICT, (LOCK,))


def test_the_profile_is_taken_out_and_the_numbers_stay() -> None:
    rules = UnsetRule(ALL, profile=True).apply(FULL)
    assert rules.of_scope(ALL) == Rule(ALL, None, (LOCK, WIDE))


def test_without_names_the_whole_rule_ends() -> None:
    assert UnsetRule(ALL).apply(FULL).rules == (Rule(DESK, Profile.LENIENT),)


def test_a_rule_that_gives_nothing_more_ends() -> None:
    assert UnsetRule(DESK, profile=True).apply(FULL).rules == FULL.rules[:1]
    assert UnsetRule(ALL, ("lock_at", "look_ahead"), profile=True).apply(FULL).rules == (
        FULL.rules[1],
    )


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (UnsetRule(BATCH), "no rule for batch B-0007"),
        (UnsetRule(ALL, ("lock_for",)), "all tokens does not give lock_for"),
        (UnsetRule(DESK, ("lock_at",)), "group desk does not give lock_at"),
    ],
)
def test_what_is_not_there_cannot_be_taken_out(change: UnsetRule, what: str) -> None:
    with pytest.raises(NotFound, match=what):
        change.apply(FULL)


def test_a_profile_that_is_not_there_cannot_be_taken_out() -> None:
    rules = SetRule(FIELD, settings=(WIDE,)).apply(FULL)
    with pytest.raises(NotFound, match="group field does not give a profile"):
        UnsetRule(FIELD, profile=True).apply(rules)


def test_a_misspelt_number_is_not_only_missing() -> None:
    with pytest.raises(InvalidInput, match="no number of the policy is called 'look_ahed'"):
        UnsetRule(ALL, ("look_ahed",)).apply(FULL)


def test_a_change_is_told_from_what_to_what() -> None:
    assert told(SetRule(ALL, Profile.LENIENT, (Setting("lock_at", 8),))) == (
        "all tokens: profile strict -> lenient, lock_at 7 -> 8"
    )
    assert told(SetRule(BATCH, settings=(WIDE,))) == "batch B-0007: look_ahead - -> 20"
    assert told(UnsetRule(DESK)) == "group desk: profile lenient -> -"


def test_a_rule_that_moves_among_its_kind_is_told() -> None:
    rules = SetRule(FIELD, Profile.STRICT).apply(FULL)
    moved = SetRule(FIELD, place=1)
    assert told(moved, rules) == "group field: place 2 -> 1"
    assert moved.apply(rules).rules[1].scope == FIELD


def test_a_rule_that_is_not_there_does_not_move() -> None:
    with pytest.raises(NotFound, match="no rule for group field"):
        SetRule(FIELD, place=1).apply(FULL)


def test_what_stands_so_already_is_no_change() -> None:
    same = SetRule(ALL, Profile.STRICT, (WIDE,))
    assert changed(FULL, same.apply(FULL), ALL).is_none
    assert not changed(FULL, SetRule(ALL, Profile.DEFAULT).apply(FULL), ALL).is_none
    rules = SetRule(FIELD, Profile.STRICT).apply(FULL)
    assert not changed(rules, SetRule(FIELD, place=1).apply(rules), FIELD).is_none


@pytest.mark.parametrize("revision", [1, 12, 999_999_999])
def test_the_revision_is_read_back_from_the_record(revision: int) -> None:
    assert revision_on_record(on_record(revision, "all tokens: x - -> y")) == revision


@pytest.mark.parametrize("detail", [None, "", "revision", "a revision 3; x", "revision 3x; y"])
def test_a_detail_without_revision_says_none(detail: str | None) -> None:
    assert revision_on_record(detail) == 0
