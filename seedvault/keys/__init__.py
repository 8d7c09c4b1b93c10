"""The `Keys` port over `hsm`."""

from seedvault.keys.hsm_keys import HsmKeys, translated

__all__ = ["HsmKeys", "translated"]
