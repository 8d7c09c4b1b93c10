"""Serials and user names: found whatever their case and spaces, refused where they deceive."""

import pytest

from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import Serial, UserName

NAMES = pytest.mark.parametrize("name", [Serial, UserName])


@NAMES
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("GALT 1000 0001", "galt10000001"),
        ("ＧＡＬＴ１", "GALT1"),  # noqa: RUF001 - full-width letters, as some keyboards type them
        ("Straße", "STRASSE"),
        ("a\u00a0b", "ab"),
        ("e\u0301", "é"),
        ("a \u0301", "á"),
    ],
)
def test_case_width_and_spaces_make_no_other_name(
    name: type[Serial | UserName], one: str, other: str
) -> None:
    assert name(one) == name(other)
    assert hash(name(one)) == hash(name(other))


@NAMES
@pytest.mark.parametrize("other", ["0042", "4-2", "420"])
def test_zeros_and_hyphens_make_another_name(name: type[Serial | UserName], other: str) -> None:
    assert name("42") != name(other)


@NAMES
def test_a_name_is_shown_as_it_was_written(name: type[Serial | UserName]) -> None:
    assert str(name("Ann B")) == "Ann B"


@NAMES
@pytest.mark.parametrize("text", ["", " ", "\u3000", " ann", "ann ", "ann\n"])
def test_an_empty_or_padded_name_is_refused(name: type[Serial | UserName], text: str) -> None:
    with pytest.raises(InvalidInput, match="white space"):
        name(text)


@NAMES
def test_64_characters_are_a_name_and_65_are_not(name: type[Serial | UserName]) -> None:
    assert name("x" * 64).folded == "x" * 64
    with pytest.raises(InvalidInput, match="longer than 64"):
        name("x" * 65)


@NAMES
@pytest.mark.parametrize(
    "hidden",
    [
        *("\x00", "\x1b", "\n", "\x7f", "\x85"),
        *("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad"),  # zero width
        *("\u202e", "\u2066", "\u061c"),  # bidirectional controls
        *("\u034f", "\u115f", "\u3164", "\uffa0", "\ufe0f", "\U000e0100"),  # nothing to see either
        *("\u2028", "\u2029", "\ud800", "\ue000", "\u0378"),
    ],
    ids=ascii,
)
def test_what_cannot_be_seen_is_refused_and_named(
    name: type[Serial | UserName], hidden: str
) -> None:
    with pytest.raises(InvalidInput, match=rf"U\+{ord(hidden):04X}"):
        name(f"an{hidden}n")


@NAMES
def test_a_refused_name_is_shown_without_what_hides_in_it(name: type[Serial | UserName]) -> None:
    with pytest.raises(InvalidInput) as refused:
        name("ann\u202eb")
    assert str(refused.value).isascii()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_a_serial_that_a_spreadsheet_would_run_is_refused(start: str) -> None:
    with pytest.raises(InvalidInput, match="spreadsheets"):
        Serial(f"{start}1000")


def test_a_formula_s_characters_may_stand_inside_a_serial() -> None:
    assert str(Serial("1-0+0=0@0")) == "1-0+0=0@0"


def test_a_user_name_may_begin_with_an_at_sign() -> None:
    assert str(UserName("@ann")) == "@ann"
