"""The checkpoint key: ECDSA P-256, or RSA-3072 where the module lacks it.

The module is given digests: SoftHSM 2.6 has no ECDSA that hashes.
"""

import hashlib
from typing import Final

from hsm import mechanisms, templates
from hsm.errors import Unsupported
from hsm.session import Session
from hsm.templates import Cka, Ckk

RSA: Final = "RSA-3072"

# RFC 5480: SubjectPublicKeyInfo of an uncompressed P-256 point, up to the point; and the
# DER OCTET STRING header that CKA_EC_POINT puts before it.
_P256_PREFIX: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
_EC_POINT_HEADER: Final = b"\x04\x41"


def signs_ecdsa(session: Session) -> bool:
    """Whether the module makes and uses pairs on P-256; `session.once` remembers it."""
    try:
        pair = session.generate_pair(mechanisms.EC_KEY_PAIR_GEN, *templates.ec_key_pair())
    except Unsupported:
        return False
    for half in pair:
        session.destroy(half)
    return True


def is_rsa(session: Session, key: int) -> bool:
    """Whether a key, or half of a pair, is RSA's."""
    return session.number(key, Cka.KEY_TYPE) == Ckk.RSA


def sign(session: Session, key: int, message: bytes) -> bytes:
    """r || s, 64 octets; or RSA PKCS#1 v1.5, 384. Both with SHA-256."""
    digest = hashlib.sha256(message).digest()
    if is_rsa(session, key):
        return session.rsa(key, digest)
    return session.ecdsa(key, digest)


def public_key(session: Session, key: int) -> bytes:
    """SubjectPublicKeyInfo (DER) of a pair's public half."""
    if not is_rsa(session, key):
        point = session.attribute(key, Cka.EC_POINT)
        return _P256_PREFIX + point.removeprefix(_EC_POINT_HEADER)
    # cryptography takes 40 ms to import.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        Encoding,
        PublicFormat,
    )

    exponent, modulus = (
        int.from_bytes(session.attribute(key, kind)) for kind in (Cka.PUBLIC_EXPONENT, Cka.MODULUS)
    )
    public = RSAPublicNumbers(exponent, modulus).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
