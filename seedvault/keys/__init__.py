"""The `Keys` port over `hsm`."""

from seedvault.keys.failures import translated
from seedvault.keys.hsm_keys import HsmKeys
from seedvault.keys.naming import keyring, stored_key

__all__ = ["HsmKeys", "keyring", "stored_key", "translated"]
