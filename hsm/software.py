"""Ciphers that a module lacks, by `cryptography`: from the file's octets into the locked page.

`cryptography` decrypts into memory that it is given, so no Python object holds a seed here
either. The transport key does lie in this process, in one buffer that is wiped, and within
OpenSSL, which wipes its own.
"""

from collections.abc import Callable
from typing import Any, Final

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import Camellia, TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, CipherContext, modes
from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from hsm import key_unwrap
from hsm.errors import Unsupported
from hsm.model import Cipher, Mode
from hsm.narrow import TAG_OCTETS, not_decryptable
from hsm.page import LockedPage

Key = bytearray | memoryview
"""A key's octets, where their owner can wipe them."""

# Typed for `bytes`, though any buffer will do: a key in `bytes` could not be wiped.
_ALGORITHMS: Final[dict[str, Callable[..., BlockCipherAlgorithm]]] = {
    "AES": AES,
    "3DES": TripleDES,
    "CAMELLIA": Camellia,
}


def decrypt(page: LockedPage, cipher: Cipher, key: Key, value: bytes) -> int:
    """Octets put on the page, CBC's padding included. `check_length` has passed `value`.

    Raises:
        Integrity: a tag or a check value is wrong.
        Unsupported: this machine's OpenSSL lacks the cipher.
    """
    match cipher.mode:
        case Mode.CBC:
            block = cipher.block
            return _into_page(
                page, _decryptor(cipher, key, modes.CBC(value[:block])), value[block:]
            )
        case Mode.GCM:
            mode = modes.GCM(value[:12], value[-TAG_OCTETS:])
            return _into_page(page, _decryptor(cipher, key, mode), value[12:-TAG_OCTETS])
        case Mode.PADDED_KEY_WRAP:
            return key_unwrap.unwrap_padded(page, _ecb(cipher, key), value)
        case Mode.KEY_WRAP if cipher.algorithm == "3DES":
            return _unwrap_des3(page, cipher, key, value)
        case Mode.KEY_WRAP:
            return key_unwrap.unwrap(page, _ecb(cipher, key), value)
    raise Unsupported(f"{cipher} is decrypted by a module only")


def _into_page(page: LockedPage, decryptor: CipherContext, octets: bytes) -> int:
    length = decryptor.update_into(octets, page.view[: len(octets) + 15])
    try:
        decryptor.finalize()
    except InvalidTag as error:
        raise not_decryptable() from error
    return length


def _unwrap_des3(page: LockedPage, cipher: Cipher, key: Key, value: bytes) -> int:
    def cbc(iv: bytes, octets: bytes | memoryview, into: memoryview) -> None:
        _decryptor(cipher, key, modes.CBC(iv)).update_into(octets, into)

    return key_unwrap.unwrap_des3(page, cbc, value)


def _ecb(cipher: Cipher, key: Key) -> CipherContext:
    return _decryptor(cipher, key, modes.ECB())  # noqa: S305 - a key wrap is made of single blocks


def _decryptor(cipher: Cipher, key: Key, mode: modes.Mode) -> CipherContext:
    try:
        made: Any = LibraryCipher(_ALGORITHMS[cipher.algorithm](key), mode)
        decryptor: CipherContext = made.decryptor()
    except UnsupportedAlgorithm as error:
        raise Unsupported(
            f"neither the module nor this machine's OpenSSL decrypts {cipher}: ask the "
            "manufacturer for a file under AES. Nothing was imported"
        ) from error
    return decryptor
