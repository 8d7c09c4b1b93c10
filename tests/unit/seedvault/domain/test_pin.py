"""A PIN stands before or after the code, and the first that anyone would try are refused."""

import pytest

from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import Serial
from seedvault.domain.pin import PinRule, Presented, check_new, is_pin, octets_of, taken_apart

SERIAL = Serial("GALT10482915")


@pytest.mark.parametrize(
    ("rule", "text", "pin"),
    [
        (PinRule.NONE, "755224", None),
        (PinRule.PREPEND, "blue 7755224", "blue 7"),
        (PinRule.APPEND, "755224blue 7", "blue 7"),
        (PinRule.PREPEND, "755224", ""),
        (PinRule.APPEND, "755224", ""),
    ],
)
def test_the_length_of_the_code_takes_the_text_apart(
    rule: PinRule, text: str, pin: str | None
) -> None:
    assert taken_apart(text, 6, rule) == Presented("755224", pin)


@pytest.mark.parametrize("rule", PinRule)
def test_a_text_shorter_than_the_code_is_no_code(rule: PinRule) -> None:
    assert taken_apart("75522", 6, rule).code == "75522"


def test_what_was_presented_repeats_no_pin() -> None:
    assert repr(Presented("755224", "blue 7")) == "Presented(code='755224')"


@pytest.mark.parametrize(
    "pin",
    [
        *("0000", "1111", "aaaa", "1234", "4321", "456789", "7890", "9012", "0987", "abcd", "DCBA"),
        *("\uff11\uff12\uff13\uff14", "\u0661\u0662\u0663\u0664", "ÄÄÄÄ"),
    ],
)
def test_a_pin_that_repeats_or_counts_is_refused(pin: str) -> None:
    with pytest.raises(InvalidInput, match="counts up or down"):
        check_new(pin, SERIAL, 4)


@pytest.mark.parametrize(
    "pin", ["1048", "0482", "2915", "galt1", "GALT", "\uff11\uff10\uff14\uff18"]
)
def test_a_pin_that_stands_on_the_token_is_refused(pin: str) -> None:
    with pytest.raises(InvalidInput, match="printed on the token"):
        check_new(pin, SERIAL, 4)


@pytest.mark.parametrize("pin", ["", "739", "7" * 65, "73\n91", "73\u200b91", "\x00" * 6])
def test_a_pin_of_another_length_or_unseen_is_refused(pin: str) -> None:
    with pytest.raises(InvalidInput, match="4 to 64 characters"):
        check_new(pin, SERIAL, 4)


@pytest.mark.parametrize("pin", ["7391", "1357", "1223", "blue 7", "1235", "äöü1", "acac"])
def test_another_pin_is_taken(pin: str) -> None:
    check_new(pin, SERIAL, 4)


def test_a_refusal_repeats_no_pin() -> None:
    with pytest.raises(InvalidInput) as refused:
        check_new("1234", SERIAL, 4)
    assert "1234" not in str(refused.value)


@pytest.mark.parametrize("text", ["", "7" * 65, "73\n91"])
def test_what_is_no_pin_is_never_stretched(text: str) -> None:
    assert not is_pin(text)


def test_a_pin_is_the_same_however_the_keyboard_composed_it() -> None:
    assert octets_of("a\u0308\uff11") == octets_of("\u00e41")
