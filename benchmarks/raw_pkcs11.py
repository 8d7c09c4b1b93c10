"""The bare PKCS#11 calls of one verification, with nothing around them, through two bindings."""

from ctypes import byref, c_ulong, create_string_buffer
from typing import Any

import pkcs11

from hsm import Location, mechanisms, templates
from hsm.connection import open_session
from hsm.model import Digest
from hsm.module import Module
from hsm.session import Session
from hsm.vault_key import FIRST

Messages = list[bytes]


class Ctypes:
    """C_UnwrapKey, C_SignInit and C_Sign for each message, C_DestroyObject: nothing else."""

    def __init__(self, location: Location) -> None:
        module = Module.load(location.library)
        slot = module.find_slot(location)
        self.calls = module.cryptoki
        self.session = open_session(self.calls, slot)
        self.kek = Session(self.calls, self.session).find(FIRST.kek)
        self.handle, self.mac, self.length = c_ulong(), create_string_buffer(64), c_ulong()

    def verify(self, blob: bytes, messages: Messages) -> None:
        """The MACs of `messages` under the seed in `blob`, as bytes that nobody reads."""
        calls, session = self.calls, self.session
        template, wrap = templates.OPENED_SEED, mechanisms.AES_KEY_WRAP
        hmac, length = mechanisms.HMAC[Digest.SHA1], byref(self.length)
        calls.unwrap_key(
            session, wrap, self.kek, blob, len(blob), template.array, template.count,
            byref(self.handle),
        )  # fmt: skip
        key = self.handle.value
        for message in messages:
            calls.sign_init(session, hmac, key)
            self.length.value = 64
            calls.sign(session, message, len(message), self.mac, length)
            self.mac.raw[:20]
        calls.destroy_object(session, key)


class PythonPkcs11:
    """The same through python-pkcs11."""

    def __init__(self, location: Location) -> None:
        view: Any = pkcs11._pkcs11.lib
        library = view.__new__(view, str(location.library))
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

    def verify(self, blob: bytes, messages: Messages) -> None:
        """The MACs of `messages` under the seed in `blob`."""
        key = self.kek.unwrap_key(
            pkcs11.ObjectClass.SECRET_KEY,
            pkcs11.KeyType.GENERIC_SECRET,
            blob,
            mechanism=pkcs11.Mechanism.AES_KEY_WRAP,
            template=self.template,
        )
        for message in messages:
            key.sign(message, mechanism=pkcs11.Mechanism.SHA_1_HMAC)
        key.destroy()
