"""The `RecordSigner` port over the vault's checkpoint key."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import hsm
from seedvault.keys.failures import translated

_ECDSA_OCTETS: Final = 64


@dataclass(frozen=True)
class HsmRecordSigner:
    """Signs records of ceremonies by the checkpoint key in use."""

    keystore: hsm.Keystore

    @property
    def name(self) -> str:
        return self.keystore.keyring.checkpoint.name

    @cached_property
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
        if len(signature) != _ECDSA_OCTETS:
            return signature  # RSA's, of a module without ECDSA
        return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
