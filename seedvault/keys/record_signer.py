"""The `RecordSigner` port over the vault's checkpoint key."""

from dataclasses import dataclass

import hsm
from seedvault.keys.failures import translated


@dataclass(frozen=True, slots=True)
class HsmRecordSigner:
    """Signs records of ceremonies by the checkpoint key in use."""

    keystore: hsm.Keystore

    @property
    def name(self) -> str:
        return self.keystore.keyring.checkpoint.name

    @property
    def public_key(self) -> bytes:
        with translated():
            return self.keystore.checkpoint_public_key()

    def sign(self, octets: bytes) -> bytes:
        # cryptography takes 40 ms to import.
        from cryptography.hazmat.primitives.asymmetric.utils import (  # noqa: PLC0415
            encode_dss_signature,
        )

        with translated():
            signature = self.keystore.sign(octets)
        return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
