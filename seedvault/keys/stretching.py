"""PINs stretched by argon2id (RFC 9106), so that each guess costs memory and time."""

from seedvault.domain.pin import octets_of
from seedvault.domain.pin_keeping import StretchCost

_OCTETS = 32


def argon2id(pin: str, salt: bytes, cost: StretchCost) -> bytes:
    """32 octets. It takes tens of milliseconds, and the memory that `cost` says."""
    # Only here: it takes 20 ms to load, and most commands see no PIN.
    from argon2.low_level import Type, hash_secret_raw  # noqa: PLC0415

    return hash_secret_raw(
        octets_of(pin), salt, cost.passes, cost.memory_kib, cost.lanes, _OCTETS, Type.ID
    )
