"""The octets under seals and links, to the letter: they must read the same in ten years."""

import pytest

from seedvault.domain.canonical import Field, decode, encode


@pytest.mark.parametrize(
    ("field", "octets"),
    [
        (None, b"n\0\0\0\0"),
        ("", b"s\0\0\0\0"),
        ("é", b"s\0\0\0\x02\xc3\xa9"),
        (b"\0", b"b\0\0\0\x01\0"),
        (0, b"i\0\0\0\x010"),
        (-12, b"i\0\0\0\x03-12"),
    ],
)
def test_a_field_is_its_type_its_length_and_its_octets(field: Field, octets: bytes) -> None:
    assert encode(field) == octets


def test_fields_follow_each_other() -> None:
    assert encode("a", None, 1) == encode("a") + encode(None) + encode(1)


def test_no_fields_are_no_octets() -> None:
    assert encode() == b""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("1",), (1,)),
        (("a",), (b"a",)),
        (("",), (None,)),
        (("",), ()),
        (("a", None), (None, "a")),
        (("as\0\0\0\1b",), ("a", "b")),
    ],
)
def test_rows_that_look_alike_encode_differently(
    one: tuple[Field, ...], other: tuple[Field, ...]
) -> None:
    assert encode(*one) != encode(*other)


@pytest.mark.parametrize(
    "octets",
    [
        b"s\0\0\0\x02a",  # ends in the middle of a value
        b"s\0\0",  # ends in the middle of a length
        b"x\0\0\0\0",  # no such type
        b"n\0\0\0\x01a",  # absent, and there
        b"i\0\0\0\x0207",  # a second spelling of 7
        b"i\0\0\0\x03 +7",
        b"i\0\0\0\0",
        b"s\0\0\0\x01\xff",  # no UTF-8
    ],
)
def test_octets_that_are_never_made_are_not_read(octets: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - int and UTF-8 say it in their own words
        decode(octets)


def test_all_four_octets_of_a_length_count() -> None:
    long = bytes(1 << 24)
    assert decode(encode(long, 7)) == [long, 7]
