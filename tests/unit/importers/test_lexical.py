"""Texts of values are read strictly, and no error repeats them."""

from datetime import UTC, datetime

import pytest

from importers import lexical


def test_base64_may_be_broken_into_lines() -> None:
    assert lexical.octets("\n MTIz\n\tNA==\r\n ") == b"1234"


@pytest.mark.parametrize(
    "text",
    ["MTIz-_NA==", "MTIzNB==", "MTIzNA", "MTIzNA==MTIz", "=", "M", "\u041cTIz", "MTIz\u00a0NA=="],
)
def test_anything_but_canonical_base64_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64") as caught:
        lexical.octets(text)
    assert text not in str(caught.value)


@pytest.mark.parametrize("text", ["31" * 20, " 3a" * 16, "AB" * 32, "0F" * 64])
def test_a_text_of_hexadecimal_digits_only_looks_hex(text: str) -> None:
    assert lexical.looks_hex(text)


@pytest.mark.parametrize("text", ["31" * 19, "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "G" * 40])
def test_other_texts_do_not_look_hex(text: str) -> None:
    assert not lexical.looks_hex(text)


@pytest.mark.parametrize("text", ["-0", "+1", "1_0", "1.0", "", "\u0661", "²", "0x1", "9" * 20])
def test_only_ascii_digits_are_a_number(text: str) -> None:
    with pytest.raises(ValueError, match="ASCII digits"):
        lexical.integer(text, 0, 10)


def test_a_minus_is_read_where_the_range_is_signed() -> None:
    assert lexical.integer(" -4 ", -10, 10) == -4


def test_a_number_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^it is outside 0 to 10$"):
        lexical.integer("11", 0, 10)


@pytest.mark.parametrize(("text", "truth"), [("true", True), ("1", True), ("0", False)])
def test_booleans_are_those_of_xml_schema(text: str, *, truth: bool) -> None:
    assert lexical.boolean(text) is truth


def test_any_other_boolean_is_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        lexical.boolean("TRUE")


def test_a_line_is_collapsed() -> None:
    assert lexical.line("\n OTP\n   Display  Card ") == "OTP Display Card"


@pytest.mark.parametrize("text", ["", " \n", "x" * 257, "a\u202eb", "a\x9b31m"])
def test_an_empty_overlong_or_invisible_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it "):
        lexical.line(text)


@pytest.mark.parametrize("text", ["0950380269", "283599:1", "306EUO4-00960", "GALT 1"])
def test_a_serial_stays_as_it_is_written(text: str) -> None:
    assert lexical.serial(f"\n  {text} ") == text


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2026-11-24T12:00:00Z", datetime(2026, 11, 24, 12, tzinfo=UTC)),
        ("2026-11-24T12:00:00+02:30", datetime(2026, 11, 24, 9, 30, tzinfo=UTC)),
        ("2026-11-24T12:00:00-01:00", datetime(2026, 11, 24, 13, tzinfo=UTC)),
        ("2026-11-24T12:00:00.25Z", datetime(2026, 11, 24, 12, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-12-31T24:00:00Z", datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_date_and_time_is_read_in_utc(text: str, when: datetime) -> None:
    assert lexical.date_time(text) == lexical.Moment(when, zoned=True)


def test_a_date_without_a_zone_is_taken_as_utc_and_says_so() -> None:
    moment = lexical.date_time("2026-11-24T12:00:00")
    assert moment == lexical.Moment(datetime(2026, 11, 24, 12, tzinfo=UTC), zoned=False)


@pytest.mark.parametrize(
    "text",
    [
        "01/01/2008",
        "2026-11-24",
        "2026-13-01T00:00:00Z",
        "9999-12-31T24:00:00Z",
        "2026-11-24T24:01:00Z",
    ],
)
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="date and time"):
        lexical.date_time(text)
