"""What opens a protected seed file: the key or the passphrase that came apart from it."""

import unicodedata
from collections.abc import Callable, Iterator
from enum import Enum
from typing import ClassVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from importers.cipher import Cipher
from importers.errors import Place, WrongKey
from importers.secret import Secret

_KEY_OCTETS = (16, 24, 32)


class KeyForm(Enum):
    """How a key file spelt its key."""

    HEX = "hexadecimal digits"
    RAW = "raw octets"


class PreSharedKey(Secret):
    """A transport key agreed beforehand, and how its file spelt it."""

    __slots__ = ("form",)
    kind: ClassVar[str] = "a key"

    def __init__(self, octets: bytes | bytearray, form: KeyForm = KeyForm.RAW) -> None:
        super().__init__(octets)
        self.form = form


class Passphrase(Secret):
    """A text from which the file says how to derive its key."""

    __slots__ = ()
    kind: ClassVar[str] = "a passphrase"

    def __init__(self, text: str) -> None:
        super().__init__(text.encode())

    def spellings(self) -> Iterator["Passphrase"]:
        """Itself, then its NFC form where that differs: keyboards and mailers compose accents."""
        yield self
        with self.expose() as octets:
            text = str(octets, "utf-8")
        composed = unicodedata.normalize("NFC", text)
        if composed != text:
            yield Passphrase(composed)


class PrivateKey(Secret):
    """An RSA key that a file was encrypted for, as PKCS#8 in DER.

    `public` is its public half (SubjectPublicKeyInfo in DER), `modulus_octets` its length.
    """

    __slots__ = ("modulus_octets", "public")
    kind: ClassVar[str] = "a private key"

    def __init__(self, key: RSAPrivateKey) -> None:
        super().__init__(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
        self.public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.modulus_octets = (key.key_size + 7) // 8


class HeldKey(Secret):
    """A key that somebody else holds, such as an HSM: here are its label, and one question.

    `decrypt` gives the key of a file's value MACs, which is the one value that must be read here,
    or raises ValueError. Seeds are decrypted by whoever holds the key.
    """

    __slots__ = ("decrypt", "label")
    kind: ClassVar[str] = "a key that lives elsewhere"

    def __init__(self, label: str, decrypt: Callable[[Cipher, bytes], bytes]) -> None:
        super().__init__(b"")
        self.label = label
        self.decrypt = decrypt


Unlock = PreSharedKey | Passphrase | PrivateKey | HeldKey


def read_key_file(octets: bytes, name: str = "key file") -> PreSharedKey:
    """The key in a key file: 32, 48 or 64 hexadecimal digits with white space anywhere, or
    16, 24 or 32 raw octets. `.form` says which it was.

    Raises WrongKey for anything else, and for readable text that is not hexadecimal: it may be
    base64 or a passphrase, and either guess would be a different key.
    """
    packed = b"".join(octets.split())
    if len(packed) in {2 * size for size in _KEY_OCTETS} and _is_hex(packed):
        return PreSharedKey(bytes.fromhex(packed.decode("ascii")), KeyForm.HEX)
    if octets.isascii() and octets.decode("ascii").strip().isprintable():
        raise WrongKey(
            f"{len(packed)} characters of text are no key of 32, 48 or 64 hexadecimal digits",
            Place(name),
            "Write the key in hexadecimal; give a passphrase by --passphrase-file.",
        )
    if len(octets) not in _KEY_OCTETS:
        raise WrongKey(
            f"{len(octets)} raw octets are no AES, 3DES or Camellia key of 16, 24 or 32 octets",
            Place(name),
        )
    return PreSharedKey(octets)


def read_private_key(
    pem: bytes, passphrase: Passphrase | None = None, name: str = "private key"
) -> PrivateKey:
    """The RSA key in a PEM file, which may itself be under a passphrase.

    Raises WrongKey for what is none, and where the passphrase is missing, wrong or for nothing.
    """
    place = Place(name)
    try:
        key = load_pem_private_key(pem, _octets(passphrase))
    except TypeError:  # so cryptography says that one of key and passphrase does without the other
        if passphrase is None:
            reason, remedy = "the private key is under a passphrase of its own", "Give it as well."
        else:
            reason, remedy = "the private key is under no passphrase, and one was given", "Omit it."
        raise WrongKey(reason, place, remedy) from None
    except (ValueError, UnsupportedAlgorithm):
        wrong = "" if passphrase is None else "its passphrase is wrong, or "
        raise WrongKey(
            f"the private key cannot be read: {wrong}it is no private key in PEM",
            place,
            "Give the key as PEM, starting with -----BEGIN PRIVATE KEY----- or the like.",
        ) from None
    if not isinstance(key, RSAPrivateKey):
        raise WrongKey("the private key is not an RSA key, which is what seed files use", place)
    return PrivateKey(key)


def _octets(passphrase: Passphrase | None) -> bytes | None:
    if passphrase is None:
        return None
    with passphrase.expose() as octets:
        return bytes(octets)


def _is_hex(text: bytes) -> bool:
    return all(character in b"0123456789abcdefABCDEF" for character in text)
