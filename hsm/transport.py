"""A manufacturer's transport key: where it is, and how it puts a value on the desk."""

from abc import ABC, abstractmethod
from ctypes import c_char

from hsm import blobs, canary, inside, mechanisms, templates
from hsm.errors import Integrity, Policy, Unsupported
from hsm.inside import InsideWay
from hsm.key_object import CreatedObject, FoundObject, KeyObject, ended, wiped
from hsm.link import LentSession
from hsm.model import Cipher, Mode
from hsm.narrow import check_length, not_decryptable
from hsm.pkcs8 import rsa_numbers
from hsm.templates import Ckk, Template
from hsm.translate import Forbidden

_KINDS = {"AES": Ckk.AES, "3DES": Ckk.DES3, "RSA": Ckk.RSA}


class TransportKey(ABC):
    """Decrypts one file's values; made by `Keystore.transport_key`, of use inside its block."""

    __slots__ = ("cipher",)

    def __init__(self, cipher: Cipher) -> None:
        self.cipher = cipher

    def decrypt(self, session: LentSession, value: bytes, *, authenticated: bool) -> int:
        """Octets of the value, put on `session`'s desk without padding.

        Raises:
            Integrity: it does not decrypt; every kind of damage reads alike.
            Policy: it is longer than any seed.
            Unsupported: the module lacks the cipher.
            Unavailable: the module does not answer, or the block has ended.
        """
        cipher = self.cipher
        check_length(cipher, len(value))
        length = self._put(session, value)
        if cipher.mode is Mode.CBC:
            return session.desk.unpad(length, cipher.block, authenticated=authenticated)
        return length

    def unwrap(
        self, _session: LentSession, _way: InsideWay, _value: bytes
    ) -> tuple[int, int] | None:
        """The seed as an object of the module, and its octets; None where it cannot be one.

        Only for a value that was authenticated: the module sees to its padding.
        """
        return None

    @abstractmethod
    def wipe(self) -> None:
        """End the key, so far as it is ours to end."""

    @abstractmethod
    def _put(self, session: LentSession, value: bytes) -> int:
        """The same, padding included."""


class ModuleKey(TransportKey):
    """A key that is an object of the module."""

    __slots__ = ("_object",)

    def __init__(self, cipher: Cipher, found: KeyObject) -> None:
        super().__init__(cipher)
        self._object = found

    def wipe(self) -> None:
        """Destroy the object if it was made for this file."""
        self._object.end()

    def unwrap(self, session: LentSession, way: InsideWay, value: bytes) -> tuple[int, int] | None:
        """None as well where the padding is XML Encryption's, which PKCS#7's modules refuse."""
        cipher = self.cipher
        if cipher not in way.ciphers:
            return None
        check_length(cipher, len(value))
        key = self._object.handle(session)
        try:
            return inside.take(session, way, key, cipher, value)
        except blobs.LACKING:
            return None

    def _put(self, session: LentSession, value: bytes) -> int:
        try:
            key = self._object.handle(session)
            return canary.confirmed(session, lambda: self._decrypt(session, key, value))
        except Integrity as error:
            raise not_decryptable() from error
        except (Forbidden, Unsupported) as error:
            raise Unsupported(
                f"this module does not decrypt {self.cipher} ({error}). Nothing was imported: ask "
                "the manufacturer for a file under another cipher, or use a module that has this "
                "one"
            ) from error

    def _decrypt(self, session: LentSession, key: int, value: bytes) -> int:
        desk, cipher = session.desk, self.cipher
        if cipher.mode is Mode.CBC:
            return desk.decrypt_cbc(key, cipher, value)
        if cipher.mode is Mode.GCM:
            return desk.decrypt_gcm(key, value)
        return desk.decrypt(mechanisms.RSA[cipher], key, value)


class SoftwareKey(TransportKey):
    """A key for a cipher that the module lacks: its octets, in one buffer that is wiped."""

    __slots__ = ("_octets",)

    def __init__(self, cipher: Cipher, octets: bytearray) -> None:
        super().__init__(cipher)
        self._octets = octets

    def wipe(self) -> None:
        """Wipe the octets."""
        self._octets = wiped(self._octets)

    def _put(self, session: LentSession, value: bytes) -> int:
        from hsm import software  # noqa: PLC0415 - cryptography takes 40 ms to import

        if not self._octets:
            raise ended()
        return software.decrypt(session.desk.page, self.cipher, self._octets, value)


def from_octets(cipher: Cipher, key: bytes, *, by_software: bool) -> TransportKey:
    """A transport key that is given; an RSA key as PKCS#8 in DER.

    Raises:
        Policy: the cipher takes no such key.
    """
    octets = _checked(cipher, key)
    if by_software:
        return SoftwareKey(cipher, octets)
    if cipher.algorithm == "RSA":
        rsa_numbers(octets)  # refused now, not at the first seed
        return ModuleKey(cipher, CreatedObject(octets, _rsa_template))
    kind = _KINDS[cipher.algorithm]

    def template(octets: bytearray) -> Template:
        return templates.transport_key(kind, (c_char * len(octets)).from_buffer(octets))

    return ModuleKey(cipher, CreatedObject(octets, template))


def from_label(cipher: Cipher, label: str) -> TransportKey:
    """A transport key that lives on the PKCS#11 token.

    Raises:
        Unsupported: such a key cannot do what `cipher` needs; a module's has no octets to take.
    """
    if cipher.mode in {Mode.KEY_WRAP, Mode.PADDED_KEY_WRAP} or cipher.algorithm not in _KINDS:
        raise Unsupported(
            f"{cipher} is undone by software, which needs the transport key's octets: give the "
            "key in a file, or ask the manufacturer for another cipher. Nothing was imported"
        )
    return ModuleKey(cipher, FoundObject(label, _KINDS[cipher.algorithm]))


def _rsa_template(octets: bytearray) -> Template:
    return templates.rsa_transport_key(rsa_numbers(octets))


def _checked(cipher: Cipher, key: bytes) -> bytearray:
    octets, needed = bytearray(key), str(cipher.key_octets)
    if cipher.algorithm == "3DES":
        needed = "16 or 24"
        if len(octets) == 16:
            octets += octets[:8]
        _set_odd_parity(octets)
    if cipher.key_octets and len(octets) != cipher.key_octets:
        raise Policy(f"{cipher} transport key of {len(key)} octets: {needed} are needed")
    return octets


def _set_odd_parity(octets: bytearray) -> None:
    """DES ignores each octet's last bit; some modules refuse a key where it is not the parity."""
    for index, octet in enumerate(octets):
        octets[index] = octet & 0xFE | (1 - (octet >> 1).bit_count() % 2)
