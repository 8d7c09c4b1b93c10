"""What a text file is, its content tells; what it may be of several, the operator must."""

import pytest

from importers import (
    FORMATS,
    Instructions,
    IntegrityFailure,
    PreSharedKey,
    UnknownFormat,
    Unsupported,
)
from tests.unit.importers.vendor import HEX, opened, refusal, sample

OPERATORS = ("linotp", "privacyidea", "netiq", "duo", "pingid", "ibm")
NEXUS = "A1:MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=:AAAAAAAAAAE=\n"


def test_rows_of_several_dialects_are_refused_with_the_candidates() -> None:
    error = refusal(f"A1,{HEX}\nA2,{HEX}\n")
    assert type(error) is UnknownFormat
    assert all(id_ in error.reason for id_ in OPERATORS)
    assert "--format" in error.remedy


@pytest.mark.parametrize("id_", OPERATORS)
def test_each_candidate_can_be_named(id_: str) -> None:
    said = Instructions(format=id_)
    if id_ in {"duo", "pingid"}:
        assert "--type" in refusal(f"A1,{HEX}\n", said).remedy
    else:
        assert len(list(opened(f"A1,{HEX}\n", said))) == 1


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        (f"A1,{HEX},hotp,6,12\n", "privacyIDEA CSV"),
        (f"A1,{HEX},totp,6,60,sha1\n", "LinOTP CSV"),
        (f"A1,{HEX},totp,6\nA2,{HEX},totp,6,60,sha1\n", "LinOTP CSV"),
        (f"A1;Feitian;totp;{HEX};6;30\n", "multiOTP CSV"),
        (NEXUS, "Nexus"),
        (f"A1   {HEX}\n", "LinOTP Tagespasswort"),
    ],
)
def test_rows_that_one_dialect_alone_reads_are_known(rows: str, title: str) -> None:
    assert opened(rows, Instructions()).header.format == title


def test_a_row_that_ends_the_likeness_is_named() -> None:
    error = refusal(f"A1,{HEX},totp,6,60,sha1\nA2,{HEX},unknown\n")
    assert type(error) is UnknownFormat
    assert error.line == 2
    assert "linotp" in error.reason


def test_ocra_rows_tell_linotp_from_privacyidea() -> None:
    suite = "OCRA-1:HOTP-SHA1-6:QN08"
    assert opened(f"A1,{HEX},ocra2,{suite}\n").header.format == "LinOTP CSV"
    assert opened(f"A1,{HEX},ocra,{suite}\n").header.format == "privacyIDEA CSV"


@pytest.mark.parametrize("id_", ["linotp", "safeword-dat", "entra-json", "authenex-sql", "nexus"])
def test_a_file_is_not_read_as_what_it_is_not(id_: str) -> None:
    error = refusal(sample("entra-csv/sample.csv"), Instructions(format=id_))
    assert type(error) is UnknownFormat


@pytest.mark.parametrize("id_", ["pskc", "safenet-xml", "deepnet-xml"])
def test_an_xml_is_not_read_as_what_it_is_not(id_: str) -> None:
    assert "root element" in refusal("<html/>", Instructions(format=id_)).reason
    assert "root element" in refusal(f"<!--{'x' * 70_000}--><a/>", Instructions(format=id_)).reason


def test_a_format_that_is_not_there_is_refused_with_those_that_are() -> None:
    error = refusal(NEXUS, Instructions(format="nexsus"))
    assert all(known.id in error.reason for known in FORMATS)


def test_the_name_of_a_file_decides_nothing() -> None:
    assert opened(NEXUS, name="tokens.pskcxml").header.format == "Nexus"


def test_digipass_is_refused_by_name() -> None:
    for content, name in (("opaque", "batch.DPX"), (f"VDS1,{'ab' * 248}\n", "batch")):
        with pytest.raises(Unsupported, match="OneSpan"):
            opened(content, name=name)


def test_binary_is_no_seed_file() -> None:
    error = refusal(b"\x4c\x6f\xa7\x94")
    assert type(error) is UnknownFormat
    assert "neither XML nor text" in error.reason


def test_every_format_has_an_id_of_its_own() -> None:
    ids = [known.id for known in FORMATS]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", ["linotp/sample.csv", "deepnet-xml/sample.xml"])
def test_a_key_for_a_file_in_the_clear_is_refused(path: str) -> None:
    with pytest.raises(IntegrityFailure, match="nothing in this file is encrypted"):
        opened(sample(path), unlock=PreSharedKey(bytes(16)))
