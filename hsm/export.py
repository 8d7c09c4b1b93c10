"""Second copies of seeds that may be handed on, and how they are handed on.

What the KEK unwraps is not extractable, and no module wraps it for anybody else: that is meant to
last. A batch imported as exportable keeps each seed once more, under the export key by AES-GCM, at
its exact length (AES-KW takes multiples of 8 octets, and a seed often has 20). Handing on goes by
way of the locked page, from one encryption to the next.
"""

import hmac
import os
from typing import Final

from hsm import blobs, canary
from hsm.errors import Integrity, KeyNotFound, Unsupported
from hsm.link import LentSession
from hsm.model import SEED_MIN_ALLOWED_OCTETS, Digest, HandedOn, Terms, WrappedKey
from hsm.recipient import Recipient
from hsm.translate import Ambiguous
from hsm.vault_key import FIRST, named

_ANY_LENGTH: Final = Terms(shortest=SEED_MIN_ALLOWED_OCTETS)
_IV_AND_TAG: Final = 12 + 16


def keep(session: LentSession, length: int) -> bytes:
    """The desk's first `length` octets under the export key: IV || AES-GCM || tag.

    Raises:
        Unsupported: this vault has no export key, or the module no AES-GCM.
    """
    key = _export_key(session)
    try:
        return session.desk.encrypt_gcm(key, length, os.urandom(12))
    except Unsupported as error:
        raise Unsupported(
            f"this module does not encrypt AES-GCM ({error}), so no exportable copies can be kept. "
            "Nothing was stored: import the batch as not exportable"
        ) from error


def hand_on(
    session: LentSession, key: WrappedKey, blob: bytes, recipient: Recipient, label: bytes
) -> HandedOn:
    """The seed of `blob`, encrypted for `recipient`, if it is the one of `key`.

    The module tells by HMAC of `label` whether the two are one seed: a copy that somebody put
    beside another token's seed is noticed.

    Raises:
        Integrity: the copy is damaged, or of another seed.
        Unsupported: this vault has no export key, or the module lacks what `recipient` needs.
    """
    if len(blob) != key.length + _IV_AND_TAG:
        raise _not_this_seed()
    with session.desk as desk:
        length = _open(session, blob)
        # Padded as for HMAC-SHA-512, which has room for all: to 64 octets, or 128.
        copy = session.create(desk.template(length, Digest.SHA512, _ANY_LENGTH))
        mark = _mark(session, copy, label)
        if not hmac.compare_digest(mark, _mark(session, _opened(session, key), label)):
            raise _not_this_seed()
        value = recipient.encrypt(session, length)
    return HandedOn(value, recipient.mac(value))


def _open(session: LentSession, blob: bytes) -> int:
    key = _export_key(session)
    try:
        return session.desk.decrypt_gcm(key, blob)
    except Integrity as error:
        raise _not_this_seed() from error
    except Ambiguous as error:
        cause = canary.judge(session, error)
        raise (_not_this_seed() if isinstance(cause, Integrity) else cause) from error


def _opened(session: LentSession, key: WrappedKey) -> int:
    try:
        return blobs.unwrap(session, session.key(named(key.kek_id)), key)
    except Ambiguous as error:
        raise canary.judge(session, error) from error


def _mark(session: LentSession, seed: int, label: bytes) -> bytes:
    """The fingerprint of an object that ends here."""
    try:
        return session.hmac(seed, Digest.SHA256, label)
    finally:
        session.destroy(seed)


def _export_key(session: LentSession) -> int:
    try:
        return session.key(FIRST.export)
    except KeyNotFound as error:
        raise Unsupported(
            "this vault has no export key, for it was made before there were any: import the "
            "maker's file into a new vault to hand seeds on from there. Nothing was changed"
        ) from error


def _not_this_seed() -> Integrity:
    return Integrity(
        "the exportable copy is damaged, or holds another seed than its token's: restore the "
        "record from a backup. Nothing was handed on"
    )
