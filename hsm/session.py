"""One session with its buffers made once: what the hot path needs, and nothing a call repeats."""

from ctypes import byref, c_char, c_ulong, create_string_buffer
from functools import cached_property

from hsm import mechanisms, templates
from hsm.cryptoki import Cryptoki
from hsm.errors import KeyNotFound
from hsm.model import Digest
from hsm.narrow import NarrowDesk
from hsm.templates import Template
from hsm.vault_key import VaultKey

_MAC_OCTETS = 64
_BLOB_OCTETS = 136


class Session:
    """A PKCS#11 session, used by one thread at a time."""

    def __init__(self, cryptoki: Cryptoki, handle: int) -> None:
        self.cryptoki = cryptoki
        self.handle = handle
        self._mac = create_string_buffer(_MAC_OCTETS)
        self._mac_length = c_ulong()
        self._mac_length_ref = byref(self._mac_length)
        self._object = c_ulong()
        self._object_ref = byref(self._object)
        self._blob = create_string_buffer(_BLOB_OCTETS)

    @cached_property
    def desk(self) -> NarrowDesk:
        """Where this session handles plain seeds: a locked page, made when first needed."""
        return NarrowDesk(self.cryptoki, self.handle)

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

    def destroy(self, handle: int) -> None:
        """End an object of this session."""
        self.cryptoki.destroy_object(self.handle, handle)

    def unwrap(self, kek: int, blob: bytes, template: Template = templates.OPENED_SEED) -> int:
        """The handle of the key in `blob`, sensitive and not extractable."""
        self.cryptoki.unwrap_key(
            self.handle,
            mechanisms.AES_KEY_WRAP,
            kek,
            blob,
            len(blob),
            template.array,
            template.count,
            self._object_ref,
        )
        return self._object.value

    def wrap(self, kek: int, key: int) -> bytes:
        """`key` under `kek`, by AES key wrap."""
        length = c_ulong(_BLOB_OCTETS)
        self.cryptoki.wrap_key(
            self.handle, mechanisms.AES_KEY_WRAP, kek, key, self._blob, byref(length)
        )
        return self._blob.raw[: length.value]

    def hmac(self, key: int, digest: Digest, message: bytes) -> bytes:
        """HMAC of `message`, as long as the digest."""
        return self._signed(mechanisms.HMAC[digest], key, message)

    def hmac_verify(self, key: int, message: bytes, mac: bytes) -> None:
        """Compare in the module (HMAC-SHA-256).

        Raises:
            Mismatch: `mac` is another message's.
        """
        self.cryptoki.verify_init(self.handle, mechanisms.HMAC[Digest.SHA256], key)
        self.cryptoki.verify(self.handle, message, len(message), mac, len(mac))

    def ecdsa(self, key: int, digest: bytes) -> bytes:
        """r || s over a digest computed outside."""
        return self._signed(mechanisms.ECDSA, key, digest)

    def attribute(self, handle: int, kind: templates.Cka, most: int = 256) -> bytes:
        """An attribute's octets, at most 256 of them, or as many as is said."""
        value = (c_char * most)()
        template = Template((kind, value))
        self.cryptoki.get_attribute_value(self.handle, handle, template.array, 1)
        return value.raw[: template.array[0].length]

    def _signed(self, mechanism: object, key: int, message: bytes) -> bytes:
        self.cryptoki.sign_init(self.handle, mechanism, key)
        self._mac_length.value = _MAC_OCTETS
        self.cryptoki.sign(self.handle, message, len(message), self._mac, self._mac_length_ref)
        return self._mac.raw[: self._mac_length.value]
