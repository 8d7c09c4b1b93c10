"""Which ciphers of seed files the module has, found by known answers."""

from ctypes import addressof, byref, c_ulong, create_string_buffer, sizeof
from typing import Final

from hsm import templates
from hsm.cryptoki import GcmParameters, Mechanism
from hsm.errors import Integrity, Unsupported
from hsm.mechanisms import Ckm
from hsm.model import Cipher, Mode
from hsm.session import Session
from hsm.templates import Ckk
from hsm.translate import Ambiguous

_SEED: Final = b"12345678901234567890"  # RFC 4226 appendix D

# That seed under the keys 00 01 02 ... (of 16 octets, and of 24 in odd parity) and IVs of zeros.
_GCM: Final = bytes.fromhex(
    "78e4b467acad91b4dab94b5a53b585ab8e95121e8ce63880bad2bf0e00ec240520f0930a"
)
_DES3_KEY: Final = bytes.fromhex("010102020404070708080b0b0d0d0e0e1010131315151616")
_DES3_CBC: Final = bytes.fromhex("59b7c4a9b756ddd125d2e478864415ca694902dc2501b2dd")

_ALWAYS: Final = frozenset(
    cipher
    for cipher in Cipher
    if cipher.algorithm == "CAMELLIA" or cipher.mode in {Mode.KEY_WRAP, Mode.PADDED_KEY_WRAP}
)
"""PKCS#11 unwraps a key as it is; a seed must be lengthened to the HMAC block before."""


def by_software(session: Session) -> tuple[Cipher, ...]:
    """The ciphers that this process must decrypt, as the module does not.

    AES-CBC is never among them, without it no vault is made; nor is RSA, which `cryptography`
    does not decrypt into given memory.
    """
    lacking = set(_ALWAYS)
    iv = create_string_buffer(16)
    gcm = GcmParameters(addressof(iv), 12, 96, None, 0, 128)
    mechanism = Mechanism(Ckm.AES_GCM, addressof(gcm), sizeof(gcm))
    if not _decrypts(session, mechanism, (Ckk.AES, bytes(range(16))), _GCM):
        lacking |= {cipher for cipher in Cipher if cipher.mode is Mode.GCM}
    mechanism = Mechanism(Ckm.DES3_CBC, addressof(iv), 8)
    if not _decrypts(session, mechanism, (Ckk.DES3, _DES3_KEY), _DES3_CBC):
        lacking.add(Cipher.DES3_CBC)
    return tuple(cipher for cipher in Cipher if cipher in lacking)


def _decrypts(
    session: Session, mechanism: Mechanism, key: tuple[Ckk, bytes], octets: bytes
) -> bool:
    kind, value = key
    output, length = create_string_buffer(64), c_ulong(64)
    cryptoki = session.cryptoki
    try:
        handle = session.create(
            templates.transport_key(kind, create_string_buffer(value, len(value)))
        )
        try:
            cryptoki.decrypt_init(session.handle, byref(mechanism), handle)
            cryptoki.decrypt(session.handle, octets, len(octets), output, byref(length))
        finally:
            session.destroy(handle)
    except (Unsupported, Integrity, Ambiguous):
        return False
    return output.raw[: len(_SEED)] == _SEED
