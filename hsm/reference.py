"""What the standards say, computed by `cryptography`: the other side of every known answer."""

import os
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.padding import AsymmetricPadding
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, modes
from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.keywrap import aes_key_wrap, aes_key_wrap_with_padding

from hsm.blobs import KnownAnswer
from hsm.inside import KnownValue
from hsm.model import BlobFormat, Cipher, Mode

SEED_OCTETS: Final = 20

_OAEP: Final = {
    Cipher.RSA_OAEP_SHA1: hashes.SHA1(),  # noqa: S303 - what manufacturers use
    Cipher.RSA_OAEP_SHA256: hashes.SHA256(),
}


def pkcs7(octets: bytes, block: int) -> bytes:
    """PKCS#7 padding (RFC 5652 section 6.3)."""
    missing = block - len(octets) % block
    return octets + bytes([missing]) * missing


def answer(format_: BlobFormat) -> KnownAnswer:
    """A fresh secret and its blob under a fresh KEK."""
    kek, secret, iv = os.urandom(32), os.urandom(SEED_OCTETS), os.urandom(16)
    if format_ is BlobFormat.AES_KW:
        secret = secret.ljust(64, b"\0")
        return KnownAnswer(kek, secret, aes_key_wrap(kek, secret))
    if format_ is BlobFormat.AES_KWP:
        return KnownAnswer(kek, secret, aes_key_wrap_with_padding(kek, secret))
    return KnownAnswer(kek, secret, cbc(AES(kek), iv, secret))


def dialects(kek: bytes, secret: bytes) -> dict[bytes, str]:
    """What padded key wraps make of a secret whose length 8 does not divide, by their blobs."""
    whole = secret.ljust(len(secret) + -len(secret) % 8, b"\0")
    return {
        aes_key_wrap_with_padding(kek, secret): "RFC 5649",
        aes_key_wrap_with_padding(kek, whole): "RFC 5649 of a key that is lengthened by zeros",
        aes_key_wrap(kek, whole): "RFC 3394 of a key that is lengthened by zeros",
        aes_key_wrap(kek, pkcs7(secret, 8)): "RFC 3394 of a key that is padded by PKCS#7",
    }


def value(cipher: Cipher) -> KnownValue:
    """A fresh seed as a manufacturer encrypts it: AES or 3DES, CBC or GCM."""
    key, seed = os.urandom(cipher.key_octets), os.urandom(SEED_OCTETS)
    if cipher.mode is Mode.GCM:
        iv = os.urandom(12)
        encryptor = LibraryCipher(AES(key), modes.GCM(iv)).encryptor()
        whole = iv + encryptor.update(seed) + encryptor.finalize() + encryptor.tag
        return KnownValue(cipher, key, seed, whole)
    algorithm = AES(key) if cipher.algorithm == "AES" else TripleDES(key)
    return KnownValue(cipher, key, seed, cbc(algorithm, os.urandom(cipher.block), seed))


def garbage(known: KnownValue) -> bytes:
    """The same value with a last octet that is no padding."""
    seed = (known.seed + os.urandom(16))[:31] + b"\x77"
    encryptor = LibraryCipher(AES(known.key), modes.CBC(known.value[:16])).encryptor()
    return known.value[:16] + encryptor.update(seed) + encryptor.finalize()


def rsa_value(key: rsa.RSAPublicKey, cipher: Cipher, seed: bytes) -> bytes:
    """A seed encrypted for an RSA key."""
    digest = _OAEP.get(cipher)
    scheme: AsymmetricPadding = (
        padding.OAEP(padding.MGF1(digest), digest, None) if digest else padding.PKCS1v15()
    )
    return key.encrypt(seed, scheme)


def cbc(algorithm: BlockCipherAlgorithm, iv: bytes, octets: bytes) -> bytes:
    """IV || CBC with PKCS#7 padding."""
    encryptor = LibraryCipher(algorithm, modes.CBC(iv)).encryptor()
    return iv + encryptor.update(pkcs7(octets, len(iv))) + encryptor.finalize()
