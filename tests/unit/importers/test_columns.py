"""Rows keep to what the file's head shows: one delimiter, one layout, one encoding."""

import pytest

from importers import Digest, Encoding, Instructions, Kind, Limits, Malformed, UnknownFormat
from importers.columns import BLANKS, cells
from tests.unit.importers.vendor import BASE32, HEX, opened, read, refusal, refusals, seed_of

LINOTP = Instructions(format="linotp")
SKIPPING = Instructions(format="linotp", skip_bad=True)
DEEPNET = "serial number,secret key,time interval\n"


@pytest.mark.parametrize(
    ("text", "delimiter", "expected"),
    [
        (" a , b ", ",", ("a", "b")),
        ("a;;b;;", ";", ("a", "", "b")),
        ("a\tb", "\t", ("a", "b")),
        (' "a" ;"b""c;d"', ";", ('"a"', 'b"c;d')),
        (",,,", ",", ()),
        ("a  \t b", BLANKS, ("a", "b")),
    ],
)
def test_a_row_has_columns(text: str, delimiter: str | None, expected: tuple[str, ...]) -> None:
    assert cells(text, delimiter) == expected


@pytest.mark.parametrize("text", ['"a', '"a"b,c'])
def test_quotes_enclose_whole_columns(text: str) -> None:
    with pytest.raises(ValueError, match="quotes"):
        cells(text, ",")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_each_delimiter_is_read(delimiter: str) -> None:
    rows = "\r\n".join(delimiter.join((f"A{at}", HEX, "hotp", "8")) for at in range(3))
    assert len(read(rows, LINOTP)) == 3


def test_a_spreadsheets_unicode_text_is_read() -> None:
    rows = f'"A1"\t{HEX}\thotp\t6\t\t\r\n\t\t\t\r\nA2\t{HEX}\thotp\t6\r\n'
    records, errors = refusals(rows.encode("utf-16"), SKIPPING)
    assert records == ["A1", "A2"]
    assert errors == []


def test_a_row_is_not_read_by_another_delimiter_than_the_head() -> None:
    taken, errors = refusals(f"A1,{HEX}\nA2,{HEX}\nA3;{HEX}\n", SKIPPING)
    assert taken == ["A1", "A2"]
    assert [error.line for error in errors] == [3]


def test_an_error_names_line_column_and_serial() -> None:
    error = refusal(f"# made in 2026\nA1,{HEX},totp,6,0\n", LINOTP)
    assert str(error.place) == "batch, line 2, column 5 (time step), serial A1"


def test_a_bad_record_is_refused_by_itself() -> None:
    taken, errors = refusals(f"A1,{HEX}\nA2,xyz\nA3,{HEX}\n", SKIPPING)
    assert taken == ["A1", "A3"]
    assert [error.serial for error in errors] == ["A2"]


def test_a_bad_record_stops_the_import_unless_bad_ones_are_skipped() -> None:
    assert refusal(f"A1,{HEX}\nA2,xyz\n", LINOTP).serial == "A2"


def test_the_encoding_is_held_beyond_the_head() -> None:
    rows = "".join(f"S{at},{HEX},60\n" for at in range(2_000))
    taken, errors = refusals(
        f"{DEEPNET}{rows}S2000,{BASE32},60\n", Instructions(format="deepnet-csv", skip_bad=True)
    )
    assert len(taken) == 2_000
    assert "hexadecimal" in errors[0].reason


def test_an_encoding_that_could_be_two_is_asked_for() -> None:
    both = "ABCDEF23" * 5
    error = refusal(f"{DEEPNET}A1,{both},60\n")
    assert "--encoding" in error.remedy
    assert "hexadecimal or base32" in error.reason
    said = Instructions(encoding=Encoding.BASE32)
    assert seed_of(read(f"{DEEPNET}A1,{both},60\n", said)[0]) != bytes.fromhex(both)


def test_the_operator_may_name_another_encoding_where_none_is_laid_down() -> None:
    said = Instructions(format="linotp", encoding=Encoding.BASE32)
    assert seed_of(read(f"A1,{BASE32}\n", said)[0]) == bytes.fromhex(HEX)


