"""One session with its buffers made once: what the hot path needs, and nothing a call repeats."""

import hmac
import os
from collections.abc import Callable, Sequence
from ctypes import addressof, byref, c_char, c_ulong, create_string_buffer, memmove, sizeof
from functools import cached_property
from typing import Any, Self, TypeVar

from hsm import mechanisms, templates
from hsm.cryptoki import Cryptoki, Mechanism
from hsm.errors import HsmError, KeyNotFound
from hsm.model import Digest
from hsm.narrow import NarrowDesk
from hsm.templates import Template
from hsm.translate import Mismatch, failure
from hsm.vault_key import VaultKey
from hsm.wrapping import CBC_PAD, IV_OCTETS, KEY_WRAP, Wrapping

T = TypeVar("T")

_MAC_OCTETS = 512  # a signature by an RSA key of 4096 bit
_BLOB_OCTETS = 160

_SAID_OF_WRONG_MACS = ("CKR_ARGUMENTS_BAD", "CKR_DEVICE_ERROR")
"""NSS 3.87 answers a wrong MAC with whatever its thread failed at last."""

_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before a SHA-256 digest in a DigestInfo (RFC 8017 section 9.2, note 1)."""


class Session:
    """A PKCS#11 session, used by one thread at a time."""

    def __init__(self, cryptoki: Cryptoki, handle: int) -> None:
        self.cryptoki = cryptoki
        self.handle = handle
        self.found: dict[object, Any] = {}
        self._mac = create_string_buffer(_MAC_OCTETS)
        self._mac_ref = byref(self._mac)
        self._mac_length = c_ulong()
        self._mac_length_ref = byref(self._mac_length)
        self._object = c_ulong()
        self._object_ref = byref(self._object)
        self._blob = create_string_buffer(_BLOB_OCTETS)
        self._iv = create_string_buffer(IV_OCTETS)
        self._cbc_pad = byref(Mechanism(CBC_PAD.number, addressof(self._iv), IV_OCTETS))

    @cached_property
    def desk(self) -> NarrowDesk:
        """Where this session handles plain seeds: a locked page, made when first needed."""
        return NarrowDesk(self.cryptoki, self.handle)

    def once(self, find: Callable[[Self], T]) -> T:
        """What `find` finds out about the module, asked once in a login."""
        try:
            found: T = self.found[find]
        except KeyError:
            found = self.found[find] = find(self)
        return found

    def find(self, key: VaultKey) -> int:
        """The handle of `key`.

        Raises:
            KeyNotFound: there is not exactly one.
        """
        found = self.find_all(key)
        if len(found) != 1:
            raise KeyNotFound(
                f"{len(found)} keys {key.identifier.decode()!r} on the PKCS#11 token, 1 is needed: "
                + ("remove the stranger" if found else "run the initialise ceremony, or restore")
            )
        return found[0]

    def find_all(self, key: VaultKey) -> list[int]:
        """The handles of all objects that pass for `key`; two are enough to know it is not one."""
        return self.search(key.locator)

    def search(self, template: Template) -> list[int]:
        """The handles of all objects that have the attributes of `template`, two at most."""
        handles, count = (c_ulong * 2)(), c_ulong()
        self.cryptoki.find_objects_init(self.handle, template.array, template.count)
        try:
            self.cryptoki.find_objects(self.handle, handles, 2, byref(count))
        finally:
            self.cryptoki.find_objects_final(self.handle)
        return handles[: count.value]

    def create(self, template: Template) -> int:
        """The handle of a new object."""
        self.cryptoki.create_object(self.handle, template.array, template.count, self._object_ref)
        return self._object.value

    def copy(self, handle: int, template: Template) -> int:
        """The handle of a new object like another, but for the attributes of `template`."""
        self.cryptoki.copy_object(
            self.handle, handle, template.array, template.count, self._object_ref
        )
        return self._object.value

    def generate(self, template: Template, mechanism: object = mechanisms.AES_KEY_GEN) -> int:
        """The handle of a new secret key, made by the module; AES if nothing else is said."""
        self.cryptoki.generate_key(
            self.handle, mechanism, template.array, template.count, self._object_ref
        )
        return self._object.value

    def generate_pair(
        self, mechanism: object, public: Template, private: Template
    ) -> tuple[int, int]:
        """The handles of a new pair's public and private key."""
        first, second = c_ulong(), c_ulong()
        self.cryptoki.generate_key_pair(
            self.handle,
            mechanism,
            public.array,
            public.count,
            private.array,
            private.count,
            byref(first),
            byref(second),
        )
        return first.value, second.value

    def destroy(self, handle: int) -> None:
        """End an object of this session."""
        self.cryptoki.destroy_object(self.handle, handle)

    def unwrap(
        self,
        kek: int,
        blob: bytes,
        template: Template = templates.OPENED_SEED,
        wrapping: Wrapping = KEY_WRAP,
    ) -> int:
        """The handle of the key in `blob`, sensitive and not extractable unless `template` asks."""
        mechanism = wrapping.mechanism
        if mechanism is None:
            memmove(self._iv, blob, IV_OCTETS)
            mechanism, blob = self._cbc_pad, blob[IV_OCTETS:]
        return self.unwrap_by(mechanism, kek, blob, template)

    def unwrap_by(self, mechanism: object, key: int, octets: bytes, template: Template) -> int:
        """The same by any mechanism."""
        self.cryptoki.unwrap_key(
            self.handle,
            mechanism,
            key,
            octets,
            len(octets),
            template.array,
            template.count,
            self._object_ref,
        )
        return self._object.value

    def wrap(
        self, kek: int, key: int, wrapping: Wrapping = KEY_WRAP, iv: bytes | None = None
    ) -> bytes:
        """`key` under `kek`. A blob of AES-CBC-PAD begins with its IV, fresh unless given."""
        mechanism, begun = wrapping.mechanism, b""
        if mechanism is None:
            begun = iv or os.urandom(IV_OCTETS)
            memmove(self._iv, begun, IV_OCTETS)
            mechanism = self._cbc_pad
        length = c_ulong(_BLOB_OCTETS)
        self.cryptoki.wrap_key(self.handle, mechanism, kek, key, self._blob, byref(length))
        return begun + self._blob.raw[: length.value]

    def derive(self, mechanism: object, key: int, template: Template) -> int:
        """The handle of a key made of another."""
        self.cryptoki.derive_key(
            self.handle, mechanism, key, template.array, template.count, self._object_ref
        )
        return self._object.value

    def hmac(self, key: int, digest: Digest, message: bytes) -> bytes:
        """HMAC of `message`, as long as the digest."""
        return self._signed(mechanisms.HMAC[digest], key, message)

    def hmacs(self, key: int, digest: Digest, messages: Sequence[bytes]) -> list[bytes]:
        """The same of each message: all that one call can share with the next is made once."""
        if not messages:
            return []
        macs = [self.hmac(key, digest, messages[0])]
        # That call has left a MAC's length where every further one finds it, and leaves it.
        place = memoryview(self._mac).cast("B")[: self._mac_length.value]
        sign_init, sign = self.cryptoki.bare_sign_init, self.cryptoki.bare_sign
        session, opened = c_ulong(self.handle), c_ulong(key)
        mechanism, output, length = mechanisms.HMAC[digest], self._mac_ref, self._mac_length_ref
        for message in messages[1:]:
            if returned := sign_init(session, mechanism, opened):
                raise failure(returned, "C_SignInit")
            if returned := sign(session, message, len(message), output, length):
                raise failure(returned, "C_Sign")
            macs.append(bytes(place))
        return macs

    def hmac_verify(self, key: int, message: bytes, mac: bytes) -> None:
        """Compare in the module (HMAC-SHA-256).

        Raises:
            Mismatch: `mac` is another message's.
        """
        self.cryptoki.verify_init(self.handle, mechanisms.HMAC[Digest.SHA256], key)
        try:
            self.cryptoki.verify(self.handle, message, len(message), mac, len(mac))
        except HsmError as error:
            if error.code not in _SAID_OF_WRONG_MACS or self._belongs(key, message, mac):
                raise
            raise Mismatch("the MAC does not belong to this message") from error

    def _belongs(self, key: int, message: bytes, mac: bytes) -> bool:
        """A second opinion on a MAC, computed in the module and compared here."""
        return hmac.compare_digest(self.hmac(key, Digest.SHA256, message), mac)

    def rsa(self, key: int, digest: bytes) -> bytes:
        """RSA PKCS#1 v1.5 (RFC 8017 section 8.2) over a SHA-256 digest computed outside."""
        return self._signed(mechanisms.RSA_SIGNATURE, key, _SHA256_INFO + digest)

    def ecdsa(self, key: int, digest: bytes) -> bytes:
        """r || s over a digest computed outside."""
        return self._signed(mechanisms.ECDSA, key, digest)

    def attribute(self, handle: int, kind: templates.Cka, most: int = 512) -> bytes:
        """An attribute's octets, at most 512 of them, or as many as is said."""
        value = (c_char * most)()
        template = Template((kind, value))
        self.cryptoki.get_attribute_value(self.handle, handle, template.array, 1)
        return value.raw[: template.array[0].length]

    def number(self, handle: int, kind: templates.Cka) -> int:
        """An attribute that is a CK_ULONG.

        Into a place of just that size: NSS says CKR_BUFFER_TOO_SMALL of a larger one.
        """
        value = create_string_buffer(sizeof(c_ulong))
        template = Template((kind, value))
        self.cryptoki.get_attribute_value(self.handle, handle, template.array, 1)
        return c_ulong.from_buffer(value).value

    def change(self, handle: int, template: Template) -> None:
        """Give an object other attributes."""
        self.cryptoki.set_attribute_value(self.handle, handle, template.array, template.count)

    def _signed(self, mechanism: object, key: int, message: bytes) -> bytes:
        self.cryptoki.sign_init(self.handle, mechanism, key)
        self._mac_length.value = _MAC_OCTETS
        self.cryptoki.sign(self.handle, message, len(message), self._mac, self._mac_length_ref)
        mac: bytes = self._mac[: self._mac_length.value]  # type: ignore[assignment]  # of c_char
        return mac
