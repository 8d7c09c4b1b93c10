"""Mechanism numbers, ready to pass. Later modules widen these tables, not the code."""

from ctypes import addressof, byref, sizeof
from enum import IntEnum

from hsm.cryptoki import Mechanism, OaepParameters
from hsm.model import Cipher, Digest


class Ckm(IntEnum):
    """CK_MECHANISM_TYPE (PKCS#11 v2.40, current mechanisms)."""

    RSA_KEY_PAIR_GEN = 0x00
    RSA_PKCS = 0x01
    RSA_PKCS_OAEP = 0x09
    DES3_CBC = 0x133
    DES3_CBC_PAD = 0x136
    SHA_1 = 0x220
    SHA_1_HMAC = 0x221
    SHA256 = 0x250
    SHA256_HMAC = 0x251
    SHA512_HMAC = 0x271
    GENERIC_SECRET_KEY_GEN = 0x350
    CONCATENATE_BASE_AND_DATA = 0x362
    EC_KEY_PAIR_GEN = 0x1040
    ECDSA = 0x1041
    AES_KEY_GEN = 0x1080
    AES_ECB = 0x1081
    AES_CBC = 0x1082
    AES_CBC_PAD = 0x1085
    AES_GCM = 0x1087
    AES_KEY_WRAP = 0x2109
    AES_KEY_WRAP_PAD = 0x210A
    AES_KEY_WRAP_KWP = 0x210B


_HMAC = {
    Digest.SHA1: Mechanism(Ckm.SHA_1_HMAC),
    Digest.SHA256: Mechanism(Ckm.SHA256_HMAC),
    Digest.SHA512: Mechanism(Ckm.SHA512_HMAC),
}

HMAC = {digest: byref(mechanism) for digest, mechanism in _HMAC.items()}
ECDSA = byref(Mechanism(Ckm.ECDSA))
RSA_SIGNATURE = byref(Mechanism(Ckm.RSA_PKCS))
GENERIC_KEY_GEN = byref(Mechanism(Ckm.GENERIC_SECRET_KEY_GEN))
AES_KEY_GEN = byref(Mechanism(Ckm.AES_KEY_GEN))
EC_KEY_PAIR_GEN = byref(Mechanism(Ckm.EC_KEY_PAIR_GEN))
RSA_KEY_PAIR_GEN = byref(Mechanism(Ckm.RSA_KEY_PAIR_GEN))

# RFC 5649, where the module has it: SoftHSM 2.6 by the second number, correct when it unwraps.
PADDED_KEY_WRAP = (
    byref(Mechanism(Ckm.AES_KEY_WRAP_KWP)),
    byref(Mechanism(Ckm.AES_KEY_WRAP_PAD)),
)

# Hash, mask generation (CKG_MGF1_SHA1, _SHA256) and CKZ_DATA_SPECIFIED: an empty label.
_OAEP = {
    Cipher.RSA_OAEP_SHA1: OaepParameters(Ckm.SHA_1, 1, 1),
    Cipher.RSA_OAEP_SHA256: OaepParameters(Ckm.SHA256, 2, 1),
}

RSA = {Cipher.RSA_1_5: byref(Mechanism(Ckm.RSA_PKCS))} | {
    cipher: byref(Mechanism(Ckm.RSA_PKCS_OAEP, addressof(parameters), sizeof(parameters)))
    for cipher, parameters in _OAEP.items()
}

SOFTWARE = frozenset({"SoftHSM", "Mozilla Foundation", "IBM"})
"""Manufacturers (CK_INFO) whose modules keep keys in files, not in hardware."""

LEAKING = frozenset({"SoftHSM"})
"""Modules that keep memory of destroyed objects until C_Finalize: SoftHSM 2.6, 240 octets each."""
