"""Text is UTF-8, or UTF-16 with a byte order mark, cut into lines; anything else is refused."""

from io import BytesIO

import pytest

from importers import LimitExceeded, Limits, Malformed, Unsupported
from importers.source import CHUNK, Source
from importers.text import Line, head_lines, lines

SMALL = Limits(value_octets=100)


def source(octets: bytes, limits: Limits = SMALL) -> Source:
    return Source(BytesIO(octets), "batch", limits)


def texts(octets: bytes) -> list[str]:
    return [line.text for line in lines(source(octets))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_any_system_ends_them(end: str) -> None:
    assert texts(f"a{end}{end}b{end}".encode()) == ["a", "", "b"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_these_encodings_are_read(encoding: str) -> None:
    assert texts("ä\nb".encode(encoding)) == ["ä", "b"]


def test_big_endian_utf_16_is_read_by_its_mark() -> None:
    assert texts(b"\xfe\xff" + "ä\nb".encode("utf-16-be")) == ["ä", "b"]


def test_utf_16_without_a_mark_is_refused() -> None:
    with pytest.raises(Unsupported, match="byte order mark"):
        texts("a,b".encode("utf-16-le"))


def test_undeclared_octets_are_refused_by_line() -> None:
    with pytest.raises(Malformed, match="UTF-8") as caught:
        texts("\na\r\nü".encode("iso-8859-1"))
    assert caught.value.line == 3


def test_text_cut_off_within_a_character_is_refused() -> None:
    with pytest.raises(Malformed):
        texts("ü".encode()[:1])


def test_a_character_across_two_chunks_is_read() -> None:
    line = "ü" * 30 + "\n"
    octets = b"x\n" + line.encode() * (CHUNK // 30)
    assert set(texts(octets)) == {"x", "ü" * 30}


def test_numbers_are_the_files_own_despite_blanks_before() -> None:
    assert [line.number for line in lines(source(b"\n\na\nb"))] == [3, 4]


def test_a_line_that_is_too_long_is_refused_before_its_end() -> None:
    with pytest.raises(LimitExceeded, match="line 2") as caught:
        texts(b"a\n" + b"b" * 101)
    assert caught.value.line == 2


def test_a_line_that_is_too_long_and_ends_is_refused() -> None:
    with pytest.raises(LimitExceeded):
        texts(b"b" * 101 + b"\n")


def test_the_head_of_a_long_file_leaves_out_the_line_that_is_cut() -> None:
    octets = (b"b" * 9 + b"\n") * (CHUNK // 10) + b"cut off here, and goes on"
    assert {line.text for line in head_lines(source(octets))} == {"b" * 9}


def test_a_line_does_not_show_its_text() -> None:
    assert repr(Line(3, "31323334")) == "<line 3>"
