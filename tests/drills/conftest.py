"""SoftHSM for the drills' short forms."""

from tests.support.softhsm import keystore, location

__all__ = ["keystore", "location"]
