"""What tells a key from every other one without showing it: its answer to a known question."""

import hashlib
from ctypes import addressof, byref, c_ulong, create_string_buffer
from typing import Final

from hsm import blobs, signing, templates
from hsm.cryptoki import Mechanism
from hsm.mechanisms import Ckm
from hsm.model import BlobFormat, Digest
from hsm.session import Session
from hsm.templates import Cka
from hsm.vault_key import Purpose, VaultKey

_OCTETS: Final = 4
_QUESTION: Final = b"seedvault check value"
_ZEROS: Final = bytes(16)


def check_value(session: Session, key: VaultKey, handle: int) -> str:
    """8 hexadecimal digits; a key that is damaged or another gives others.

    A KEK's depend on how its module wraps: where that is not AES key wrap, the format is named
    behind them, and answers of two formats are not to be compared.

    A KEK wraps a key of zeros; the seal and fingerprint keys authenticate a text; the export key
    encrypts a block of zeros (ANSI X9.24-1 annex A); a key pair is known by its public half.
    """
    digits = _answer(session, key, handle)[:_OCTETS].hex()
    if key.purpose is not Purpose.KEK:
        return digits
    wrapped_by = session.once(blobs.chosen).format
    return digits if wrapped_by is BlobFormat.AES_KW else f"{digits}/{wrapped_by.name}"


def _answer(session: Session, key: VaultKey, handle: int) -> bytes:
    match key.purpose:
        case Purpose.KEK:
            return hashlib.sha256(_wrapped_zeros(session, handle)).digest()
        case Purpose.SEAL | Purpose.FINGERPRINT:
            return session.hmac(handle, Digest.SHA256, _QUESTION)
        case Purpose.EXPORT:
            return _encrypted_zeros(session, handle)
        case Purpose.CHECKPOINT:
            public = session.find(VaultKey(Purpose.CHECKPOINT_PUBLIC, key.version))
            return _answer(session, VaultKey(Purpose.CHECKPOINT_PUBLIC, key.version), public)
        case Purpose.CHECKPOINT_PUBLIC:
            return hashlib.sha256(session.attribute(handle, _public_half(session, handle))).digest()


def _public_half(session: Session, handle: int) -> Cka:
    return Cka.MODULUS if signing.is_rsa(session, handle) else Cka.EC_POINT


def _wrapped_zeros(session: Session, kek: int) -> bytes:
    zeros = session.create(templates.CANARY)
    try:
        return session.wrap(kek, zeros, session.once(blobs.chosen), _ZEROS)
    finally:
        session.destroy(zeros)


def _encrypted_zeros(session: Session, key: int) -> bytes:
    iv, output, length = create_string_buffer(16), create_string_buffer(16), c_ulong(16)
    cryptoki, mechanism = session.cryptoki, Mechanism(Ckm.AES_CBC, addressof(iv), 16)
    cryptoki.encrypt_init(session.handle, byref(mechanism), key)
    cryptoki.encrypt(session.handle, _ZEROS, len(_ZEROS), output, byref(length))
    return output.raw
