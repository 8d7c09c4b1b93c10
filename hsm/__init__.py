"""Keys in a PKCS#11 module: wrap, open, MAC, seal, sign. Knows no OTP token, no SQL, no click."""

from importlib import import_module
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
from hsm.findings import Check, Demands, Outcome, Report, Topic, Weakness
from hsm.keystore import Keystore
from hsm.mac import MacKey
from hsm.model import (
    BlobFormat,
    Capabilities,
    Cipher,
    Digest,
    HandedOn,
    ImportedKey,
    KeyReport,
    Location,
    MadeKey,
    Mode,
    Terms,
    Tier,
    TransportKind,
    TransportReport,
    Way,
    WrappedKey,
    WrappedSeed,
)
from hsm.pin import Pin
from hsm.recipient import Recipient
from hsm.rewrap import Rewrapper
from hsm.self_description import SelfDescription, describe
from hsm.transport import TransportKey
from hsm.vault_key import FIRST, Keyring, Purpose, VaultKey, named

if TYPE_CHECKING:
    from hsm.ceremony import Ceremony, examine, initialise, remove
    from hsm.components import Component
    from hsm.key_source import WrappedTransportKey
    from hsm.place import prepare
    from hsm.recovery import Quorum, RecoveryKey, share_of
    from hsm.transport_ceremony import OpenedSource, TransportCeremony, TransportOrder

__all__ = [
    "FIRST",
    "BlobFormat",
    "Capabilities",
    "Ceremony",
    "Check",
    "Cipher",
    "Component",
    "Demands",
    "Digest",
    "HandedOn",
    "HsmError",
    "ImportedKey",
    "Integrity",
    "KeyNotFound",
    "KeyReport",
    "Keyring",
    "Keystore",
    "Location",
    "MacKey",
    "MadeKey",
    "Mode",
    "OpenedSource",
    "Outcome",
    "Pin",
    "PinRejected",
    "Policy",
    "Purpose",
    "Quorum",
    "Recipient",
    "RecoveryKey",
    "Report",
    "Rewrapper",
    "SelfDescription",
    "Terms",
    "Tier",
    "Topic",
    "TransportCeremony",
    "TransportKey",
    "TransportKind",
    "TransportOrder",
    "TransportReport",
    "Unavailable",
    "Unsupported",
    "VaultKey",
    "Way",
    "Weakness",
    "WrappedKey",
    "WrappedSeed",
    "WrappedTransportKey",
    "describe",
    "examine",
    "initialise",
    "named",
    "prepare",
    "remove",
    "share_of",
]

_ON_DEMAND = {
    "Ceremony": "hsm.ceremony",
    "examine": "hsm.ceremony",
    "initialise": "hsm.ceremony",
    "prepare": "hsm.place",
    "remove": "hsm.ceremony",
    "Quorum": "hsm.recovery",
    "RecoveryKey": "hsm.recovery",
    "share_of": "hsm.recovery",
    "Component": "hsm.components",
    "WrappedTransportKey": "hsm.key_source",
    "OpenedSource": "hsm.transport_ceremony",
    "TransportCeremony": "hsm.transport_ceremony",
    "TransportOrder": "hsm.transport_ceremony",
}


def __getattr__(name: str) -> object:
    """What only ceremonies need, on demand: they take 40 ms to import."""
    if name in _ON_DEMAND:
        return getattr(import_module(_ON_DEMAND[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
