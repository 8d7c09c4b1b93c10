"""A walker that learns gives what one that does not gives, to the line and to the word."""

from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importers import (
    Cipher,
    EncryptedSeed,
    ImporterError,
    Instructions,
    Limits,
    PreSharedKey,
    SeedRecord,
    open_seed_file,
)
from importers import source as source_module
from importers.pskc import reader
from importers.xml import Walker
from tests.support.pskc_maker import Hotp, Order, Tokens
from tests.unit.importers.reading import made
from tests.unit.importers.walking import PIECES, Walk, both

KEY = b"k" * 16
MIXED = made(Order((Tokens(9), Tokens(5, Hotp()), Tokens(5)), key=KEY))
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


def records(octets: bytes, *, skip_bad: bool) -> list[object]:
    """All that a reader of the file is told, in its order, and how it ends."""
    told: list[object] = []
    unlock = PreSharedKey(KEY) if b"MACMethod" in octets else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_module, "CHUNK", 4_000)
        try:
            stream, said = BytesIO(octets), Instructions(skip_bad=skip_bad)
            file = open_seed_file(stream, unlock, name="batch.pskc", instructions=said)
            if skip_bad:
                file.on_refusal = lambda error: told.append(_words(error))
            told.append(file.header)
            for record in file:
                told.append((file.position, _comparable(record)))  # noqa: PERF401 - as it comes
            told += [file.warnings, file.signed]
        except ImporterError as error:
            told.append(_words(error))
    return told


def _words(error: ImporterError) -> object:
    return type(error), error.reason, error.place, error.remedy


def _comparable(record: SeedRecord) -> SeedRecord:
    """The record with a seed that can be compared."""
    if isinstance(record.seed, EncryptedSeed):
        return record
    with record.seed.expose() as octets:
        return replace(record, seed=EncryptedSeed(bytes(octets), Cipher.AES_128_CBC))


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


@settings(max_examples=100)
@given(files, st.booleans())
def test_changed_files_give_the_same_records(octets: bytes, skip_bad: bool) -> None:
    told = records(octets, skip_bad=skip_bad)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "LearningWalker", Walker)
        assert told == records(octets, skip_bad=skip_bad)


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
