"""A file's format is known by its content; what is not read is refused by name."""

import pytest

from importers import UnknownFormat, Unsupported, WarningCode
from tests.unit.importers.reading import changed, figure, opened, read, refused


@pytest.mark.parametrize(
    "content", [b"", b"  \n", b"serial,seed\n1,31", b"\x4c\x6f\xa7\x94", b"+ADw-"]
)
def test_what_does_not_start_like_xml_is_no_seed_file(content: bytes) -> None:
    assert type(refused(content)) is UnknownFormat


def test_another_xml_is_no_seed_file() -> None:
    assert "root element" in refused("<html/>").reason


def test_an_element_that_starts_too_late_is_not_waited_for() -> None:
    assert "no XML element" in refused(f"<!--{'x' * 70_000}--><a/>").reason


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"-----BEGIN PGP MESSAGE-----", "PGP"),
        (b"<TKNBatch/>", "SecurID"),
    ],
)
def test_other_containers_are_refused_by_name(content: bytes, name: str) -> None:
    error = refused(content)
    assert isinstance(error, Unsupported)
    assert name in error.reason


def test_a_byte_order_mark_is_taken_off() -> None:
    assert len(read(b"\xef\xbb\xbf" + figure(3).encode())) == 1


@pytest.mark.parametrize("encoding", ["UTF-16", "ISO-8859-1"])
def test_other_encodings_are_read(encoding: str) -> None:
    text = changed(changed(figure(3), "UTF-8", encoding), ">Issuer<", ">Müller<")
    assert read(text.encode(encoding))[0].issuer == "Müller"


@pytest.mark.parametrize(
    ("mark", "encoding"), [(b"\xff\xfe", "UTF-16-LE"), (b"\xfe\xff", "UTF-16-BE")]
)
def test_utf_16_is_read_in_the_order_that_its_mark_gives(mark: bytes, encoding: str) -> None:
    text = changed(changed(figure(3), "UTF-8", "UTF-16"), ">Issuer<", ">Müller<")
    assert read(mark + text.encode(encoding))[0].issuer == "Müller"


@pytest.mark.parametrize("encoding", ["UTF-16-LE", "UTF-16-BE"])
def test_utf_16_without_a_byte_order_mark_is_refused(encoding: str) -> None:
    text = changed(figure(3), "UTF-8", "UTF-16")
    assert "byte order mark" in refused(text.encode(encoding)).reason


def test_octets_that_are_not_the_declared_encoding_are_refused() -> None:
    octets = changed(figure(3), ">Issuer<", ">Müller<").encode("iso-8859-1")
    assert "not well-formed" in refused(octets).reason


def test_blanks_before_the_declaration_are_taken_off_with_a_warning() -> None:
    assert opened("\n \n" + figure(3)).header.warnings == (WarningCode.LEADING_BLANK,)


def test_lines_count_from_the_start_of_the_file_despite_blanks() -> None:
    assert read("\n\n" + figure(3))[0].provenance.line == read(figure(3))[0].provenance.line + 2


def test_an_error_in_the_first_octets_is_malformed() -> None:
    assert "nothing was read before it" in refused("<?xml version='1.0'?><<").reason
