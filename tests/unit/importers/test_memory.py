"""Memory stays the same however long the file is."""

import gc
import tracemalloc
from collections.abc import Iterator
from io import BytesIO

from importers import Instructions, PreSharedKey, open_seed_file
from tests.support.pskc_maker import Order, Tokens
from tests.support.signing import maker, signed
from tests.unit.importers.reading import made

KEY = b"k" * 16


class Repeating:
    """A file of `count` times 100 key packages that never stands in memory as a whole."""

    def __init__(self, count: int) -> None:
        octets = made(Order((Tokens(100),), key=KEY))
        start, end = octets.index(b"  <KeyPackage>"), octets.index(b"</KeyContainer>")
        self._parts = self._sequence(octets, start, end, count)
        self._left = b""

    @staticmethod
    def _sequence(octets: bytes, start: int, end: int, count: int) -> Iterator[bytes]:
        yield octets[:start]
        for _ in range(count):
            yield octets[start:end]
        yield octets[end:]

    def read(self, size: int, /) -> bytes:
        if not self._left:
            self._left = next(self._parts, b"")
        taken, self._left = self._left[:size], self._left[size:]
        return taken


def peak(count: int) -> int:
    """Octets of Python objects at the worst moment of reading 100 times `count` packages."""
    source = Repeating(count)
    gc.collect()
    tracemalloc.start()
    try:
        read = sum(1 for _ in open_seed_file(source, PreSharedKey(KEY), name="long"))
        assert read == 100 * count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ten_times_the_key_packages_take_no_more_memory() -> None:
    peak(10)  # whatever is loaded once
    assert peak(100) < 1.2 * peak(10)


def test_reading_takes_less_than_four_megabytes() -> None:
    assert peak(20) < 4_000_000


def signed_peak(count: int) -> int:
    """The same while a signed file of so many key packages is verified and read."""
    source = BytesIO(signed(made(Order((Tokens(count),), key=KEY)), maker()))
    by = Instructions(signed_by=(maker().pem,))
    tracemalloc.start()
    try:
        with open_seed_file(source, PreSharedKey(KEY), name="long", instructions=by) as file:
            assert sum(1 for _ in file) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_ten_times_the_key_packages_of_a_signed_file_take_no_more_memory() -> None:
    signed_peak(1)
    assert signed_peak(3000) < 1.2 * signed_peak(300)
