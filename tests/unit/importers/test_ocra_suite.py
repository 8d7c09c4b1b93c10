"""OCRA suites are read by RFC 6287 section 6, and nothing else is."""

import pytest

from importers import Digest
from importers.ocra_suite import OcraSuite, parse

SUITE = "OCRA-1:HOTP-SHA1-6:{}"


def test_a_suite_is_read_whole() -> None:
    assert parse("OCRA-1:HOTP-SHA512-8:C-QA10-PSHA256-S064-T5M") == OcraSuite(
        digest=Digest.SHA512,
        digits=8,
        counter=True,
        challenge="A",
        challenge_length=10,
        pin=Digest.SHA256,
        session_octets=64,
        step_s=300,
    )


def test_what_is_not_computed_over_is_absent() -> None:
    suite = parse(SUITE.format("QN08"))
    assert (suite.counter, suite.pin, suite.session_octets, suite.step_s) == (
        False,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    "suite",
    [  # RFC 6287 section 6.4 and appendix C
        "OCRA-1:HOTP-SHA512-8:C-QN08-PSHA1",
        "OCRA-1:HOTP-SHA256-6:QA10-T1M",
        "OCRA-1:HOTP-SHA1-4:QH8-S512",
        "OCRA-1:HOTP-SHA1-6:QN08",
        "OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1",
        "OCRA-1:HOTP-SHA256-8:QN08-PSHA1",
        "OCRA-1:HOTP-SHA512-8:C-QN08",
        "OCRA-1:HOTP-SHA512-8:QN08-T1M",
        "OCRA-1:HOTP-SHA256-8:QA08",
        "OCRA-1:HOTP-SHA512-8:QA10-T1M",
    ],
)
def test_the_standards_own_suites_are_read(suite: str) -> None:
    assert str(parse(suite).digits) in suite


@pytest.mark.parametrize(("step", "seconds"), [("T1S", 1), ("T59M", 3540), ("T48H", 172_800)])
def test_a_time_step_is_told_in_seconds(step: str, seconds: int) -> None:
    assert parse(SUITE.format(f"QN08-{step}")).step_s == seconds


@pytest.mark.parametrize(
    "text",
    [
        "", "OCRA-1", "OCRA-2:HOTP-SHA1-6:QN08", "OCRA-1:HOTP-MD5-6:QN08",
        "ocra-1:hotp-sha1-6:qn08",
        "OCRA-1:HOTP-SHA1-3:QN08", "OCRA-1:HOTP-SHA1-11:QN08", "OCRA-1:HOTP-SHA1-6:C",
        "OCRA-1:HOTP-SHA1-6:QN08-C", "OCRA-1:HOTP-SHA1-6:QX08", "OCRA-1:HOTP-SHA1-6:QN03",
        "OCRA-1:HOTP-SHA1-6:QN65", "OCRA-1:HOTP-SHA1-6:QN08-S000", "OCRA-1:HOTP-SHA1-6:QN08-S513",
        "OCRA-1:HOTP-SHA1-6:QN08-S64", "OCRA-1:HOTP-SHA1-6:QN08-T60S",
        "OCRA-1:HOTP-SHA1-6:QN08-T0M",
        "OCRA-1:HOTP-SHA1-6:QN08-T49H", "OCRA-1:HOTP-SHA1-6:QN08-T1M-PSHA1",
        "OCRA-1:HOTP-SHA1-6:QN08-", "OCRA-1:HOTP-SHA1-6:QN08 ", "OCRA-1:HOTP-SHA1-6:QN\u0660\u0668",
    ],
)  # fmt: skip
def test_anything_else_is_no_suite(text: str) -> None:
    with pytest.raises(ValueError, match=r"suite|outside|more than"):
        parse(text)
