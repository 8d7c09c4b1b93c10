"""SafeNet's and Deepnet's XML, through the same hardened walker as PSKC's."""

import pytest

from importers import (
    Digest,
    Encoding,
    HotpParameters,
    Instructions,
    Kind,
    LimitExceeded,
    Malformed,
    Warned,
    WarningCode,
)
from tests.unit.importers.vendor import (
    HEX,
    SEED,
    opened,
    read,
    refusal,
    refusals,
    sample,
    seed_of,
)

SAFENET = sample("safenet-xml/sample.xml").decode()
DEEPNET = sample("deepnet-xml/sample.xml").decode()


def test_a_value_is_not_cut_by_a_comment() -> None:
    split = SAFENET.replace(HEX, f"{HEX[:20]}<!-- -->{HEX[20:]}", 1)
    assert seed_of(read(split)[0]) == SEED


def test_an_element_within_a_value_is_refused() -> None:
    assert "does not belong" in refusal(SAFENET.replace(HEX, f"{HEX[:20]}<b/>{HEX[20:]}", 1)).reason


def test_an_unknown_element_is_warned_of() -> None:
    file = opened(SAFENET.replace("<CaseModel>", "<New/><CaseModel>", 1))
    list(file)
    assert [warned.code for warned in file.warnings] == [WarningCode.UNKNOWN_ELEMENT]


def warned(text: str) -> list[Warned]:
    file = opened(text)
    list(file)
    return list(file.warnings)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [(SAFENET, "<Tokens>", "</Tokens>"), (DEEPNET, "<header>", "</data>")],
    ids=["safenet", "deepnet"],
)
def test_what_is_unknown_around_the_tokens_is_warned_of(text: str, start: str, end: str) -> None:
    around = text.replace(start, f"{start}<New/>", 1).replace(end, f"<New/><New/>{end}", 1)
    assert warned(around) == [Warned(WarningCode.UNKNOWN_ELEMENT, 3)]
    assert WarningCode.UNKNOWN_ELEMENT in opened(around).header.warnings


def test_a_thousand_unknown_elements_are_passed_over_before_each_token() -> None:
    text = SAFENET.replace("<Token ", "<a/>" * 1_000 + "<Token ")
    tokens = SAFENET.count("<Token ")
    assert warned(text) == [Warned(WarningCode.UNKNOWN_ELEMENT, 1_000 * tokens)]


@pytest.mark.parametrize("before", ["<Token ", "<CaseModel>", "</Tokens>"])
def test_more_than_a_thousand_unknown_elements_exceed_the_limit(before: str) -> None:
    error = refusal(SAFENET.replace(before, "<a/>" * 1_001 + before, 1))
    assert isinstance(error, LimitExceeded)
    assert "more than 1000 unknown elements" in error.reason


def test_unknown_attributes_count_as_well() -> None:
    many = " ".join(f'a{n}=""' for n in range(1_001))
    assert isinstance(
        refusal(SAFENET.replace("<CaseModel>", f"<CaseModel {many}>", 1)), LimitExceeded
    )


def test_elements_are_not_nested_without_end() -> None:
    deep = "<a>" * 40 + "</a>" * 40
    assert isinstance(refusal(SAFENET.replace("<CaseModel>", f"{deep}<CaseModel>")), LimitExceeded)


def test_a_token_of_another_place_is_none() -> None:
    hidden = "<Tokens><Group>" + SAFENET.partition("<Tokens>")[2].replace(
        "</Tokens>", "</Group></Tokens>"
    )
    assert "no token" in refusal(hidden).reason


def test_sha_256_is_inferred_of_64_digits_and_noted() -> None:
    record = read(SAFENET)[1]
    assert "hash" in record.provenance.defaults_used


def test_the_operator_may_say_another_hash() -> None:
    parameters = read(SAFENET, Instructions(digest=Digest.SHA1))[1].parameters
    assert isinstance(parameters, HotpParameters)
    assert parameters.digest is Digest.SHA1


def test_an_error_names_element_line_and_serial() -> None:
    error = refusal(SAFENET.replace(HEX, "zz", 1))
    assert (error.line, error.serial) == (3, "00040008CFA5")
    assert error.path == "/Tokens/Token/Applications/Application/Seed"


def test_a_bad_token_is_refused_by_itself() -> None:
    taken, errors = refusals(SAFENET.replace(HEX, "zz", 1), Instructions(skip_bad=True))
    assert taken == ["00040008CFA6"]
    assert len(errors) == 1


def test_deepnets_seeds_may_be_base64() -> None:
    text = DEEPNET.replace(">HEX<", ">BASE64<").replace(HEX, "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=")
    assert seed_of(read(text)[0]) == SEED


def test_deepnets_header_may_hold_attributes() -> None:
    head = DEEPNET.partition("<header>")[0]
    tail = DEEPNET.partition("</header>")[2]
    record = read(f'{head}<header encode="HEX" digits="8" timeWindow="30"/>{tail}')[0]
    assert getattr(record.parameters, "digits", None) == 8


def test_the_encoding_of_file_and_operator_must_agree() -> None:
    with pytest.raises(Malformed, match="another encoding"):
        opened(DEEPNET, Instructions(encoding=Encoding.BASE64))
    assert len(read(DEEPNET, Instructions(encoding=Encoding.HEX))) == 2


def test_the_operator_may_say_an_encoding_that_is_missing() -> None:
    text = DEEPNET.replace("    <encode>HEX</encode>\n", "")
    assert len(read(text, Instructions(encoding=Encoding.HEX))) == 2


def test_a_time_window_of_nothing_is_none() -> None:
    text = DEEPNET.replace(">60<", ">0<")
    assert "--type" in refusal(text).remedy
    assert isinstance(read(text, Instructions(kind=Kind.HOTP))[0].parameters, HotpParameters)


def test_a_header_after_the_tokens_is_too_late() -> None:
    head, _, rest = DEEPNET.partition("  <header>")
    inside, _, tokens = rest.partition("</header>")
    late = f"{head}{tokens.replace('</data>', f'<header>{inside}</header></data>')}"
    assert "without Deepnet's header" in refusal(late).reason


@pytest.mark.parametrize("again", ["<header/>", "<tokens/>"])
def test_nothing_follows_the_tokens(again: str) -> None:
    error = refusal(DEEPNET.replace("</data>", f"{again}</data>"))
    assert "is not read here" in error.reason


def test_blanks_before_the_declaration_are_taken_off_with_a_warning() -> None:
    file = opened("\n " + SAFENET)
    assert file.header.warnings == (WarningCode.LEADING_BLANK,)
    assert [record.provenance.line for record in file] == [4, 16]


def test_the_position_advances_to_the_end_of_the_file() -> None:
    file = opened(SAFENET)
    list(file)
    assert file.position == len(SAFENET)
