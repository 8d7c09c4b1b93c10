"""Somebody to whom exportable seeds are handed on, still encrypted (RFC 6030 section 6)."""

import hmac
import os
from collections.abc import Callable
from ctypes import c_char
from typing import Final

from hsm import mechanisms, templates
from hsm.errors import Policy, Unsupported
from hsm.key_object import CreatedObject
from hsm.link import LentSession
from hsm.model import Cipher, Digest, Mode
from hsm.templates import Template

_MAC_KEY_OCTETS: Final = 32
_RSA_LEAST_BITS: Final = 2048


class Recipient:
    """Made by `Keystore.recipient`, of use inside its block.

    `mac_key` is the key of the value MACs (HMAC-SHA-256), encrypted as the values are: what a
    key container's MACKey holds.
    """

    __slots__ = ("_mac_key", "_object", "cipher", "mac_key")

    def __init__(self, cipher: Cipher, key: bytes) -> None:
        """`key`: AES octets, or an RSA public key as SubjectPublicKeyInfo in DER.

        Raises:
            Policy: `cipher` takes no such key.
            Unsupported: seeds are not handed on under `cipher`.
        """
        self.cipher = cipher
        self.mac_key: bytes | None = None
        self._mac_key = b""
        self._object = CreatedObject(bytearray(key), _template_for(cipher, key))

    def prepare(self, session: LentSession) -> None:
        """Choose a MAC key and encrypt it: neither CBC nor RSA shows a change by itself."""
        self._mac_key = os.urandom(_MAC_KEY_OCTETS)
        with session.desk as desk:
            desk.copy(bytearray(self._mac_key), Digest.SHA256)
            self.mac_key = self.encrypt(session, _MAC_KEY_OCTETS)

    def encrypt(self, session: LentSession, length: int) -> bytes:
        """The desk's first `length` octets: IV || AES-CBC with PKCS#7 padding, or RSA-OAEP.

        Raises:
            Unsupported: the module lacks the cipher.
        """
        key = self._object.handle(session)
        try:
            if self.cipher.mode is Mode.CBC:
                return session.desk.encrypt_cbc(key, length, os.urandom(16))
            return session.desk.encrypt(mechanisms.RSA[self.cipher], key, length)
        except Unsupported as error:
            raise Unsupported(
                f"this module does not encrypt {self.cipher} ({error}). Nothing was handed on: "
                "use RSA-OAEP with SHA-1, or a pre-shared AES key"
            ) from error

    def mac(self, value: bytes) -> bytes | None:
        """The MAC of an encrypted value, its IV included (RFC 6030 section 6.1.1)."""
        return hmac.digest(self._mac_key, value, "sha256") if self._mac_key else None

    def wipe(self) -> None:
        """Destroy the key's object, and wipe its octets."""
        self._object.end()
        self._mac_key = b""


def _template_for(cipher: Cipher, key: bytes) -> Callable[[bytearray], Template]:
    if cipher.mode is Mode.CBC and cipher.algorithm == "AES":
        if len(key) != cipher.key_octets:
            raise Policy(
                f"{cipher} key of {len(key)} octets for a recipient: {cipher.key_octets} are needed"
            )
        return _aes_template
    if cipher.mode is Mode.RSA_OAEP:
        modulus, exponent = _public_numbers(key)
        return lambda _: templates.rsa_recipient_key(modulus, exponent)
    raise Unsupported(
        f"seeds are not handed on under {cipher}: use AES-256-CBC with a pre-shared key, or "
        "RSA-OAEP-SHA1 with the recipient's certificate"
    )


def _aes_template(octets: bytearray) -> Template:
    return templates.recipient_key((c_char * len(octets)).from_buffer(octets))


def _public_numbers(der: bytes) -> tuple[bytes, bytes]:
    # cryptography takes 40 ms to import.
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_der_public_key  # noqa: PLC0415

    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Policy("the recipient's public key is no SubjectPublicKeyInfo in DER") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < _RSA_LEAST_BITS:
        raise Policy(
            f"the recipient's public key is no RSA key of {_RSA_LEAST_BITS} bit or more: ask the "
            "recipient for another certificate"
        )
    numbers = key.public_numbers()
    return _big_endian(numbers.n), _big_endian(numbers.e)


def _big_endian(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)
