"""Octets that must not leave by accident."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


class Secret:
    """Octets without repr, equality, hash, pickle or copy; read inside `with x.expose()`."""

    __slots__ = ("_octets",)

    def __init__(self, octets: bytes | bytearray) -> None:
        self._octets = bytearray(octets)

    @contextmanager
    def expose(self) -> Iterator[memoryview]:
        """The octets, read-only, for as long as the block lasts."""
        with memoryview(self._octets).toreadonly() as view:
            yield view

    def wipe(self) -> None:
        """Overwrite the octets with zeros, for good."""
        self._octets[:] = bytes(len(self._octets))

    def __len__(self) -> int:
        return len(self._octets)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be compared")

    __hash__ = None  # type: ignore[assignment] # the way to make a class unhashable

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be copied or pickled")

    def __del__(self) -> None:
        self.wipe()
