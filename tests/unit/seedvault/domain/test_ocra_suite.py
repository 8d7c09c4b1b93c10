"""A suite is read whole, and what is none is refused with what is wrong about it."""

import pytest

from seedvault.domain.errors import InvalidInput
from seedvault.domain.oath import Digest
from seedvault.domain.ocra_suite import OcraInputs, OcraParameters, QuestionForm


def test_a_suite_with_everything_is_read_whole() -> None:
    suite = OcraParameters("OCRA-1:HOTP-SHA512-10:C-QA64-PSHA256-S512-T48H")
    assert (suite.digest, suite.digits) == (Digest.SHA512, 10)
    assert suite.inputs == OcraInputs(
        True, QuestionForm.ALPHANUMERIC, 64, Digest.SHA256, 512, 48 * 3600
    )


def test_a_suite_with_a_question_only_is_read() -> None:
    suite = OcraParameters("OCRA-1:HOTP-SHA1-0:QH8")
    assert (suite.digest, suite.digits, suite.response_length) == (Digest.SHA1, 0, 40)
    assert suite.inputs == OcraInputs(False, QuestionForm.HEXADECIMAL, 8, None, None, None)


@pytest.mark.parametrize(("step", "step_s"), [("T1S", 1), ("T59S", 59), ("T30M", 1800)])
def test_a_time_step_has_its_unit(step: str, step_s: int) -> None:
    assert OcraParameters(f"OCRA-1:HOTP-SHA1-6:QN08-{step}").inputs.step_s == step_s


@pytest.mark.parametrize("digits", [0, 4, 5, 6, 7, 8, 9, 10])
def test_the_digits_of_section_5_2_are_taken(digits: int) -> None:
    assert OcraParameters(f"OCRA-1:HOTP-SHA1-{digits}:QN08").digits == digits


@pytest.mark.parametrize(
    ("suite", "words"),
    [
        ("", "1 parts, not 3"),
        ("OCRA-1:HOTP-SHA1-6", "2 parts"),
        ("OCRA-1:HOTP-SHA1-6:QN08:QN08", "4 parts"),
        ("OCRA-2:HOTP-SHA1-6:QN08", "'OCRA-2' is not OCRA-1"),
        ("ocra-1:HOTP-SHA1-6:QN08", "'ocra-1' is not OCRA-1"),
        *(
            (f"OCRA-1:{hotp}:QN08", f"'{hotp}' is not HOTP-SHA1")
            for hotp in ("HOTP-MD5-6", "HOTP-SHA1-3", "HOTP-SHA1-11", "HOTP-SHA1", "TOTP-SHA1-6")
        ),
        *(
            (f"OCRA-1:HOTP-SHA1-6:{rest}", "QN or QH")
            for rest in (
                *("", "C", "C-", "QB08", "Q08", "QN", "QN008", "c-QN08", "QN08-C", "QN08 "),
                *("QN08-PMD5", "QN08-S64", "QN08-S", "QN08-T60S", "QN08-T0M", "QN08-T1D"),
                *("QN08-T1M-PSHA1", "QN08-T01M", "QN08\n"),
            )
        ),
        ("OCRA-1:HOTP-SHA1-6:QN03", "3 characters in a question are outside 4 to 64"),
        ("OCRA-1:HOTP-SHA1-6:QN65", "65 characters"),
        ("OCRA-1:HOTP-SHA1-6:QN08-S000", "0 octets of session are outside 1 to 512"),
        ("OCRA-1:HOTP-SHA1-6:QN08-S513", "513 octets"),
        ("OCRA-1:HOTP-SHA1-6:QN08-T49H", "49 hours is more than 48"),
        ("OCRA-1:HOTP-SHA1-6:QN\uff10\uff18", "QN or QH"),
    ],
)
def test_what_is_no_suite_is_refused(suite: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        OcraParameters(suite)


def test_suites_are_equal_by_their_octets() -> None:
    eight, zero_eight = (OcraParameters(f"OCRA-1:HOTP-SHA1-6:QN{n}") for n in ("8", "08"))
    assert eight != zero_eight
    assert eight.inputs == zero_eight.inputs
    assert repr(eight) == "OcraParameters(suite='OCRA-1:HOTP-SHA1-6:QN8')"
