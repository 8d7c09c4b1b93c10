"""The `Keys` port over `hsm`, and the stretching of PINs."""

from seedvault.keys.epoch_memory import HsmEpochMemory
from seedvault.keys.examining import examination
from seedvault.keys.failures import translated
from seedvault.keys.hsm_keys import HsmKeys
from seedvault.keys.naming import keyring, stored_key
from seedvault.keys.record_signer import HsmRecordSigner
from seedvault.keys.signatures import public_key_of, verifies
from seedvault.keys.stretching import argon2id

__all__ = [
    "HsmEpochMemory",
    "HsmKeys",
    "HsmRecordSigner",
    "argon2id",
    "examination",
    "keyring",
    "public_key_of",
    "stored_key",
    "translated",
    "verifies",
]
