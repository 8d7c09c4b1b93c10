"""The `EpochMemory` port over the HSM that holds the vault's keys."""

from dataclasses import dataclass

import hsm
from seedvault.keys.failures import translated


@dataclass(frozen=True, slots=True)
class HsmEpochMemory:
    """A data object on the vault's PKCS#11 token."""

    keystore: hsm.Keystore
    vault_id: str

    def recall(self) -> int | None:
        with translated():
            return self.keystore.recall_epoch(self.vault_id)

    def remember(self, epoch: int) -> bool:
        with translated():
            return self.keystore.remember_epoch(self.vault_id, epoch)
