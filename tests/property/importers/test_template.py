"""A walker that learns gives what one that does not gives, to the line and to the word."""

from hypothesis import given, settings
from hypothesis import strategies as st

from importers import Limits
from tests.support.pskc_maker import Hotp, Order, Tokens
from tests.unit.importers.reading import made
from tests.unit.importers.walking import PIECES, Walk, both

MIXED = made(Order((Tokens(9), Tokens(5, Hotp()), Tokens(5)), key=b"k" * 16))
PLAIN = made(Order((Tokens(8, Hotp(counter=9)), Tokens(8, Hotp(8)), Tokens(3))))
# What makers do all through a file, or what might come to be in all of its key packages.
HABITS = (
    (b"UTF-8", b"ISO-8859-1"), (b"UTF-8", b"US-ASCII"), (b"Thales", b"Soci\xc3\xa9t\xc3\xa9"),
    (b"Thales", b"A&amp;B"), (b"Thales", b"]]"), (b"\n", b"\r\n"), (b"\n", b""), (b"\n", b"\r"),
    (b"        ", b"\n\t"), (b"Display", b"\n Display\n "), (b"=</", b"\n=\n</"),
    (b'Version="1.0"', b'Version="1.1"'), (b"<Model>", b"<New/><Model>"),
    (b'Algorithm="', b'Algorithm =\n"'), (b'"DECIMAL"/>', b"'DECIMAL'></ResponseFormat>"),
    (b"</Model>", b"</Model><!-- a --><Extensions>b</Extensions>"), (b"</Secret>", b"</Secret\n>"),
    (b"</KeyPackage>", b"</KeyPackage >"), (b"<KeyPackage>", b"<KeyPackage Id='p'>"),
    (b"<Model>", b"<Model xmlns:a='urn:a' a:b='' xml:lang='de'>"), (b"GALT", b"<!---->GALT"),
    (b"</DeviceInfo>", b"<StartDate>2026-01-01T00:00:00</StartDate></DeviceInfo>"),
    (b"</Data>", b"</Data><FriendlyName>a</FriendlyName><FriendlyName>b</FriendlyName>"),
)  # fmt: skip


def changed(
    octets: bytes, habits: list[tuple[bytes, bytes]], cuts: list[tuple[int, int, bytes]]
) -> bytes:
    """The file with some things changed all through, and some at one place each."""
    for old, new in habits:
        octets = octets.replace(old, new)
    for at, length, piece in cuts:
        start = at % len(octets)
        if at % 3:  # where a tag ends or begins is where it matters most
            start = octets.find(b"<" if at % 3 == 1 else b">", start) + at % 3 - 1
        octets = octets[:start] + piece + octets[start + length :]
    return octets


goods = st.sampled_from([MIXED, PLAIN])
places = st.integers(0, 60_000)
lengths = st.just(0) | st.integers(0, 40)
files = st.builds(
    changed,
    goods,
    st.lists(st.sampled_from(HABITS), max_size=3),
    st.lists(st.tuples(places, lengths, st.sampled_from(PIECES)), max_size=3),
)
limits = st.builds(
    Limits,
    max_bytes=st.integers(5_000, 30_000),
    package_octets=st.integers(900, 3_000),
    value_octets=st.integers(20, 3_000),
    depth=st.integers(1, 9),
)


@settings(max_examples=300)
@given(files, st.booleans())
def test_changed_files_are_walked_alike(octets: bytes, lenient: bool) -> None:
    both(octets, Walk(lenient=lenient))


@given(files, limits)
def test_limits_bite_at_the_same_place(octets: bytes, bounds: Limits) -> None:
    both(octets, Walk(limits=bounds))


@given(goods, places)
def test_a_file_cut_off_anywhere_fails_alike(octets: bytes, at: int) -> None:
    both(octets[: at % len(octets)])


@given(goods, places, st.integers(1, 255))
def test_a_file_with_one_octet_changed_is_walked_alike(octets: bytes, at: int, by: int) -> None:
    other = bytearray(octets)
    other[at % len(octets)] ^= by
    both(bytes(other))
