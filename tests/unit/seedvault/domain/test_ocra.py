"""OCRA computes what RFC 6287 prints, over what its suite asks for and nothing else."""

import csv
import hashlib
from pathlib import Path

import pytest

from seedvault.domain import ocra
from seedvault.domain.errors import InvalidInput
from seedvault.domain.oath import OCTETS, Digest
from seedvault.domain.ocra import Inputs
from seedvault.domain.ocra_suite import OcraParameters, QuestionForm
from tests.support.fakes import MacOf, mac_of

VECTORS = Path(__file__).parents[3] / "vectors/rfc6287/appendix_c.csv"
RFC_SEED = b"1234567890" * 7
NUMERIC = OcraParameters("OCRA-1:HOTP-SHA1-6:QN08")


def rows() -> list[dict[str, str]]:
    with VECTORS.open(newline="", encoding="ascii") as table:
        return list(csv.DictReader(table))


def inputs_of(row: dict[str, str], parameters: OcraParameters) -> Inputs:
    asked = parameters.inputs
    return Inputs(
        row["question"],
        hashlib.new(asked.pin.value, row["pin"].encode()).digest() if asked.pin else None,
        counter=int(row["counter"]) if row["counter"] else None,
        time_step=int(row["time_step"], 16) if row["time_step"] else None,
    )


def test_the_vectors_are_complete() -> None:
    suites = {(row["section"], row["suite"]) for row in rows()}
    assert (len(rows()), len(suites)) == (70, 10)


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row['suite']} {row['question']}")
def test_a_response_is_that_of_rfc_6287_appendix_c(row: dict[str, str]) -> None:
    parameters = OcraParameters(row["suite"])
    seed = RFC_SEED[: OCTETS[parameters.digest]]
    mac = mac_of(seed, parameters.digest)
    assert ocra.response(mac, parameters, inputs_of(row, parameters)) == row["response"]


def test_the_message_holds_every_input_in_the_order_of_the_rfc() -> None:
    suite = "OCRA-1:HOTP-SHA1-6:C-QH08-PSHA1-S003-T1M"
    given = Inputs("ABCD", b"P" * 20, b"S", counter=258, time_step=772)
    assert ocra.message(OcraParameters(suite), given) == (
        suite.encode()
        + b"\x00"
        + bytes.fromhex("0000000000000102")
        + bytes.fromhex("ABCD")
        + bytes(126)
        + b"P" * 20
        + b"\x00\x00S"
        + bytes.fromhex("0000000000000304")
    )


def test_an_input_that_the_suite_does_not_ask_for_is_not_computed_over() -> None:
    given = Inputs("00000001", b"P" * 20, b"S", counter=1, time_step=1)
    assert ocra.message(NUMERIC, given) == ocra.message(NUMERIC, Inputs("00000001"))


@pytest.mark.parametrize(
    ("rest", "missing"),
    [("C-QN08", "counter"), ("QN08-PSHA1", "PIN"), ("QN08-S064", "session"), ("QN08-T1M", "time")],
)
def test_an_input_that_is_missing_is_no_input_of_zeros(rest: str, missing: str) -> None:
    with pytest.raises(InvalidInput, match=missing):
        ocra.message(OcraParameters(f"OCRA-1:HOTP-SHA1-6:{rest}"), Inputs("1"))


def test_a_hash_of_another_length_than_the_suites_is_refused() -> None:
    with pytest.raises(InvalidInput, match="SHA256"):
        ocra.message(OcraParameters("OCRA-1:HOTP-SHA1-6:QN08-PSHA256"), Inputs("1", b"P" * 20))


def test_a_session_longer_than_the_suites_is_refused() -> None:
    parameters = OcraParameters("OCRA-1:HOTP-SHA1-6:QN08-S002")
    with pytest.raises(InvalidInput, match="3 octets is longer than the suite's 2"):
        ocra.message(parameters, Inputs("1", session=b"abc"))


