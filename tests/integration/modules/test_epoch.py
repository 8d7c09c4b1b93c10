"""A vault's epoch beside its keys, on each real module: kept, or said not to be."""

from hsm import Keystore
from tests.integration.modules.conftest import MatrixVault

KEEPS = {"softhsm": True, "nss": False, "opencryptoki": True}
"""NSS 3.87 refuses data objects that are private, and those that stay."""


def test_an_epoch_is_kept_where_the_module_keeps_data(
    vault: MatrixVault, keystore: Keystore
) -> None:
    kept = keystore.remember_epoch("vault-1", 2)

    assert kept is KEEPS[vault.name]
    assert keystore.recall_epoch("vault-1") == (2 if kept else None)


def test_a_kept_epoch_only_rises(vault: MatrixVault, keystore: Keystore) -> None:
    for epoch in (3, 5, 4):
        keystore.remember_epoch("vault-1", epoch)

    assert keystore.recall_epoch("vault-1") == (5 if KEEPS[vault.name] else None)
