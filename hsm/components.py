"""A transport key in two or three components, each brought by another custodian.

The key is the XOR of all of them, so that none of the custodians knows anything of it. They are
put together on the locked page; each is checked before any is.
"""

from collections.abc import Sequence
from typing import Final, NoReturn

from hsm import standard_check
from hsm.errors import Policy
from hsm.model import TransportKind
from hsm.page import LockedPage

_COUNTS: Final = (2, 3)
_UNCHANGED: Final = "No key was made"


class Component:
    """One component's octets, in a buffer that `wipe` ends, and the check value it came with.

    `file`: where it was read, for messages; empty where it was typed.
    """

    __slots__ = ("_octets", "check_value", "file")

    def __init__(self, octets: bytearray, check_value: str, file: str = "") -> None:
        """Take over `octets`: the caller keeps no other copy.

        Raises:
            Policy: `check_value` is none.
        """
        self._octets = octets
        self.check_value = standard_check.spelt(check_value)
        self.file = file

    @classmethod
    def from_hex(cls, text: bytearray, check_value: str, file: str = "") -> "Component":
        """Out of hexadecimal digits, however grouped; `text` is wiped.

        Raises:
            Policy: there is something else in it.
        """
        try:
            return cls(_octets_of(text), check_value, file)
        finally:
            text[:] = bytes(len(text))

    @property
    def octets(self) -> bytearray:
        """The buffer itself, to be read and kept by nobody."""
        return self._octets

    def check(self, kind: TransportKind, number: int) -> None:
        """Raises Policy, naming this component, where it is none of a key of that kind."""
        _check(number, self, kind)

    def wipe(self) -> None:
        """Overwrite and forget the octets."""
        self._octets[:] = bytes(len(self._octets))
        self._octets.clear()

    def __repr__(self) -> str:
        return "Component(...)"

    __hash__ = None  # type: ignore[assignment]  # a secret is no dictionary key

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("a Component is not compared")

    def __reduce__(self) -> NoReturn:
        """Refuse `pickle`, `copy.copy` and `copy.deepcopy`, which all come by here."""
        raise TypeError("a Component is neither copied nor pickled")


def put_together(page: LockedPage, kind: TransportKind, components: Sequence[Component]) -> None:
    """The key on the page's first octets.

    Raises:
        Policy: a component is of another length, has another check value, is all zeros or like
            another one; or the key would be weak. The message tells which one.
    """
    if len(components) not in _COUNTS:
        raise Policy(
            f"a key is put together from 2 or 3 components, not {len(components)}. {_UNCHANGED}"
        )
    for number, component in enumerate(components, 1):
        _check(number, component, kind)
    _refuse_twins(components)
    octets = page.octets
    for index in range(kind.octets):
        octets[index] = 0
        for component in components:
            octets[index] ^= component.octets[index]
    settle(page, kind)


def settle(page: LockedPage, kind: TransportKind) -> None:
    """Set the parity of a 3DES key on the page's first octets.

    Raises:
        Policy: it is a single DES key (SP 800-67 section 3.2).
    """
    if kind.algorithm != "3DES":
        return
    view = page.view[: kind.octets]
    for index in range(kind.octets):  # DES ignores the last bit of each octet
        page.octets[index] = view[index] & 0xFE | (1 - (view[index] >> 1).bit_count() % 2)
    first, second, third = view[:8], view[8:16], view[16:]
    if second in (first, third):
        raise Policy(
            "this 3DES key is weak, for two of its parts are the same: it encrypts as single DES "
            f"does. {_UNCHANGED}: ask the maker for another one"
        )


def _check(number: int, component: Component, kind: TransportKind) -> None:
    octets = component.octets
    called = f"component {number}{f' ({component.file})' if component.file else ''}"
    if kind.algorithm == "3DES" and len(octets) == 16:
        octets += octets[:8]  # K1 || K2 stands for K1 || K2 || K1
    if len(octets) != kind.octets:
        raise Policy(
            f"{called} has {len(octets)} octets: a component of {kind} has "
            f"{kind.octets}. {_UNCHANGED}"
        )
    if not any(octets):
        raise Policy(f"{called} is all zeros: the others alone would make the key. {_UNCHANGED}")
    if not standard_check.in_memory(kind.algorithm, octets).has(component.check_value):
        raise Policy(
            f"{called} has not the check value that came with it: one of them was mistyped, or is "
            f"another's. {_UNCHANGED}"
        )


def _refuse_twins(components: Sequence[Component]) -> None:
    for number, component in enumerate(components, 1):
        for earlier, other in enumerate(components[: number - 1], 1):
            if component.octets == other.octets:
                raise Policy(
                    f"components {earlier} and {number} are the same: they cancel out. "
                    f"{_UNCHANGED}: has one courier's letter been read twice?"
                )


def _octets_of(text: bytearray) -> bytearray:
    """What the digits spell, octet by octet: `bytes.fromhex` leaves a copy that nobody can wipe."""
    octets, high = bytearray(), -1
    for character in text:
        if character in b" \t\r\n-:":
            continue
        digit = _digit(character)
        if high < 0:
            high = digit
        else:
            octets.append(16 * high + digit)
            high = -1
    if high >= 0:
        raise Policy(f"a component has an odd number of hexadecimal digits. {_UNCHANGED}")
    return octets


def _digit(character: int) -> int:
    place = b"0123456789abcdef0123456789ABCDEF".find(character)
    if place < 0:
        raise Policy(f"a component has something other than hexadecimal digits. {_UNCHANGED}")
    return place % 16
