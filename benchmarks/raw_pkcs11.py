"""The bare PKCS#11 calls of one verification and one import, with nothing around them.

Three ways: the library's functions as ctypes calls them, unchecked; the same through our binding,
which checks each return value; and python-pkcs11. All three make the same calls in the same order
on arguments made beforehand, and give the octets that the caller would need as `bytes`.
"""

from ctypes import addressof, byref, c_char, c_ulong, c_void_p, cast, create_string_buffer, memmove
from typing import Any

import pkcs11

from hsm import Location, mechanisms, templates
from hsm.cryptoki import Cryptoki, Mechanism
from hsm.link import open_session
from hsm.mechanisms import Ckm
from hsm.model import Digest
from hsm.module import Module
from hsm.session import Session
from hsm.templates import Ckk
from hsm.vault_key import FIRST
from hsm.wrapping import KEY_WRAP
from tests.support.python_pkcs11 import uninitialised

Messages = list[bytes]

LABEL = bytes(26)
"""What an imported seed is fingerprinted by: as long as the product's own message."""

_USED = (
    "unwrap_key", "destroy_object", "sign_init", "sign", "decrypt_init", "decrypt",
    "create_object", "wrap_key",
)  # fmt: skip
_SEED_OCTETS, _PADDED_OCTETS = 20, 64


class Unchecked:
    """The functions themselves: nobody looks at what they return."""

    def __init__(self, checked: Cryptoki) -> None:
        for name in _USED:
            function: Any = getattr(checked, name)
            setattr(self, name, type(function)(cast(function, c_void_p).value))


class Ctypes:
    """A session and the buffers of its calls. `calls`: `Cryptoki`, or `Unchecked`."""

    def __init__(self, location: Location, transport_key: bytes, *, checked: bool = True) -> None:
        module = Module.load(location.library)
        cryptoki = module.cryptoki
        self.calls: Any = cryptoki if checked else Unchecked(cryptoki)
        self.session = open_session(cryptoki, module.find_slot(location))
        session = Session(cryptoki, self.session)
        self.kek = session.find(FIRST.kek)
        value = create_string_buffer(transport_key, len(transport_key))
        self.transport_key = session.create(templates.transport_key(Ckk.AES, value))
        self.output, self.length, self.handle = create_string_buffer(136), c_ulong(), c_ulong()
        self.plain, self.iv = create_string_buffer(256), create_string_buffer(16)
        self.cbc = byref(Mechanism(Ckm.AES_CBC, addressof(self.iv), 16))
        self.fresh = templates.fresh_seed((c_char * _PADDED_OCTETS).from_buffer(self.plain))

    def resident(self, blob: bytes) -> int:
        """An opened seed that stays."""
        template = templates.OPENED_SEED
        self.calls.unwrap_key(
            self.session, KEY_WRAP.mechanism, self.kek, blob, len(blob),
            template.array, template.count, byref(self.handle),
        )  # fmt: skip
        return self.handle.value

    def mac(self, key: int, messages: Messages) -> None:
        """C_SignInit and C_Sign for each message."""
        calls, session, output = self.calls, self.session, self.output
        hmac, length = mechanisms.HMAC[Digest.SHA1], byref(self.length)
        for message in messages:
            calls.sign_init(session, hmac, key)
            self.length.value = 64
            calls.sign(session, message, len(message), output, length)
            output.raw[:20]

    def verify(self, blob: bytes, messages: Messages) -> None:
        """C_UnwrapKey, C_SignInit and C_Sign for each message, C_DestroyObject."""
        key = self.resident(blob)
        self.mac(key, messages)
        self.calls.destroy_object(self.session, key)

    def take_in(self, value: bytes) -> None:
        """An import: decrypt, create, wrap, fingerprint, destroy; one object, seven calls.

        C_DecryptInit, C_Decrypt, C_CreateObject, C_WrapKey, C_SignInit, C_Sign, C_DestroyObject,
        on a value of IV and two blocks whose plain text has 20 octets; the padding becomes zeros.
        """
        calls, session, length = self.calls, self.session, byref(self.length)
        plain, output, handle = self.plain, self.output, byref(self.handle)
        memmove(self.iv, value, 16)
        calls.decrypt_init(session, self.cbc, self.transport_key)
        self.length.value = 256
        calls.decrypt(session, value[16:], len(value) - 16, plain, length)
        memmove(addressof(plain) + _SEED_OCTETS, bytes(12), 12)
        calls.create_object(session, self.fresh.array, self.fresh.count, handle)
        key = self.handle.value
        self.length.value = 136
        calls.wrap_key(session, KEY_WRAP.mechanism, self.kek, key, output, length)
        output.raw[:72]
        calls.sign_init(session, mechanisms.HMAC[Digest.SHA256], key)
        self.length.value = 64
        calls.sign(session, LABEL, len(LABEL), output, length)
        output.raw[:16]
        calls.destroy_object(session, key)


class PythonPkcs11:
    """The same through python-pkcs11."""

    def __init__(self, location: Location, transport_key: bytes) -> None:
        library = uninitialised(location.library)
        slot = Module.load(location.library).find_slot(location)
        token = next(s for s in library.get_slots() if s.slot_id == slot).get_token()
        self.session = token.open()
        self.kek = self.session.get_key(
            object_class=pkcs11.ObjectClass.SECRET_KEY, id=FIRST.kek.identifier
        )
        self.template = {
            pkcs11.Attribute.TOKEN: False,
            pkcs11.Attribute.SIGN: True,
            pkcs11.Attribute.SENSITIVE: True,
            pkcs11.Attribute.EXTRACTABLE: False,
        }
        self.fresh = self.template | {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.GENERIC_SECRET,
            pkcs11.Attribute.EXTRACTABLE: True,
        }
        self.transport_key = self.session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
                pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES,
                pkcs11.Attribute.TOKEN: False,
                pkcs11.Attribute.DECRYPT: True,
                pkcs11.Attribute.VALUE: transport_key,
            }
        )

    def resident(self, blob: bytes) -> Any:
        """An opened seed that stays."""
        return self.kek.unwrap_key(
            pkcs11.ObjectClass.SECRET_KEY,
            pkcs11.KeyType.GENERIC_SECRET,
            blob,
            mechanism=pkcs11.Mechanism.AES_KEY_WRAP,
            template=self.template,
        )

    def mac(self, key: Any, messages: Messages) -> None:
        """An HMAC of each message."""
        for message in messages:
            key.sign(message, mechanism=pkcs11.Mechanism.SHA_1_HMAC)

    def verify(self, blob: bytes, messages: Messages) -> None:
        """The MACs of `messages` under the seed in `blob`."""
        key = self.resident(blob)
        self.mac(key, messages)
        key.destroy()

    def take_in(self, value: bytes) -> None:
        """An import, its seed in `bytes` of Python: what the locked page is there to avoid."""
        plain = self.transport_key.decrypt(
            value[16:], mechanism=pkcs11.Mechanism.AES_CBC, mechanism_param=value[:16]
        )
        padded = plain[:_SEED_OCTETS].ljust(_PADDED_OCTETS, b"\0")
        key = self.session.create_object(self.fresh | {pkcs11.Attribute.VALUE: padded})
        self.kek.wrap_key(key, mechanism=pkcs11.Mechanism.AES_KEY_WRAP)
        key.sign(LABEL, mechanism=pkcs11.Mechanism.SHA256_HMAC)
        key.destroy()
