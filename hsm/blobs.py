"""Keys under a KEK, made and opened in the way that this module has."""

import hmac
from collections.abc import Callable
from ctypes import Array, c_char, create_string_buffer
from dataclasses import dataclass, field
from typing import Final

from hsm import templates
from hsm.errors import Integrity, Policy, Unsupported
from hsm.model import BlobFormat, Digest, WrappedKey
from hsm.session import Session
from hsm.templates import Template
from hsm.translate import Ambiguous
from hsm.wrapping import ORDER, STANDARD, Wrapping

_MESSAGE: Final = bytes(8)
_CBC_PAD_COPY: Final = 16 + 48

LACKING: Final = (Unsupported, Policy, Integrity, Ambiguous)
"""How modules say that a mechanism does not do what was asked of it; SoftHSM has one error."""


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """A secret, and its blob under a KEK by one format, from another implementation."""

    kek: bytes = field(repr=False)
    secret: bytes = field(repr=False)
    blob: bytes


_KEK: Final = bytes(range(32))
_SEED: Final = b"12345678901234567890"  # RFC 4226 appendix D

KNOWN: Final = {
    # RFC 3394 has no padding: the seed with zeros to 64 octets.
    BlobFormat.AES_KW: KnownAnswer(
        _KEK,
        _SEED.ljust(64, b"\0"),
        bytes.fromhex(
            "41c69c8d6733a500c2379fc4331e0caaeae8056df4b9903741756c19e19afe9e9e4d5ded5139f486"
            "b64e904e9c3c66a59ed6d95939fa5f124315b0d1bb6f1e39c4c5d9b849a41821"
        ),
    ),
    # Of 20 octets, where the dialects of padding differ.
    BlobFormat.AES_KWP: KnownAnswer(
        _KEK,
        _SEED,
        bytes.fromhex("5f70fbcf113537fccc567a9e669ab6d0adc8a047dd5363b9cf45f20f922fb2c3"),
    ),
    BlobFormat.AES_CBC_PAD: KnownAnswer(
        _KEK,
        _SEED,
        bytes(16)
        + bytes.fromhex("8f7317c21c4ccb451e846763b574a7756038cf817eaedee7a33f1a2f66499ae1"),
    ),
}


def chosen(session: Session) -> Wrapping:
    """What new blobs are wrapped in; `session.once` remembers it.

    Raises:
        Unsupported: the module wraps in no way that is known here.
    """
    for wrapping in ORDER:
        if answers(session, wrapping, KNOWN[wrapping.format]):
            session.found[wrapping.format] = wrapping
            return wrapping
    raise Unsupported(
        "the module wraps keys neither by AES key wrap (RFC 3394, RFC 5649) nor by AES-CBC-PAD"
    )


def wrap(session: Session, kek: int, key: int) -> tuple[BlobFormat, bytes]:
    """`key` under `kek`, and the format of what that gives."""
    wrapping = session.once(chosen)
    return wrapping.format, session.wrap(kek, key, wrapping)


def unwrap(
    session: Session, kek: int, key: WrappedKey, template: Template = templates.OPENED_SEED
) -> int:
    """The handle of the key in `key`, by its own format.

    No way is tried out before: only a module that does not know the standard's number is asked
    which of the vendors' it means.

    Raises:
        Unsupported: the module does not have this format.
    """
    return _open(session, kek, (key.format, key.blob), template)


def unwrap_copy(session: Session, recovery: int, copy: bytes, template: Template) -> int:
    """The handle of the AES-256 key in a copy, which another module may have made.

    AES-CBC-PAD's has another length than the key wraps', and these have check values.
    """
    if len(copy) == _CBC_PAD_COPY:
        return _open(session, recovery, (BlobFormat.AES_CBC_PAD, copy), template)
    try:
        return _open(session, recovery, (BlobFormat.AES_KW, copy), template)
    except (Integrity, Ambiguous, Unsupported):
        wrapping = session.once(chosen)
        if wrapping.format is not BlobFormat.AES_KWP:
            raise
        return session.unwrap(recovery, copy, template, wrapping)


def _open(session: Session, kek: int, blob: tuple[BlobFormat, bytes], template: Template) -> int:
    format_, octets = blob
    found: dict[object, Wrapping] = session.found
    wrapping = found.get(format_)
    if wrapping is not None:
        return session.unwrap(kek, octets, template, wrapping)
    try:
        return session.unwrap(kek, octets, template, STANDARD[format_])
    except Unsupported:
        wrapping = found[format_] = _vendors(session, format_)
    return session.unwrap(kek, octets, template, wrapping)


def _vendors(session: Session, wanted: BlobFormat) -> Wrapping:
    for wrapping in ORDER:
        if wrapping.format is wanted and answers(session, wrapping, KNOWN[wanted]):
            return wrapping
    raise Unsupported(f"the module does not open {wanted.name} blobs: they came from another one")


def answers(session: Session, wrapping: Wrapping, known: KnownAnswer) -> bool:
    """Whether the module opens the known blob to its secret, and makes such blobs itself."""
    try:
        kek = create(session, templates.throwaway_kek, known.kek)
    except LACKING:
        return False
    try:
        return _opens(session, kek, wrapping, known) and _makes(session, kek, wrapping, known)
    except LACKING:
        return False
    finally:
        session.destroy(kek)


def _opens(session: Session, kek: int, wrapping: Wrapping, known: KnownAnswer) -> bool:
    opened = session.unwrap(kek, known.blob, wrapping=wrapping)
    return is_secret(session, opened, known.secret)


def _makes(session: Session, kek: int, wrapping: Wrapping, known: KnownAnswer) -> bool:
    secret = create(session, templates.fresh_seed, known.secret)
    try:
        blob = session.wrap(kek, secret, wrapping)
    finally:
        session.destroy(secret)
    if wrapping.format is BlobFormat.AES_CBC_PAD:  # each with an IV of its own
        return is_secret(session, session.unwrap(kek, blob, wrapping=wrapping), known.secret)
    return blob == known.blob


def create(session: Session, template: Callable[[Array[c_char]], Template], value: bytes) -> int:
    """The handle of a throw-away object of a value that everybody may know."""
    return session.create(template(create_string_buffer(value, len(value))))


def is_secret(session: Session, handle: int, secret: bytes) -> bool:
    """Whether an object, which ends here, computes as `secret` does (20 octets or more)."""
    try:
        return mac_is(session, handle, Digest.SHA1, secret)
    finally:
        session.destroy(handle)


def mac_is(session: Session, handle: int, digest: Digest, secret: bytes) -> bool:
    """Whether an object computes one HMAC as `secret` does."""
    expected = hmac.digest(secret, _MESSAGE, digest.algorithm)
    return hmac.compare_digest(session.hmac(handle, digest, _MESSAGE), expected)
