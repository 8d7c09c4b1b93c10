"""Files that exist in memory only, and grow no further than they may.

What is unwrapped may hold seeds in the clear, so it never touches a disk: an anonymous file of
Linux (memfd), given back to the system as a whole when closed; elsewhere a buffer of this process,
overwritten then. Either can be swapped out, like any memory that is not locked: a machine that
imports plain files wants encrypted swap, or none.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from importers.errors import LimitExceeded, Place

_ANY_RATIO = 1 << 20  # octets: less than this fills no memory, however well it was packed


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a container and its content may be, in octets, and how well it may be packed.

    A seed file of millions of like key packages packs about 30 to 1.
    """

    octets: int = 256 << 20
    ratio: int = 100


class Sink:
    """Where a container's content goes. Raises LimitExceeded beyond what it may hold."""

    def __init__(self, file: BinaryIO, allowed: int, place: Place) -> None:
        self._file = file
        self._left = allowed
        self._place = place

    @staticmethod
    def of(file: BinaryIO, packed: int, bounds: Bounds, place: Place) -> "Sink":
        """A sink for what is packed in so many octets."""
        if packed > bounds.octets:
            raise LimitExceeded(f"the container is longer than {bounds.octets} octets", place)
        return Sink(file, min(bounds.octets, max(_ANY_RATIO, packed * bounds.ratio)), place)

    def write(self, octets: bytes) -> None:
        """Add to the content."""
        self._left -= len(octets)
        if self._left < 0:
            raise LimitExceeded(
                "the container holds more than it may: a bomb, or a file to unwrap elsewhere",
                self._place,
            )
        self._file.write(octets)


@contextmanager
def memory_file() -> Iterator[BinaryIO]:
    """An empty file in memory, gone when the block ends."""
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("unwrapped"), "w+b") as file:
            yield file
        return
    with BytesIO() as buffer:
        try:
            yield buffer
        finally:
            with buffer.getbuffer() as octets:
                octets[:] = bytes(len(octets))
