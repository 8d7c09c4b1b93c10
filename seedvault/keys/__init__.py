"""The `Keys` port over `hsm`."""

from seedvault.keys.failures import translated
from seedvault.keys.hsm_keys import HsmKeys

__all__ = ["HsmKeys", "translated"]
