"""A transport key on the PKCS#11 token: how it is found, what it may do, what it answers."""

import hashlib
import os
from ctypes import addressof, byref, c_ulong, create_string_buffer
from dataclasses import dataclass
from typing import Any, Final

from hsm import mechanisms, templates
from hsm.cryptoki import Mechanism
from hsm.errors import Integrity, KeyNotFound, Unsupported
from hsm.mechanisms import Ckm
from hsm.model import Cipher, TransportKind, TransportReport
from hsm.session import Session
from hsm.templates import Cka, Ckk, Cko
from hsm.translate import Ambiguous

PRIVATE: Final = (Cko.PRIVATE_KEY,)
OPENING: Final = (Cko.PRIVATE_KEY, Cko.SECRET_KEY)
ANY: Final = (Cko.PRIVATE_KEY, Cko.SECRET_KEY, Cko.PUBLIC_KEY)

TYPES: Final = {"AES": Ckk.AES, "3DES": Ckk.DES3, "RSA": Ckk.RSA}

PROTECTION: Final = {
    Cka.TOKEN: True,
    Cka.PRIVATE: True,
    Cka.SENSITIVE: True,
    Cka.EXTRACTABLE: False,
    Cka.MODIFIABLE: False,
}
PRIVATE_USES: Final = {Cka.DECRYPT: True, Cka.UNWRAP: True, Cka.SIGN: False, Cka.DERIVE: False}
_SECRET_USES: Final = {Cka.ENCRYPT: False, Cka.WRAP: False, Cka.VERIFY: False, **PRIVATE_USES}
_STEM: Final = "seedvault/transport/"


def identifier(label: str) -> bytes:
    """Its CKA_ID: labels are not unique, but ours are."""
    return f"{_STEM}{label}".encode()


def found_all(session: Session, label: str, classes: tuple[Cko, ...] = ANY) -> list[int]:
    """The handles of all objects that pass for the key; two of a class are enough to know."""
    own = identifier(label)
    return [
        handle
        for object_class in classes
        for handle in session.search(templates.identified(object_class, own))
    ]


def one(session: Session, label: str, classes: tuple[Cko, ...] = OPENING) -> int:
    """The handle of the key. Raises KeyNotFound where there is not exactly one."""
    found = found_all(session, label, classes)
    if len(found) != 1:
        raise KeyNotFound(
            f"the transport key {label!r} is on the PKCS#11 token {len(found)} times, 1 is needed"
        )
    return found[0]


def remove(session: Session, label: str) -> None:
    """Destroy every object of the key."""
    for handle in found_all(session, label):
        session.destroy(handle)


def report(
    session: Session, label: str, kind: TransportKind, *, asked: bool = False
) -> TransportReport:
    """What the module shows of a key of that kind, compared with what it was `asked` to make.

    Raises:
        KeyNotFound: it is not there once.
        Integrity: it is of another kind, or the halves of a pair do not belong together.
        Unsupported: an attribute differs: some modules take one, and ignore it.
    """
    handle = one(session, label)
    _check_kind(session, handle, kind)
    is_pair = kind.algorithm == "RSA"
    wanted = PROTECTION | (PRIVATE_USES if is_pair else _SECRET_USES)
    read = {name: session.attribute(handle, name) != b"\0" for name in wanted}
    for name, value in wanted.items() if asked else ():
        if read[name] != value:
            raise Unsupported(
                f"the module made the transport key with {name.name} = {read[name]}, not {value}. "
                "It was removed again"
            )
    public = _proven_public_half(session, label, handle) if is_pair else None
    if public is None:
        answer = decrypted(session, handle, kind, bytes(block(kind)))[:4].hex()
    else:
        answer = hashlib.sha256(public).hexdigest()[:16]
    uses = tuple(use.name.lower() for use in read if use not in PROTECTION and read[use])
    attributes = tuple((name.name, value) for name, value in read.items())
    return TransportReport(label, kind, uses, attributes, answer, public)


def _check_kind(session: Session, handle: int, kind: TransportKind) -> None:
    """How long an AES key is, its answer tells."""
    found = session.number(handle, Cka.KEY_TYPE)
    fits = found == TYPES[kind.algorithm]
    if fits and kind.algorithm == "RSA":
        fits = len(session.attribute(handle, Cka.MODULUS, 1024).lstrip(b"\0")) == kind.octets
    if not fits:
        raise Integrity(f"the transport key on the PKCS#11 token is no {kind} key any more")


def _proven_public_half(session: Session, label: str, private: int) -> bytes:
    """SubjectPublicKeyInfo in DER; what is encrypted by it was decrypted by the private half."""
    # cryptography takes 40 ms to import.
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
    )

    public = one(session, label, (Cko.PUBLIC_KEY,))
    modulus, exponent = (
        int.from_bytes(session.attribute(public, kind, 1024))
        for kind in (Cka.MODULUS, Cka.PUBLIC_EXPONENT)
    )
    key = RSAPublicNumbers(exponent, modulus).public_key()
    question = os.urandom(32)
    encrypted = key.encrypt(question, PKCS1v15())
    try:
        with session.desk as desk:
            length = desk.decrypt(mechanisms.RSA[Cipher.RSA_1_5], private, encrypted)
            proven = desk.page.view[:length] == question
    except (Integrity, Ambiguous):
        proven = False
    if not proven:
        raise Integrity(f"the halves of the transport key {label!r} do not belong together")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def block(kind: TransportKind) -> int:
    """Octets that the cipher works on at once."""
    return 8 if kind.algorithm == "3DES" else 16


def _cbc(kind: TransportKind, iv: Any) -> Mechanism:
    """One block under an IV of zeros is that block alone: ECB, which some modules lack."""
    number = Ckm.DES3_CBC if kind.algorithm == "3DES" else Ckm.AES_CBC
    return Mechanism(number, addressof(iv), block(kind))


@dataclass(frozen=True, slots=True)
class Encryptor:
    """Encrypts single blocks by an object of the module."""

    session: Session
    handle: int
    kind: TransportKind

    def __call__(self, octets: bytes) -> bytes:
        iv, output, length = create_string_buffer(16), create_string_buffer(32), c_ulong(32)
        cryptoki, mechanism = self.session.cryptoki, _cbc(self.kind, iv)
        cryptoki.encrypt_init(self.session.handle, byref(mechanism), self.handle)
        cryptoki.encrypt(self.session.handle, octets, len(octets), output, byref(length))
        return output.raw[: length.value]


def decrypted(session: Session, handle: int, kind: TransportKind, octets: bytes) -> bytes:
    """One block."""
    iv, output, length = create_string_buffer(16), create_string_buffer(32), c_ulong(32)
    mechanism = _cbc(kind, iv)
    session.cryptoki.decrypt_init(session.handle, byref(mechanism), handle)
    session.cryptoki.decrypt(session.handle, octets, len(octets), output, byref(length))
    return output.raw[: length.value]
