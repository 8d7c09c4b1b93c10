"""A JWK under a passphrase, as a maker's tool writes it (RFC 7516 to 7518), by `cryptography`."""

import base64
import hmac
import json
import os
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

PASSPHRASE = b"Thus from my lips, by yours, my sin is purged."
_KEY_WRAPS: dict[str, tuple[hashes.HashAlgorithm, int]] = {
    "PBES2-HS256+A128KW": (hashes.SHA256(), 16),
    "PBES2-HS384+A192KW": (hashes.SHA384(), 24),
    "PBES2-HS512+A256KW": (hashes.SHA512(), 32),
}


@dataclass(frozen=True)
class Jwe:
    """What is to be written, and how."""

    content: bytes
    algorithm: str = "PBES2-HS256+A128KW"
    encryption: str = "A256GCM"
    iterations: int = 1_000
    extra: tuple[tuple[str, Any], ...] = ()


def jwk(key: bytes, **members: str) -> bytes:
    return json.dumps({"kty": "oct", "k": base64url(key), **members}).encode()


def written(order: Jwe) -> bytes:
    """Compact form."""
    salt = os.urandom(16)
    fields = {
        "alg": order.algorithm,
        "enc": order.encryption,
        "p2s": base64url(salt),
        "p2c": order.iterations,
        **dict(order.extra),
    }
    header = base64url(json.dumps(fields).encode()).encode()
    hash_, octets = _KEY_WRAPS[order.algorithm]
    kdf = PBKDF2HMAC(hash_, octets, order.algorithm.encode() + b"\0" + salt, order.iterations)
    is_gcm = order.encryption.endswith("GCM")
    key = os.urandom(int(order.encryption[1:4]) // 8 * (1 if is_gcm else 2))
    wrapped = aes_key_wrap(kdf.derive(PASSPHRASE), key)
    encrypt = _gcm if is_gcm else _cbc
    parts = [wrapped, *encrypt(order, key, header)]
    return b".".join([header, *(base64url(part).encode() for part in parts)])


def _gcm(order: Jwe, key: bytes, header: bytes) -> tuple[bytes, bytes, bytes]:
    iv = os.urandom(12)
    sealed = AESGCM(key).encrypt(iv, order.content, header)
    return iv, sealed[:-16], sealed[-16:]


def _cbc(order: Jwe, key: bytes, header: bytes) -> tuple[bytes, bytes, bytes]:
    iv, half = os.urandom(16), len(key) // 2
    missing = 16 - len(order.content) % 16
    encryptor = Cipher(AES(key[half:]), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(order.content + bytes([missing]) * missing)
    text = header + iv + ciphertext + (8 * len(header)).to_bytes(8)
    mac = hmac.digest(key[:half], text, f"sha{order.encryption[-3:]}")
    return iv, ciphertext, mac[:half]


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
