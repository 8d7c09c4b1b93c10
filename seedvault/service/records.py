"""Ceremonies leave a record that the HSM signs: it can be verified without the vault."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from seedvault.domain.ceremony import CeremonyRecord, Proof, SigningKey


class RecordSigner(Protocol):
    """The vault's signing key in the HSM (ECDSA P-256). Raises HsmUnavailable."""

    @property
    def name(self) -> str:
        """What the key is called, such as c1."""

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""

    def sign(self, octets: bytes) -> bytes:
        """ECDSA with SHA-256 over `octets`, in DER."""


@dataclass(frozen=True, slots=True)
class SignedRecord:
    """A record, the octets that were signed, their signature in DER, and who can verify it."""

    record: CeremonyRecord
    document: bytes
    signature: bytes
    signer: SigningKey
    public_key: bytes

    @property
    def sha256(self) -> str:
        """What the signed octets hash to, in hex: stands on the paper and in the audit log."""
        return hashlib.sha256(self.document).hexdigest()

    def text(self, stem: str, key_file: str) -> str:
        """The record for paper; its files came to be called `stem`, the key's `key_file`."""
        return self.record.text(Proof(stem, key_file, self.sha256, self.signer))


def sign_record(record: CeremonyRecord, signer: RecordSigner) -> SignedRecord:
    """The record, signed in the HSM. Raises HsmUnavailable."""
    public_key = signer.public_key
    key = SigningKey(signer.name, hashlib.sha256(public_key).hexdigest())
    document = record.document(key)
    return SignedRecord(record, document, signer.sign(document), key, public_key)


Sign = Callable[[CeremonyRecord], SignedRecord]
"""`sign_record` with the vault's key."""