def test_inputs_repeat_no_hash_and_no_session() -> None:
    assert repr(Inputs("1", b"secret", b"secret")) == (
        "Inputs(question='1', counter=None, time_step=None)"
    )


def test_no_digits_leave_the_hmac_uncut() -> None:
    parameters = OcraParameters("OCRA-1:HOTP-SHA256-0:QN08")
    tag = ocra.response(MacOf(lambda _: bytes(range(32))), parameters, Inputs("1"))
    assert tag == bytes(range(32)).hex()
    assert ocra.is_response(parameters, tag.upper())


def test_ten_digits_hold_the_whole_truncated_number() -> None:
    parameters = OcraParameters("OCRA-1:HOTP-SHA1-10:QN08")
    assert (
        ocra.response(MacOf(lambda _: b"\xff" * 4 + bytes(16)), parameters, Inputs("1"))
        == "2147483647"
    )


# RFC 6287 appendix A pads in hexadecimal digits, so a number loses its length.
def test_numbers_that_differ_by_a_hexadecimal_zero_are_one_question() -> None:
    one, sixteen = (ocra.question_octets(QuestionForm.NUMERIC, text) for text in ("1", "16"))
    assert one == sixteen == b"\x10" + bytes(127)


@pytest.mark.parametrize(
    ("rest", "question"),
    [
        *(
            ("QN08", text)
            for text in ("", "123456789", "1234567a", " 1234567", "\uff11\uff12", "²", "+1")
        ),
        *(("QH08", text) for text in ("", "123456789", "g", "0x12", "a b")),
        *(("QA08", text) for text in ("", "123456789", "a b", "a-b", "ä")),
    ],
)
def test_what_is_no_question_of_the_suite_is_refused(rest: str, question: str) -> None:
    with pytest.raises(InvalidInput, match="question"):
        ocra.check_question(OcraParameters(f"OCRA-1:HOTP-SHA1-6:{rest}"), question)


@pytest.mark.parametrize(
    ("rest", "question"), [("QN08", "1"), ("QN08", "12345678"), ("QH08", "aF"), ("QA08", "SIG1a")]
)
def test_what_is_one_is_taken(rest: str, question: str) -> None:
    ocra.check_question(OcraParameters(f"OCRA-1:HOTP-SHA1-6:{rest}"), question)


@pytest.mark.parametrize("form", "ANH")
@pytest.mark.parametrize("length", [4, 8, 64])
def test_a_random_question_is_one_of_the_suite_and_as_long(form: str, length: int) -> None:
    parameters = OcraParameters(f"OCRA-1:HOTP-SHA1-6:Q{form}{length:02}")
    for filler in (b"\x00", b"\x5a", b"\xff"):
        question = ocra.question_from(parameters, filler * ocra.octets_needed(parameters))
        ocra.check_question(parameters, question)
        assert len(question) == length


def test_a_random_question_uses_all_of_its_alphabet() -> None:
    parameters = OcraParameters("OCRA-1:HOTP-SHA1-6:QA32")
    question = ocra.question_from(parameters, bytes(range(ocra.octets_needed(parameters))))
    assert len(set(question)) == 32


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "\uff11" * 6, " 12345"])
def test_what_is_no_response_never_reaches_the_hsm(text: str) -> None:
    assert not ocra.is_response(NUMERIC, text)


def test_a_hexadecimal_response_is_as_long_as_its_hash() -> None:
    parameters = OcraParameters("OCRA-1:HOTP-SHA1-0:QN08")
    assert ocra.is_response(parameters, "0a" * 20)
    assert not ocra.is_response(parameters, "0g" * 20)
    assert not ocra.is_response(parameters, "0a" * 32)


def test_every_hash_has_its_length() -> None:
    assert {digest.value: OCTETS[digest] for digest in Digest} == {
        "SHA1": hashlib.sha1().digest_size,
        "SHA256": hashlib.sha256().digest_size,
        "SHA512": hashlib.sha512().digest_size,
    }
