"""Checkpoints for tests, signed by keys that are made here."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from seedvault.domain.audit import GENESIS, ChainHead
from seedvault.domain.ceremony import SigningKey
from seedvault.domain.checkpoint import Checkpoint, SignedCheckpoint
from tests.support.tokens import NOON


class Signer:
    """The `RecordSigner` port over a key in this process: ECDSA P-256, as the HSM signs."""

    def __init__(self, name: str = "c1") -> None:
        self.name = name
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    @property
    def key(self) -> SigningKey:
        """As statements name it."""
        return SigningKey(self.name, hashlib.sha256(self.public_key).hexdigest())

    def sign(self, octets: bytes) -> bytes:
        return self._key.sign(octets, ec.ECDSA(SHA256()))

    def signed(self, checkpoint: Checkpoint) -> SignedCheckpoint:
        """The checkpoint with a signature that holds."""
        return SignedCheckpoint(checkpoint, self.sign(checkpoint.statement()))


def head(chain: int, sequence: int, digest: bytes = b"d" * 32) -> ChainHead:
    """Where a chain ends; nothing stands behind the digest."""
    return ChainHead(chain, sequence, digest)


def checkpoint(
    signer: Signer,
    heads: Sequence[ChainHead] = (),
    before: Checkpoint | None = None,
    *,
    introduces: bytes | None = None,
    at: datetime = NOON,
) -> Checkpoint:
    """The next checkpoint after `before`."""
    number = before.number + 1 if before else 1
    previous = before.digest if before else GENESIS
    return Checkpoint("vault-1", 1, number, at, previous, signer.key, introduces, tuple(heads))


def series(*by: tuple[Signer, bytes | None]) -> list[SignedCheckpoint]:
    """Checkpoints over a chain that grows, each by its signer, introducing a key or none."""
    made: list[SignedCheckpoint] = []
    for signer, introduces in by:
        before = made[-1].checkpoint if made else None
        heads = [head(0, len(made) + 1)]
        made.append(signer.signed(checkpoint(signer, heads, before, introduces=introduces)))
    return made
