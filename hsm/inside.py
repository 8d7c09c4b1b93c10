"""Tier A: a delivered seed is unwrapped, lengthened, marked and re-wrapped, all in the module.

Nothing but ciphertext and the seed's length ever reaches this process.
"""

from ctypes import Structure, addressof, byref, c_ulong, c_void_p, create_string_buffer, sizeof
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from hsm import blobs, templates
from hsm.cryptoki import Mechanism
from hsm.errors import Unsupported
from hsm.mechanisms import Ckm
from hsm.model import BlobFormat, Cipher, Digest, Mode, Tier
from hsm.narrow import not_decryptable
from hsm.session import Session
from hsm.templates import Cka, Ckk, Template

_CBC_PAD: Final = {"AES": Ckm.AES_CBC_PAD, "3DES": Ckm.DES3_CBC_PAD}


class _DerivationData(Structure):
    """CK_KEY_DERIVATION_STRING_DATA."""

    _fields_: ClassVar = [("octets", c_void_p), ("length", c_ulong)]


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A seed, and the value that a manufacturer makes of it."""

    cipher: Cipher
    key: bytes = field(repr=False)
    seed: bytes = field(repr=False)
    value: bytes


_SEED: Final = b"12345678901234567890"  # RFC 4226 appendix D

# Under the keys 00 01 02 ... (of 3DES in odd parity) and IVs of zeros.
_KNOWN_AES: Final = KnownValue(
    Cipher.AES_128_CBC,
    bytes(range(16)),
    _SEED,
    bytes(16) + bytes.fromhex("d039e2d98bab10fa55a6dfaf80c37178c9e78c8228627644f0a66de76f8921d7"),
)
_KNOWN_DES3: Final = KnownValue(
    Cipher.DES3_CBC,
    bytes.fromhex("010102020404070708080b0b0d0d0e0e1010131315151616"),
    _SEED,
    bytes(8) + bytes.fromhex("59b7c4a9b756ddd125d2e478864415ca694902dc2501b2dd"),
)


@dataclass(frozen=True, slots=True)
class InsideWay:
    """What a module takes to keep seeds inside.

    `hides`: what it unwraps is readable until it is told otherwise. `lengthens`: it appends zeros
    to a key; without, seeds are wrapped at their own length.
    """

    template: Template = field(repr=False)
    hides: bool
    lengthens: bool
    ciphers: frozenset[Cipher] = frozenset()


def way(session: Session) -> InsideWay | None:
    """How this module keeps seeds inside, by known answers; None where it cannot."""
    try:
        wrapping = session.once(blobs.chosen)
    except Unsupported:
        return None
    for trial in _trials(wrapping.format):
        if works(session, trial, _KNOWN_AES):
            taken = {"AES", "3DES"} if works(session, trial, _KNOWN_DES3) else {"AES"}
            ciphers = {each for each in Cipher if each.mode is Mode.CBC and each.algorithm in taken}
            return replace(trial, ciphers=frozenset(ciphers))
    return None


def import_tier(session: Session) -> Tier:
    """The best that this module can do for a seed that is delivered encrypted."""
    return Tier.NARROW if session.once(way) is None else Tier.INSIDE


def _trials(wanted: BlobFormat) -> list[InsideWay]:
    # RFC 3394 takes multiples of 8 octets only, and its blobs hold padded seeds.
    lengthening = (True,) if wanted is BlobFormat.AES_KW else (True, False)
    return [
        InsideWay(template, hides, lengthens)
        for lengthens in lengthening
        for template, hides in (
            (templates.DELIVERED_SEED, False),
            (templates.DELIVERED_SEED, True),
            (templates.DELIVERED_SEED_BY_DEFAULT, False),
            (templates.DELIVERED_SEED_BY_DEFAULT, True),
        )
    ]


def works(session: Session, trial: InsideWay, known: KnownValue) -> bool:
    """Whether a known value goes all the way, and computes as its seed does at the end."""
    kind = {"AES": Ckk.AES, "3DES": Ckk.DES3}[known.cipher.algorithm]
    made: list[int] = []
    try:
        made.append(blobs.create(session, lambda v: templates.transport_key(kind, v), known.key))
        made.append(blobs.create(session, templates.throwaway_kek, bytes(32)))
        seed, length = take(session, trial, made[0], known.cipher, known.value)
        made.append(seed)
        if length != len(known.seed):
            return False
        made[-1] = seed = lengthen(session, trial, seed, length)
        return _computes(session, seed, known.seed) and _comes_back(session, made[1], seed, known)
    except blobs.LACKING:
        return False
    finally:
        for handle in made:
            session.destroy(handle)


def _computes(session: Session, seed: int, octets: bytes) -> bool:
    """Under every digest: some modules refuse a key that is shorter than the digest."""
    return all(blobs.mac_is(session, seed, digest, octets) for digest in Digest)


def _comes_back(session: Session, kek: int, seed: int, known: KnownValue) -> bool:
    if session.attribute(seed, Cka.SENSITIVE) != b"\1":
        return False
    wrapping = session.once(blobs.chosen)
    opened = session.unwrap(kek, session.wrap(kek, seed, wrapping), wrapping=wrapping)
    return blobs.is_secret(session, opened, known.seed)


def take(
    session: Session, by: InsideWay, key: int, cipher: Cipher, value: bytes
) -> tuple[int, int]:
    """The handle of the seed in `value`, and the seed's octets. `check_length` has passed `value`.

    The caller has checked a MAC or a signature: opencryptoki takes any padding, and what it
    makes of a false one may be of any length.

    Raises:
        Integrity: its padding is none.
    """
    block = cipher.block
    iv = create_string_buffer(value[:block], block)
    mechanism = Mechanism(_CBC_PAD[cipher.algorithm], addressof(iv), block)
    seed = session.unwrap_by(byref(mechanism), key, value[block:], by.template)
    try:
        if by.hides:
            session.change(seed, templates.HIDDEN)
        return seed, _length(session, seed, len(value) - block, block)
    except BaseException:
        session.destroy(seed)
        raise


def _length(session: Session, seed: int, encrypted: int, block: int) -> int:
    length = session.number(seed, Cka.VALUE_LEN)
    if not 1 <= encrypted - length <= block:
        raise not_decryptable()
    return length


def lengthen(session: Session, by: InsideWay, seed: int, length: int) -> int:
    """The seed with zeros behind it, to 64 or 128 octets; the shorter object ends here.

    Where the module cannot append, the same object.
    """
    missing = (64 if length <= 64 else 128) - length
    if not missing or not by.lengthens:
        return seed
    zeros = create_string_buffer(missing)
    zeros_here = _DerivationData(addressof(zeros), missing)
    mechanism = Mechanism(Ckm.CONCATENATE_BASE_AND_DATA, addressof(zeros_here), sizeof(zeros_here))
    padded = session.derive(byref(mechanism), seed, templates.PASSING_SEED)
    session.destroy(seed)
    return padded
