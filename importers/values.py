"""What a cipher makes of one value: how long it can be, and what it is, unless it is a seed.

No seed is decrypted here, or anywhere else in this package: MAC keys and numbers are.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import Camellia, TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_unwrap_with_padding,
)
from cryptography.hazmat.primitives.serialization import load_der_private_key

from importers.cipher import Cipher, Mode
from importers.keywrap import unwrap_3des, unwrap_camellia

_BLOCK_CIPHERS: dict[str, Callable[[bytes], BlockCipherAlgorithm]] = {
    "AES": AES,
    "3DES": TripleDES,
    "CAMELLIA": Camellia,
}
_HASHES: dict[str, hashes.HashAlgorithm] = {"SHA1": hashes.SHA1(), "SHA256": hashes.SHA256()}  # noqa: S303 - OAEP asks no collision resistance of it
_GCM_IV, _GCM_TAG = 12, 16
_NONE = range(0)


def plain_lengths(cipher: Cipher, octets: int, modulus_octets: int = 0) -> range:
    """What lengths a value of so many octets can have without its encryption; empty for none.

    `modulus_octets` is the length of an RSA key.
    """
    match cipher.mode:
        case Mode.CBC:
            padded = octets - cipher.block_octets
            whole = padded >= cipher.block_octets and padded % cipher.block_octets == 0
            return range(padded - cipher.block_octets, padded) if whole else _NONE
        case Mode.GCM:
            return _exactly(octets - _GCM_IV - _GCM_TAG)
        case Mode.KEY_WRAP:
            # Two blocks at least for RFC 3394, one for RFC 3217, which has an IV inside as well.
            length, least = (octets - 16, 8) if cipher.algorithm == "3DES" else (octets - 8, 16)
            return _exactly(length) if length >= least and length % 8 == 0 else _NONE
        case Mode.PADDED_KEY_WRAP:
            longest = octets - 8
            return range(longest - 7, longest + 1) if longest >= 8 and longest % 8 == 0 else _NONE
        case Mode.RSA_1_5:
            return range(modulus_octets - 10) if octets == modulus_octets else _NONE
        case Mode.RSA_OAEP:
            digest = _HASHES[cipher.hash].digest_size
            return range(modulus_octets - 2 * digest - 1) if octets == modulus_octets else _NONE


def _exactly(length: int) -> range:
    return range(length, length + 1) if length >= 0 else _NONE


def whole_key(cipher: Cipher, key: bytes) -> bytes:
    """The key as ciphers take it: of a 3DES bundle of two keys, the first once more as the third.

    XML Encryption knows bundles of three only; makers deliver 16 octets.
    """
    return key + key[:8] if cipher.algorithm == "3DES" and len(key) == 16 else key


@dataclass(frozen=True, slots=True)
class Decrypted:
    """A value. `loosely`: only the last octet of its padding says that the key was right."""

    octets: bytes = field(repr=False)
    loosely: bool = False


def decrypt_value(cipher: Cipher, key: bytes, value: bytes) -> Decrypted:
    """A value that is no seed, in this process. `key` is a `whole_key`, or RSA's PKCS#8 in DER.

    Raises ValueError, whatever is wrong: another key, or a value that was changed or is none.
    """
    try:
        if cipher.mode is Mode.CBC:
            return _unpadded(_cbc(cipher, key, value), cipher.block_octets)
        return Decrypted(_decrypted(cipher, key, value))
    except (InvalidTag, InvalidUnwrap):
        raise ValueError("it does not decrypt") from None


def _decrypted(cipher: Cipher, key: bytes, value: bytes) -> bytes:
    match cipher.mode:
        case Mode.GCM:
            return AESGCM(key).decrypt(value[:_GCM_IV], value[_GCM_IV:], None)
        case Mode.PADDED_KEY_WRAP:
            return aes_key_unwrap_with_padding(key, value)
        case Mode.KEY_WRAP:
            if cipher.algorithm == "AES":
                return aes_key_unwrap(key, value)
            unwrap = unwrap_camellia if cipher.algorithm == "CAMELLIA" else unwrap_3des
            return unwrap(key, value)
        case _:
            return _rsa(cipher, key, value)


def _cbc(cipher: Cipher, key: bytes, value: bytes) -> bytes:
    block = cipher.block_octets
    if len(value) < 2 * block:
        raise ValueError("it is no IV and a block")
    decryptor = BlockCipher(_BLOCK_CIPHERS[cipher.algorithm](key), CBC(value[:block])).decryptor()
    return decryptor.update(value[block:]) + decryptor.finalize()


def _unpadded(padded: bytes, block: int) -> Decrypted:
    """XML Encryption section 5.2 fills with anything; PKCS#7, which RFC 6030 means, with itself."""
    length = padded[-1]
    if not 1 <= length <= block:
        raise ValueError("it does not decrypt")
    strict = hmac.compare_digest(padded[-length:], bytes([length]) * length)
    return Decrypted(padded[:-length], loosely=not strict)


def _rsa(cipher: Cipher, key: bytes, value: bytes) -> bytes:
    # It was validated when it was read from PEM, which takes some 100 ms.
    private = load_der_private_key(key, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(private, RSAPrivateKey)  # noqa: S101 - a `PrivateKey` is nothing else
    if cipher.mode is Mode.RSA_1_5:
        return private.decrypt(value, padding.PKCS1v15())
    hash_ = _HASHES[cipher.hash]
    return private.decrypt(value, padding.OAEP(padding.MGF1(hash_), hash_, None))
