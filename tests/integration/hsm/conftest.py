"""SoftHSM for every test of this folder."""

from tests.support.softhsm import keystore, location

__all__ = ["keystore", "location"]
