"""What makers do to seeds: every cipher of a seed file, by textbook and independent of `hsm`."""

import hashlib
import os
from collections.abc import Callable
from functools import cache

from cryptography.hazmat.decrepit.ciphers.algorithms import Camellia, TripleDES
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, modes
from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.keywrap import aes_key_wrap, aes_key_wrap_with_padding

from hsm import Cipher, Mode

_ALGORITHMS: dict[str, Callable[[bytes], BlockCipherAlgorithm]] = {
    "AES": AES,
    "3DES": TripleDES,
    "CAMELLIA": Camellia,
}


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key for all tests: making it takes a while."""
    return rsa.generate_private_key(65537, bits)


def pkcs8(key: rsa.RSAPrivateKey) -> bytes:
    """A private key as `hsm` takes it."""
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_der(key: rsa.RSAPrivateKey) -> bytes:
    """A public key as `hsm` takes it."""
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def fresh_key(cipher: Cipher) -> bytes:
    """A transport key for `cipher`, as `Keystore.transport_key` takes it."""
    return pkcs8(rsa_key()) if cipher.algorithm == "RSA" else os.urandom(cipher.key_octets)


def encrypt(cipher: Cipher, key: bytes, seed: bytes) -> bytes:
    """The value that a file has for `seed`."""
    match cipher.mode:
        case Mode.CBC:
            return cbc(cipher, key, pkcs7(seed, cipher.block))
        case Mode.GCM:
            iv = os.urandom(12)
            return iv + AESGCM(key).encrypt(iv, seed, None)
        case Mode.PADDED_KEY_WRAP:
            return aes_key_wrap_with_padding(key, seed)
        case Mode.KEY_WRAP:
            return _key_wrap(cipher, key, seed)
        case Mode.RSA_1_5:
            return rsa_key().public_key().encrypt(seed, padding.PKCS1v15())
        case Mode.RSA_OAEP:
            return rsa_key().public_key().encrypt(seed, oaep(cipher))


def oaep(cipher: Cipher) -> padding.OAEP:
    """The padding of `cipher`, its mask made by the same hash."""
    chosen = hashes.SHA1() if cipher is Cipher.RSA_OAEP_SHA1 else hashes.SHA256()
    return padding.OAEP(padding.MGF1(chosen), chosen, None)


def pkcs7(seed: bytes, block: int) -> bytes:
    """Padded to whole blocks."""
    missing = block - len(seed) % block
    return seed + bytes([missing]) * missing


def cbc(cipher: Cipher, key: bytes, padded: bytes) -> bytes:
    """IV || CBC."""
    iv = os.urandom(cipher.block)
    return iv + _run(cipher, key, modes.CBC(iv), padded)


def des3_key_wrap(key: bytes, seed: bytes, iv: bytes) -> bytes:
    """RFC 3217 section 3.1."""
    cipher = Cipher.DES3_KW
    checked = seed + hashlib.sha1(seed).digest()[:8]
    inner = iv + _run(cipher, key, modes.CBC(iv), checked)
    return _run(cipher, key, modes.CBC(bytes.fromhex("4adda22c79e82105")), inner[::-1])


def _key_wrap(cipher: Cipher, key: bytes, seed: bytes) -> bytes:
    if cipher.algorithm == "AES":
        return aes_key_wrap(key, seed)
    if cipher.algorithm == "3DES":
        return des3_key_wrap(key, seed, os.urandom(8))
    return key_wrap(cipher, key, seed)


def key_wrap(cipher: Cipher, key: bytes, seed: bytes, check: bytes = b"\xa6" * 8) -> bytes:
    """RFC 3394 section 2.2.1 with any cipher (RFC 3657 section 3.2) and any check value."""
    a, registers = check, [seed[at : at + 8] for at in range(0, len(seed), 8)]
    for round_ in range(6):
        for index, register in enumerate(registers):
            block = _run(cipher, key, modes.ECB(), a + register)
            step = len(registers) * round_ + index + 1
            a = (int.from_bytes(block[:8]) ^ step).to_bytes(8)
            registers[index] = block[8:]
    return a + b"".join(registers)


def _run(cipher: Cipher, key: bytes, mode: modes.CBC | modes.ECB, octets: bytes) -> bytes:
    encryptor = LibraryCipher(_ALGORITHMS[cipher.algorithm](key), mode).encryptor()
    return encryptor.update(octets) + encryptor.finalize()
