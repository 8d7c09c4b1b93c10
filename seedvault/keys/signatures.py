"""Signatures of the checkpoint key verified by its public half: no HSM is asked."""

# ruff: noqa: PLC0415 - cryptography takes 40 ms to import

from functools import lru_cache
from typing import TYPE_CHECKING

from seedvault.domain.errors import InvalidInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_LEAST_RSA_BITS = 3072


def verifies(public_key: bytes, octets: bytes, signature: bytes) -> bool:
    """Whether `signature` over `octets` is the key's: ECDSA P-256 or RSA PKCS#1 v1.5, SHA-256.

    `public_key` is SubjectPublicKeyInfo in DER; no other kind of key ever signed.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        key = _loaded(public_key)
        if isinstance(key, EllipticCurvePublicKey):
            key.verify(signature, octets, ECDSA(SHA256()))
        else:
            key.verify(signature, octets, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def public_key_of(pem: bytes, named: str) -> bytes:
    """SubjectPublicKeyInfo (DER) out of PEM. Raises InvalidInput for what `named` never holds."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        PublicFormat,
        load_pem_public_key,
    )

    try:
        key = load_pem_public_key(pem)
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        _loaded(der)
    except ValueError as error:
        raise InvalidInput(
            f"{named} is no public key in PEM that signs checkpoints",
            remedy="Write one where the vault is: seedvault audit public-key",
        ) from error
    return der


@lru_cache(maxsize=16)
def _loaded(der: bytes) -> "EllipticCurvePublicKey | RSAPublicKey":
    """Raises ValueError for a key that is neither on P-256 nor RSA of 3,072 bits or more."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(der)
    except UnsupportedAlgorithm as error:
        raise ValueError("no key of ours") from error
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    if isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
        return key
    raise ValueError("no key of ours")
