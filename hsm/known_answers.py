"""What a module should compute, put to it and compared with `cryptography`.

Every function answers whether it did; whatever it makes ends with the bench.
"""

import hmac
import os
from functools import cache, partial
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hsm import blobs, inside, mechanisms, reference, templates
from hsm.bench import Bench
from hsm.model import BlobFormat, Cipher, Digest, Mode
from hsm.pkcs8 import rsa_numbers
from hsm.templates import Cka, Ckk
from hsm.wrapping import Wrapping

_P256_POINT: Final = 65  # octets: 04 || x || y


def hmac_is_right(digest: Digest, octets: int, bench: Bench) -> bool:
    """A key of so many octets computes what RFC 2104 says."""
    secret, message = os.urandom(octets), os.urandom(8)
    key = bench.create(templates.fresh_seed, secret)
    expected = hmac.digest(secret, message, digest.algorithm)
    return bench.session.hmac(key, digest, message) == expected


def keeps_data(bench: Bench) -> bool:
    """A data object comes back as it was made."""
    note = bench.keep(bench.session.create(templates.note(b"seedvault/examination")))
    return bench.session.attribute(note, Cka.VALUE) == b"1"


def signs_ecdsa(bench: Bench) -> bool:
    """A pair made in the module signs as its public half verifies."""
    pair = bench.session.generate_pair(mechanisms.EC_KEY_PAIR_GEN, *templates.ec_key_pair())
    public, private = (bench.keep(handle) for handle in pair)
    digest = os.urandom(32)
    signature = bench.session.ecdsa(private, digest)
    point = bench.session.attribute(public, Cka.EC_POINT)[-_P256_POINT:]
    whole = utils.encode_dss_signature(
        int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    )
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        key.verify(whole, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except (InvalidSignature, ValueError):  # or no point of the curve
        return False
    return True


def signs_rsa(bench: Bench) -> bool:
    """RSA PKCS#1 v1.5 with SHA-256 (RFC 8017 section 8.2)."""
    private = _throwaway_rsa()
    key = bench.keep(bench.session.create(templates.rsa_signing_key(rsa_numbers(_der(private)))))
    digest = os.urandom(32)
    signature = bench.session.rsa(key, digest)
    try:
        private.public_key().verify(
            signature, digest, padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())
        )
    except InvalidSignature:
        return False
    return True


@cache
def _throwaway_rsa() -> rsa.RSAPrivateKey:
    """One key for all questions: it takes longer to make than all the rest."""
    return rsa.generate_private_key(65537, 2048)


def _der(private: rsa.RSAPrivateKey) -> bytearray:
    return bytearray(private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def wraps(wrapping: Wrapping, bench: Bench) -> bool:
    """The number is the format that it should be, to and fro."""
    return blobs.answers(bench.session, wrapping, reference.answer(wrapping.format))


def dialect(wrapping: Wrapping, bench: Bench) -> str:
    """What a number that ought to be RFC 5649 is instead; nothing where that is not known."""
    if wrapping.format is not BlobFormat.AES_KWP:
        return ""
    secret, value = os.urandom(reference.SEED_OCTETS), os.urandom(32)
    seed = bench.create(templates.fresh_seed, secret)
    kek = bench.create(templates.throwaway_kek, value)
    try:
        blob = bench.session.wrap(kek, seed, wrapping)
    except blobs.LACKING:
        return ""
    found = reference.dialects(value, secret).get(blob)
    return f"it is {found}: not used" if found else ""


def decrypts(cipher: Cipher, bench: Bench) -> bool:
    """An encrypted value becomes its seed, on the locked page."""
    known = reference.value(cipher)
    kind = Ckk.AES if cipher.algorithm == "AES" else Ckk.DES3
    key = bench.create(partial(templates.transport_key, kind), known.key)
    with bench.session.desk as desk:
        if cipher.mode is Mode.GCM:
            length = desk.decrypt_gcm(key, known.value)
        else:
            length = desk.decrypt_cbc(key, cipher, known.value)
            length = desk.unpad(length, cipher.block, authenticated=False)
        return bytes(desk.page.view[:length]) == known.seed


def decrypts_rsa(cipher: Cipher, bench: Bench) -> bool:
    """The same for a value under an RSA key."""
    private = _throwaway_rsa()
    numbers = rsa_numbers(_der(private))
    key = bench.keep(bench.session.create(templates.rsa_transport_key(numbers)))
    seed = os.urandom(reference.SEED_OCTETS)
    value = reference.rsa_value(private.public_key(), cipher, seed)
    with bench.session.desk as desk:
        length = desk.decrypt(mechanisms.RSA[cipher], key, value)
        return bytes(desk.page.view[:length]) == seed


def appends(bench: Bench) -> bool:
    """A key is lengthened by zeros, inside."""
    secret = os.urandom(reference.SEED_OCTETS)
    seed = blobs.create(bench.session, templates.delivered_seed, secret)
    by = inside.InsideWay(templates.DELIVERED_SEED, hides=False, lengthens=True)
    try:
        seed = inside.lengthen(bench.session, by, seed, len(secret))
    finally:
        bench.keep(seed)
    return blobs.mac_is(bench.session, seed, Digest.SHA512, secret)


def takes_over(cipher: Cipher, bench: Bench) -> bool:
    """An encrypted value becomes a blob without leaving the module (tier A)."""
    way = bench.session.once(inside.way)
    if way is None or cipher not in way.ciphers:
        return False
    return inside.works(bench.session, way, reference.value(cipher))
