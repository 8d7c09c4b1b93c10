"""No two rows of fields encode alike: what was encoded can be read back."""

from hypothesis import given
from hypothesis import strategies as st

from seedvault.domain.canonical import Field, encode

FIELDS = st.none() | st.text() | st.binary() | st.integers()


def decode(octets: bytes) -> list[Field]:
    """The row that `octets` stand for; there is no second way to read them."""
    row: list[Field] = []
    while octets:
        kind, length = octets[:1], int.from_bytes(octets[1:5], "big")
        value, octets = octets[5 : 5 + length], octets[5 + length :]
        match kind:
            case b"n":
                row.append(None)
            case b"s":
                row.append(value.decode())
            case b"b":
                row.append(value)
            case _:
                row.append(int(value))
    return row


@given(st.lists(FIELDS))
def test_every_row_can_be_read_back(row: list[Field]) -> None:
    assert decode(encode(*row)) == row


@given(st.lists(FIELDS), st.lists(FIELDS))
def test_no_row_s_octets_begin_another_s_by_chance(one: list[Field], other: list[Field]) -> None:
    assert encode(*one, *other) == encode(*one) + encode(*other)
