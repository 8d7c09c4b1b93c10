"""SoftHSM, and a vault's keys in it, for every test of this folder."""

import pytest

from hsm import Keystore
from seedvault.keys import HsmKeys
from tests.support.softhsm import keystore, location

__all__ = ["keystore", "location"]


@pytest.fixture
def keys(keystore: Keystore) -> HsmKeys:
    """The `Keys` port of a vault called vault-1."""
    return HsmKeys(keystore, "vault-1")
