"""The PIN, kept from logs, copies and comparisons."""

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, Self

from hsm.errors import Policy

PIN_MIN_OCTETS = 4
PIN_MAX_OCTETS = 255


class Pin:
    """A PIN in one buffer of its own: no repr, no equality, no copy, no pickle.

    A keystore keeps its PIN, because it must log in again after a fork, a restart of
    the module or a lost session; `wipe` ends it.
    """

    __slots__ = ("_octets",)

    def __init__(self, octets: bytearray) -> None:
        """Take over `octets`: the caller keeps no other copy.

        Raises:
            Policy: fewer than 4 or more than 255 octets.
        """
        if not PIN_MIN_OCTETS <= len(octets) <= PIN_MAX_OCTETS:
            raise Policy(f"a PIN has {PIN_MIN_OCTETS} to {PIN_MAX_OCTETS} octets")
        self._octets = octets

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The first line of a file.

        Raises:
            Policy: the file is empty, or everyone may read it.
            OSError: it cannot be read.
        """
        with path.open("rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_mode & 0o007:
                raise Policy(f"PIN file {path} is open to everyone: chmod 600 it, then try again")
            return cls.from_descriptor(file.fileno())

    @classmethod
    def from_descriptor(cls, descriptor: int) -> Self:
        """The first line of an open file or pipe, which stays open."""
        octets = bytearray()
        while b"\n" not in octets and len(octets) <= PIN_MAX_OCTETS + 2:
            read = os.read(descriptor, 1)
            if not read:
                break
            octets += read
        return cls(octets.rstrip(b"\r\n"))

    @classmethod
    def from_prompt(cls, prompt: str = "PIN: ") -> Self:
        """What the user types on the terminal, unseen."""
        return cls(bytearray(getpass.getpass(prompt), "utf-8"))

    @classmethod
    def generate(cls, entropy: Callable[[int], bytes]) -> Self:
        """32 hexadecimal digits out of `entropy`, which gives as many octets as it is asked for."""
        return cls(bytearray(entropy(16).hex(), "ascii"))

    @contextmanager
    def expose(self) -> Iterator[bytearray]:
        """The octets themselves, to be read inside the block and kept by nobody."""
        if not self._octets:
            raise Policy("this PIN was wiped: read it again")
        yield self._octets

    def wipe(self) -> None:
        """Overwrite and forget the octets."""
        self._octets[:] = bytes(len(self._octets))
        self._octets.clear()

    def __repr__(self) -> str:
        return "Pin(...)"

    __hash__ = None  # type: ignore[assignment]  # a secret is no dictionary key

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("a Pin is not compared")

    def __reduce__(self) -> NoReturn:
        """Refuse `pickle`, `copy.copy` and `copy.deepcopy`, which all come by here."""
        raise TypeError("a Pin is neither copied nor pickled")
