"""What opens a protected seed file: the key or the passphrase that came apart from it."""

import unicodedata
from collections.abc import Iterator
from enum import Enum

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

    def __init__(self, octets: bytes | bytearray, form: KeyForm = KeyForm.RAW) -> None:
        super().__init__(octets)
        self.form = form


class Passphrase(Secret):
    """A text from which the file says how to derive its key."""

    __slots__ = ()

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


# A key that someone else holds (an HSM) will join here: a protocol that decrypts the MAC key.
Unlock = PreSharedKey | Passphrase


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
            "Write the key in hexadecimal; a passphrase is given as a passphrase.",
        )
    if len(octets) not in _KEY_OCTETS:
        raise WrongKey(
            f"{len(octets)} raw octets are no AES key of 16, 24 or 32 octets", Place(name)
        )
    return PreSharedKey(octets)


def _is_hex(text: bytes) -> bool:
    return all(character in b"0123456789abcdefABCDEF" for character in text)
