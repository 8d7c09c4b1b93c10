"""Keys in a PKCS#11 module: wrap, open, MAC, seal, sign. Knows no OTP token, no SQL, no click."""

from typing import TYPE_CHECKING

from hsm.errors import (
    HsmError,
    Integrity,
    KeyNotFound,
    PinRejected,
    Policy,
    Unavailable,
    Unsupported,
)
from hsm.keystore import Keystore
from hsm.mac import MacKey
from hsm.model import (
    BlobFormat,
    Capabilities,
    Cipher,
    Digest,
    HandedOn,
    KeySummary,
    Location,
    Mode,
    Terms,
    Tier,
    WrappedKey,
    WrappedSeed,
)
from hsm.pin import Pin
from hsm.recipient import Recipient
from hsm.transport import TransportKey

if TYPE_CHECKING:
    from hsm.ceremony import initialise

__all__ = [
    "BlobFormat",
    "Capabilities",
    "Cipher",
    "Digest",
    "HandedOn",
    "HsmError",
    "Integrity",
    "KeyNotFound",
    "KeySummary",
    "Keystore",
    "Location",
    "MacKey",
    "Mode",
    "Pin",
    "PinRejected",
    "Policy",
    "Recipient",
    "Terms",
    "Tier",
    "TransportKey",
    "Unavailable",
    "Unsupported",
    "WrappedKey",
    "WrappedSeed",
    "initialise",
]


def __getattr__(name: str) -> object:
    """The ceremony, on demand: python-pkcs11 and cryptography take 40 ms to import."""
    if name == "initialise":
        from hsm.ceremony import initialise  # noqa: PLC0415 - see above

        return initialise
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
