"""SoftHSM, a vault's keys in it, and both databases, for every test of this folder."""

import pytest

from hsm import Keystore
from seedvault.keys import HsmKeys
from tests.support.databases import database, postgresql, template, vault
from tests.support.softhsm import keystore, location

__all__ = ["database", "keystore", "location", "postgresql", "template", "vault"]


@pytest.fixture
def keys(keystore: Keystore) -> HsmKeys:
    """The `Keys` port of a vault called vault-1."""
    return HsmKeys(keystore, "vault-1")
