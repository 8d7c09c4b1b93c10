"""A rule of the policy, and what it gives."""

import pytest

from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import GroupName, ModelName
from seedvault.domain.policy import Profile
from seedvault.domain.policy_rule import (
    AllTokens,
    Change,
    OfBatch,
    OfGroup,
    OfModel,
    Rule,
    Setting,
    changes,
    number_called,
)

ALL = AllTokens()
WIDE, LONG = Setting("look_ahead", 20), Setting.read("lock_for = 2h")


def test_a_setting_is_written_as_it_is_read() -> None:
    assert Setting.read(str(LONG)) == LONG
    assert str(LONG) == "lock_for=2h"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("look_ahead", "is not NAME=VALUE"),
        ("look_ahead=many", "look_ahead is a whole number"),
        ("look_ahead=101", "is outside 1 to 100"),
        ("=1", "no number of the policy is called ''"),
    ],
)
def test_what_is_no_setting_is_refused(text: str, what: str) -> None:
    with pytest.raises(InvalidInput, match=what):
        Setting.read(text)


def test_a_setting_outside_the_limits_cannot_be_made() -> None:
    with pytest.raises(InvalidInput, match="disable_at = 101"):
        Setting("disable_at", 101)


def test_a_misspelt_number_names_the_nearest() -> None:
    with pytest.raises(InvalidInput, match="'Look-ahed'") as refused:
        number_called("Look-ahed")
    assert refused.value.remedy == "Nearest: look_ahead."


def test_a_number_like_no_other_names_all_of_them() -> None:
    with pytest.raises(InvalidInput) as refused:
        number_called("zzz")
    assert "look_ahead" in refused.value.remedy
    assert "disable_at" in refused.value.remedy


def test_a_rule_gives_what_it_names_and_nothing_else() -> None:
    rule = Rule(ALL, settings=(WIDE,))
    assert (rule.given("look_ahead"), rule.given("lock_at")) == (20, None)
    assert (rule.gives_by_name("look_ahead"), rule.gives_by_name("lock_at")) == (True, False)


def test_a_profile_gives_every_number_but_those_that_the_rule_names() -> None:
    rule = Rule(ALL, Profile.STRICT, (WIDE,))
    assert (rule.given("look_ahead"), rule.given("lock_at")) == (20, 5)


def test_settings_stand_once_each_and_the_newer_wins() -> None:
    rule = Rule(ALL).with_settings(WIDE, LONG).with_settings(Setting("look_ahead", 7))
    assert [str(each) for each in rule.settings] == ["lock_for=2h", "look_ahead=7"]
    assert rule.without("look_ahead") == Rule(ALL, settings=(LONG,))


@pytest.mark.parametrize("settings", [(WIDE, LONG), (WIDE, WIDE)])
def test_settings_out_of_order_or_twice_are_no_rule(settings: tuple[Setting, ...]) -> None:
    with pytest.raises(ValueError, match="once each"):
        Rule(ALL, settings=settings)


@pytest.mark.parametrize("name", ["search_tokens", "searches_a_day"])
def test_what_is_about_no_single_token_cannot_differ_between_tokens(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name} is about no single token") as refused:
        Rule(OfBatch(7), settings=(Setting(name, 5),))
    assert f"seedvault policy set {name}=" in refused.value.remedy
    assert Rule(ALL, Profile.STRICT, (Setting(name, 5),)).given(name) == 5
    assert Rule(OfBatch(7), Profile.STRICT).given(name) is None


def test_a_rule_without_profile_and_numbers_is_empty() -> None:
    assert Rule(ALL).is_empty
    assert not Rule(ALL, Profile.DEFAULT).is_empty
    assert not Rule(ALL, settings=(WIDE,)).is_empty


def test_changes_name_what_was_and_what_is() -> None:
    old = Rule(ALL, settings=(LONG, WIDE))
    new = Rule(ALL, Profile.STRICT, (Setting("look_ahead", 7),))
    assert set(changes(old, new)) == {
        Change("profile", None, "strict"),
        Change("lock_for", "2h", None),
        Change("look_ahead", "20", "7"),
    }
    assert [str(each) for each in changes(Rule(ALL), Rule(ALL, settings=(LONG,)))] == [
        "lock_for - -> 2h"
    ]
    assert list(changes(old, old)) == []


def test_scopes_are_named_as_people_name_them() -> None:
    scopes = (ALL, OfModel(ModelName("OTP 110")), OfBatch(3), OfGroup(GroupName("Field Staff")))
    assert [str(scope) for scope in scopes] == [
        "all tokens", "model OTP 110", "batch B-0003", "group Field Staff",
    ]  # fmt: skip


def test_models_and_groups_are_the_same_whatever_their_case_and_spaces() -> None:
    assert OfModel(ModelName("OTP 110")) == OfModel(ModelName("otp110"))
    assert OfGroup(GroupName("Field Staff")) == OfGroup(GroupName("fieldstaff"))
