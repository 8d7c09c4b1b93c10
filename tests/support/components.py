"""Components of a transport key, each with its right check value."""

import os

from hsm import Component, TransportKind
from hsm.standard_check import in_memory


def component(kind: TransportKind, octets: bytes) -> Component:
    """With its right check value."""
    return Component(bytearray(octets), in_memory(kind.algorithm, bytearray(octets)).zeros)


def two_of(kind: TransportKind, key: bytes) -> list[Component]:
    """Two components of a key."""
    first = os.urandom(kind.octets)
    other = bytes(a ^ b for a, b in zip(first, key, strict=True))
    return [component(kind, first), component(kind, other)]