def test_the_operator_may_not_name_another_encoding_where_one_is_laid_down() -> None:
    said = Instructions(format="entra-csv", encoding=Encoding.HEX)
    assert "base32" in refusal(f"upn,{DEEPNET}b,A1,{HEX},60\n", said).reason


def test_a_heading_may_stand_in_any_order_and_case() -> None:
    record = read(f"Model;SecretKey;TIMEINTERVAL;Serial  Number\nK;{HEX};60;A1\n")[0]
    assert (record.serial, record.model) == ("A1", "K")


def test_a_heading_is_not_a_row() -> None:
    assert len(read(f"{DEEPNET}A1,{HEX},60\n")) == 1


def test_a_file_without_upn_is_entra_ids_where_the_operator_says_so() -> None:
    said = Instructions(format="entra-csv")
    assert opened(f"{DEEPNET}A1,{BASE32},60\n", said).header.format == "Microsoft Entra ID CSV"


@pytest.mark.parametrize(
    ("said", "option"),
    [
        (Instructions(format="duo"), "--type"),
        (Instructions(format="duo", kind=Kind.HOTP), "--digits"),
        (Instructions(format="duo", kind=Kind.TOTP, digits=6), "--step"),
        (Instructions(format="pingid"), "--type"),
        (Instructions(format="pingid", kind=Kind.TOTP), "--step"),
    ],
)
def test_what_a_form_asks_for_must_be_said(said: Instructions, option: str) -> None:
    assert option in refusal(f"A1,{HEX}\n", said).remedy


def test_a_third_column_is_the_step_of_what_runs_by_time() -> None:
    said = Instructions(format="duo", kind=Kind.TOTP, digits=6)
    parameters = read(f"A1,{HEX},60\n", said)[0].parameters
    assert getattr(parameters, "step_s", None) == 60


@pytest.mark.parametrize(
    "said",
    [
        Instructions(format="linotp", kind=Kind.TOTP),
        Instructions(format="linotp", digits=8),
        Instructions(format="linotp", digest=Digest.SHA256),
        Instructions(format="linotp", step_s=60),
    ],
)
def test_where_file_and_operator_differ_the_record_is_refused(said: Instructions) -> None:
    row = f"A1,{HEX},hotp,6\n" if said.kind else f"A1,{HEX},totp,6,30,sha1\n"
    error = refusal(row, said)
    assert "than the operator says" in error.reason
    assert "--" in error.remedy


@pytest.mark.parametrize(
    "said",
    [
        Instructions(digits=5),
        Instructions(digits=10),
        Instructions(step_s=0),
        Instructions(step_s=121),
    ],
)
def test_an_option_that_no_token_can_follow_is_refused(said: Instructions) -> None:
    assert "is outside" in refusal(f"A1,{HEX},hotp,6,12\n", said).reason


def test_what_was_assumed_is_noted() -> None:
    assert read(f"A1,{HEX}\n", LINOTP)[0].provenance.defaults_used == (
        "type",
        "hash",
        "digits",
        "counter",
    )


def test_what_the_operator_says_is_no_assumption() -> None:
    said = Instructions(format="linotp", kind=Kind.HOTP, digits=8, digest=Digest.SHA256)
    assert read(f"A1,{HEX}\n", said)[0].provenance.defaults_used == ("counter",)


def test_a_short_seed_is_taken_only_where_it_is_allowed() -> None:
    row = f"A1,{HEX[:20]}\n"
    assert "128 bits" in refusal(row, LINOTP).reason
    assert len(read(row, Instructions(format="linotp", allow_short=True))) == 1
    shorter = refusal(f"A1,{HEX[:18]}\n", Instructions(format="linotp", allow_short=True))
    assert "128 bits" in shorter.reason


def test_a_seed_under_160_bits_is_warned_of() -> None:
    file = opened(f"A1,{HEX[:32]}\n", LINOTP)
    list(file)
    assert [warned.code.value for warned in file.warnings] == ["seed-under-160-bits"]


