"""No two rows of fields encode alike: what was encoded can be read back."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from seedvault.domain.canonical import Field, decode, encode

FIELDS = st.none() | st.text() | st.binary() | st.integers()


@given(st.lists(FIELDS))
def test_every_row_can_be_read_back(row: list[Field]) -> None:
    assert decode(encode(*row)) == row


@given(st.lists(FIELDS), st.lists(FIELDS))
def test_no_row_s_octets_begin_another_s_by_chance(one: list[Field], other: list[Field]) -> None:
    assert encode(*one, *other) == encode(*one) + encode(*other)


@given(st.binary())
def test_whatever_is_read_at_all_is_read_in_one_way(octets: bytes) -> None:
    with suppress(ValueError):
        assert encode(*decode(octets)) == octets


@given(st.lists(FIELDS, min_size=1), st.data())
def test_octets_that_were_changed_are_another_row_or_none(
    row: list[Field], data: st.DataObject
) -> None:
    octets = bytearray(encode(*row))
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= data.draw(st.integers(1, 255))
    with suppress(ValueError):
        assert decode(bytes(octets)) != row
