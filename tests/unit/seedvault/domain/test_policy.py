"""The numbers of the policy: their limits, their profiles, how they are written."""

from dataclasses import replace
from datetime import timedelta
from enum import Enum

import pytest

from seedvault.domain.errors import InvalidInput
from seedvault.domain.policy import DEFAULT, NUMBERS, Policy, Profile
from seedvault.domain.policy_number import Number, Value, spelt, told


class Place(Enum):
    """Where something goes."""

    BEFORE = "before"
    AFTER = "after"


SWITCH = Number(default=False, strict=True, meaning="whether", source="us")
PLACE = Number(default=Place.BEFORE, meaning="where", source="us")
COUNT = Number(
    default=10, least=1, most=100, unit="steps", meaning="how many", source="us", limits="RFC 0"
)
TIME = Number(
    default=timedelta(minutes=30),
    least=timedelta(minutes=1),
    most=timedelta(days=1),
    meaning="how long",
    source="us",
)
MINUTE = timedelta(minutes=1)


def default_but(name: str, value: object) -> Policy:
    """The default policy with another value for one number."""
    return replace(DEFAULT, **{name: value})  # type: ignore[arg-type]  # names come with their type


def test_the_default_profile_is_the_default() -> None:
    assert Profile.DEFAULT.policy == DEFAULT == Policy()


@pytest.mark.parametrize("profile", Profile)
def test_every_profile_is_within_the_limits(profile: Profile) -> None:
    assert isinstance(profile.policy, Policy)


def test_strict_takes_the_current_step_alone() -> None:
    strict = Profile.STRICT.policy
    assert (strict.window_steps, strict.max_window_steps) == (0, 1)


@pytest.mark.parametrize("name", ["look_ahead", "window_steps", "lock_at", "disable_at"])
def test_strict_is_narrower_and_lenient_wider_than_the_default(name: str) -> None:
    strict, default, lenient = (getattr(each.policy, name) for each in (
        Profile.STRICT, Profile.DEFAULT, Profile.LENIENT,
    ))  # fmt: skip
    assert strict < default < lenient


@pytest.mark.parametrize("name", ["disable_at", "disable_hotp6_at"])
def test_no_policy_leaves_more_than_a_hundred_failures(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name} = 101 is outside 3 to 100") as refused:
        default_but(name, 101)
    assert "SP 800-63B-4 section 3.2.2" in refused.value.remedy


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_has_limits_on_both_sides(name: str) -> None:
    number = NUMBERS[name]
    if isinstance(number.default, bool | Enum):
        return
    step: Value = MINUTE / 60 if isinstance(number.default, timedelta) else 1
    for outside in (number.least - step, number.most + step):  # type: ignore[operator]  # each of one type
        with pytest.raises(InvalidInput, match=f"{name} = .* is outside"):
            default_but(name, outside)
    assert default_but(name, number.least) != default_but(name, number.most)


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_says_what_it_is_and_where_it_comes_from(name: str) -> None:
    number = NUMBERS[name]
    assert number.meaning
    assert number.source
    assert number.unit or not isinstance(number.default, int) or isinstance(number.default, bool)


@pytest.mark.parametrize(
    ("number", "text", "value"),
    [
        (COUNT, "1", 1),
        (COUNT, " 100 ", 100),
        (TIME, "60s", MINUTE),
        (TIME, "90 m", 90 * MINUTE),
        (TIME, "30 min", 30 * MINUTE),
        (TIME, "12h", 720 * MINUTE),
        (TIME, "1d", timedelta(days=1)),
        (SWITCH, "on", True),
        (SWITCH, "Off", False),
        (PLACE, "AFTER", Place.AFTER),
    ],
)
def test_a_value_is_read_as_people_write_it(number: Number, text: str, value: Value) -> None:
    found = number.read("x", text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("number", "text", "expected"),
    [
        (COUNT, "", "a whole number"),
        (COUNT, "-1", "a whole number"),
        (COUNT, "1.5", "a whole number"),
        (COUNT, "\u0661", "a whole number"),
        (COUNT, "9" * 10, "a whole number"),
        (COUNT, "on", "a whole number"),
        (TIME, "30", "a time such as"),
        (TIME, "30 weeks", "a time such as"),
        (SWITCH, "1", "on or off"),
        (PLACE, "beside", "one of before, after"),
    ],
)
def test_what_is_no_value_is_refused_with_an_example(
    number: Number, text: str, expected: str
) -> None:
    with pytest.raises(InvalidInput, match=f"x is {expected}") as refused:
        number.read("x", text)
    assert refused.value.remedy == f"Write it like the default: x={spelt(number.default)}"


@pytest.mark.parametrize(
    ("number", "text"), [(COUNT, "0"), (COUNT, "101"), (TIME, "59s"), (TIME, "25h")]
)
def test_what_is_outside_the_limits_is_refused(number: Number, text: str) -> None:
    with pytest.raises(InvalidInput, match="is outside"):
        number.read("x", text)


def test_the_source_of_a_limit_is_named() -> None:
    with pytest.raises(InvalidInput, match="x = 101 is outside 1 to 100") as refused:
        COUNT.read("x", "101")
    assert refused.value.remedy == "The limits are from RFC 0."


@pytest.mark.parametrize("value", [True, timedelta(1), Place.AFTER])
def test_a_count_is_no_other_kind_of_value(value: Value) -> None:
    with pytest.raises(InvalidInput, match=r"x is a whole number \(steps\)"):
        COUNT.check("x", value)


@pytest.mark.parametrize(
    ("value", "written", "people"),
    [
        (7, "7", "7"),
        (True, "on", "on"),
        (False, "off", "off"),
        (Place.AFTER, "after", "after"),
        (MINUTE, "1m", "1 min"),
        (90 * MINUTE / 60, "90s", "90 s"),
        (timedelta(hours=12), "12h", "12 h"),
        (timedelta(days=1), "1d", "1 day"),
        (timedelta(days=2), "2d", "2 days"),
        (timedelta(0), "0s", "0 s"),
    ],
)
def test_a_value_is_written_in_its_largest_unit(value: Value, written: str, people: str) -> None:
    assert (spelt(value), told(value)) == (written, people)


def test_a_value_for_people_has_its_unit() -> None:
    assert (COUNT.words(7), TIME.words(MINUTE)) == ("7 steps", "1 min")
    assert (COUNT.range, TIME.range) == ("1 to 100", "1 min to 1 day")
    assert (SWITCH.range, PLACE.range) == ("on or off", "before, after")