def test_a_named_format_must_still_fit() -> None:
    assert type(refusal("a;b;c\n", Instructions(format="nexus"))) is UnknownFormat


def test_more_records_than_allowed_are_refused() -> None:
    rows = "".join(f"A{at},{HEX}\n" for at in range(3))
    assert "more than 2" in refusal(rows, LINOTP, limits=Limits(records=2)).reason


def test_a_comment_may_stand_anywhere() -> None:
    assert len(read(f"# {'x' * 9}\n\nA1,{HEX}\n  # b\n", LINOTP)) == 1


@pytest.mark.parametrize("empty", [",,,", ";;", "\t\t", " "])
def test_a_spreadsheets_empty_row_is_none(empty: str) -> None:
    assert opened(f"A1,{HEX},hotp,6,12\n{empty}\n").header.format == "privacyIDEA CSV"
    assert len(read(f"A1,{HEX}\n{empty}\n", LINOTP)) == 1


def test_a_file_of_comments_holds_no_token() -> None:
    assert isinstance(refusal("# nothing\n", LINOTP), UnknownFormat)


def test_a_quoted_formula_is_refused() -> None:
    taken, errors = refusals(f'"=""0123""",{HEX}\n', SKIPPING)
    assert taken == []
    assert isinstance(errors[0], Malformed)


def test_an_ocra_suite_is_read_as_rfc_6287_has_it() -> None:
    error = refusal(f"A1,{HEX},ocra2,OCRA-1:HOTP-SHA1-6:ZZZZ\n", Instructions(format="linotp"))
    assert isinstance(error, Malformed)
    assert "it is no OCRA suite" in error.reason
    assert error.serial == "A1"


ROWS = {
    "linotp": "{},{},{}",
    "privacyidea": "{},{},{},6",
    "netiq": "{},{},{}",
    "multiotp": "{0};Maker;{2};{1};6;0",
}


@pytest.mark.parametrize("format_", ROWS)
@pytest.mark.parametrize("types", [("quux",), ("hotp", "quux")])
def test_a_type_that_is_not_known_is_told_with_the_serial(
    format_: str, types: tuple[str, ...]
) -> None:
    rows = [ROWS[format_].format(f"A{at}", HEX, word) for at, word in enumerate(types)]
    error = refusal("\n".join(rows), Instructions(format=format_))
    assert isinstance(error, Malformed)
    assert "the type is not known" in error.reason
    assert "quux" not in str(error)
    assert (error.line, error.serial) == (len(types), f"A{len(types) - 1}")


def test_a_row_without_a_serial_says_so() -> None:
    error = refusal(f"A0,{HEX},hotp\n,{HEX},hotp\n", Instructions(format="linotp"))
    assert "the serial is missing" in error.reason


def test_a_seed_in_the_place_of_the_serial_is_not_told_with_an_unknown_type() -> None:
    error = refusal(f"A0,{HEX},hotp\n{HEX},A1,quux\n", Instructions(format="linotp"))
    assert HEX not in str(error)


def test_a_seed_of_other_letters_is_not_hexadecimal() -> None:
    assert "it is not hexadecimal" in refusal(f"A1,{'zz' * 20},hotp\n", LINOTP).reason


def test_a_seed_of_an_odd_length_is_told_as_such() -> None:
    assert "not an even number" in refusal(f"A1,{HEX}1,hotp\n", LINOTP).reason


def test_a_short_seed_names_the_option() -> None:
    assert "--allow-short" in refusal(f"A1,{'a1' * 10},hotp\n", LINOTP).remedy
    assert "--allow-short" not in refusal(f"A1,{'a1' * 9},hotp\n", LINOTP).remedy


@pytest.mark.parametrize("text", ["", " \r\n\t"])
def test_an_empty_file_is_called_empty(text: str) -> None:
    assert refusal(text).reason == "it is empty"
    assert refusal(text, LINOTP).reason == "it is empty"
