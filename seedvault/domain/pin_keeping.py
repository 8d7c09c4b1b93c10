"""How a PIN is kept, so that who reads the database cannot find it by trying all.

Both forms need the MAC function of the token's own seed. Ten thousand PINs of four digits are
tried within an hour, however slow one try is made; without the HSM, none can be.
"""

import hmac
from dataclasses import dataclass, field

from seedvault.domain.errors import InvalidInput
from seedvault.domain.oath import Mac

SALT_OCTETS = 16
# No response and no code is ever computed over these: a suite begins with "OCRA-1:", a moving
# factor has eight octets.
_TAG, _MASK = b"seedvault PIN\x00", b"seedvault OCRA PIN\x00"
_MOST_MEMORY_KIB, _MOST_PASSES, _MOST_LANES = 1 << 21, 64, 64


@dataclass(frozen=True, slots=True)
class StretchCost:
    """What one try costs (argon2id, RFC 9106)."""

    memory_kib: int
    passes: int
    lanes: int

    def __post_init__(self) -> None:
        if (
            not 8 * self.lanes <= self.memory_kib <= _MOST_MEMORY_KIB
            or not 1 <= self.passes <= _MOST_PASSES
            or not 1 <= self.lanes <= _MOST_LANES
        ):
            raise InvalidInput(f"{self} is none that Seedvault would pay")


LOW_MEMORY = StretchCost(memory_kib=65_536, passes=3, lanes=4)
"""RFC 9106 section 4, the second recommended option."""


@dataclass(frozen=True, slots=True)
class StretchedPin:
    """A PIN that is presented with the code: HMAC(seed, argon2id(PIN)). It can be compared only."""

    cost: StretchCost
    salt: bytes = field(repr=False)
    tag: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MaskedPin:
    """The hash of a PIN that an OCRA token computes over: readable with the seed's MAC only."""

    nonce: bytes = field(repr=False)
    octets: bytes = field(repr=False)


KeptPin = StretchedPin | MaskedPin


def keep(mac: Mac, stretched: bytes, cost: StretchCost, salt: bytes) -> StretchedPin:
    """`stretched` is what argon2id makes of the PIN and `salt`."""
    return StretchedPin(cost, salt, _tag(mac, stretched, salt))


def is_right(mac: Mac, kept: StretchedPin, stretched: bytes) -> bool:
    """Whether the PIN just stretched is the one that was kept; in constant time."""
    return hmac.compare_digest(_tag(mac, stretched, kept.salt), kept.tag)


def mask(mac: Mac, pin_hash: bytes, nonce: bytes) -> MaskedPin:
    """A nonce is used once."""
    return MaskedPin(nonce, _masked(mac, pin_hash, nonce))


def unmask(mac: Mac, kept: MaskedPin) -> bytes:
    """The hash of the PIN, as `mask` was given it. What vouches for it is the row's seal."""
    return _masked(mac, kept.octets, kept.nonce)


def to_text(kept: KeptPin) -> str:
    """One line, as it is stored and sealed."""
    match kept:
        case StretchedPin(StretchCost(memory, passes, lanes), salt, tag):
            return f"argon2id:{memory}:{passes}:{lanes}:{salt.hex()}:{tag.hex()}"
        case MaskedPin(nonce, octets):
            return f"masked:{nonce.hex()}:{octets.hex()}"


def from_text(text: str) -> KeptPin:
    """Raises InvalidInput or ValueError for what `to_text` does not write."""
    match text.split(":"):
        case ["argon2id", memory, passes, lanes, salt, tag]:
            cost = StretchCost(int(memory), int(passes), int(lanes))
            kept: KeptPin = StretchedPin(cost, bytes.fromhex(salt), bytes.fromhex(tag))
        case ["masked", nonce, octets]:
            kept = MaskedPin(bytes.fromhex(nonce), bytes.fromhex(octets))
        case _:
            raise ValueError("kept in no way that there is")
    if to_text(kept) != text:
        raise ValueError("kept in other words than it is written")
    return kept


def _tag(mac: Mac, stretched: bytes, salt: bytes) -> bytes:
    return mac(_TAG + salt + stretched)


def _masked(mac: Mac, octets: bytes, nonce: bytes) -> bytes:
    """XOR with a key stream: SP 800-108 section 4.1, counter mode, HMAC under the seed."""
    stream, block = b"", 0
    bits = (8 * len(octets)).to_bytes(4, "big")
    while len(stream) < len(octets):
        block += 1
        stream += mac(block.to_bytes(4, "big") + _MASK + nonce + bits)
    return bytes(a ^ b for a, b in zip(octets, stream, strict=False))
