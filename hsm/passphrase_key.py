"""A transport key in a JWE under a passphrase (RFC 7516, RFC 7518 section 4.8), opened on the page.

What is encrypted is a JWK (RFC 7517) of type `oct`. The key that is derived from the passphrase,
the content key and the JWK lie on locked pages; no Python object holds one of them.
"""

import base64
import binascii
import hmac
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from hsm import key_unwrap
from hsm.components import settle
from hsm.errors import Integrity, Policy
from hsm.key_source import KeySource, OnPage
from hsm.model import TransportKind
from hsm.page import LockedPage
from hsm.session import Session

ITERATIONS_MAX: Final = 10_000_000
_ITERATIONS_MIN: Final = 1_000  # RFC 7518 section 4.8.1.2
_SALT_MIN: Final = 8  # section 4.8.1.1
_JWE_MAX: Final = 4096
_JWK_MAX: Final = 1024
_JWK: Final = (
    1024  # where on the page the JWK stands: clear of the key, and of key_unwrap's registers
)

_KEY_WRAPS: Final = {
    "PBES2-HS256+A128KW": ("SHA256", 16),
    "PBES2-HS384+A192KW": ("SHA384", 24),
    "PBES2-HS512+A256KW": ("SHA512", 32),
}
_CONTENT_KEYS: Final = {
    "A128GCM": 16,
    "A192GCM": 24,
    "A256GCM": 32,
    "A128CBC-HS256": 32,
    "A192CBC-HS384": 48,
    "A256CBC-HS512": 64,
}
_VALUE: Final = re.compile(rb'"k"\s*:\s*"([A-Za-z0-9_-]*)"')
_NAME: Final = re.compile(rb'"(?:k|\\u006[bB])"\s*:')  # as JSON may spell it
_BASE64URL: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@contextmanager
def from_passphrase(
    session: Session, kind: TransportKind, jwe: bytes, passphrase: bytearray
) -> Iterator[KeySource]:
    """The key in `jwe`, on the page for as long as the block lasts.

    Raises:
        Policy: it is no such JWE, or the key in it is not of `kind`.
        Integrity: the passphrase is another one, or the file is damaged.
    """
    sealed = _parsed(jwe)
    with session.desk as desk:
        content = LockedPage()
        try:
            _unwrap_content_key(content, sealed, passphrase)
            length = _decrypt(desk.page, content.view[: sealed.content_octets], sealed)
        finally:
            content.wipe()
        found = _lay(desk.page, length)
        if found != kind.octets:
            raise Policy(
                f"a key of {found} octets is in the file: {kind} has {kind.octets}. No key was made"
            )
        settle(desk.page, kind)
        yield OnPage(kind)


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The parts of a JWE in compact form (RFC 7516 section 7.1), its header read and checked."""

    header: bytes
    algorithm: str
    encryption: str
    salt: bytes
    iterations: int
    wrapped: bytes
    iv: bytes
    ciphertext: bytes
    tag: bytes

    @property
    def content_octets(self) -> int:
        return _CONTENT_KEYS[self.encryption]


def _parsed(jwe: bytes) -> _Sealed:
    if len(jwe) > _JWE_MAX:
        raise _not_one(f"it is longer than {_JWE_MAX} octets")
    parts = jwe.strip().split(b".")
    if len(parts) != 5:
        raise _not_one("compact form has five parts with dots between them")
    try:
        header: Any = json.loads(_decoded(parts[0]))
        wrapped, iv, ciphertext, tag = map(_decoded, parts[1:])
        algorithm, encryption = str(header["alg"]), str(header["enc"])
        salt, iterations = _decoded(str(header["p2s"]).encode()), header["p2c"]
    except (ValueError, KeyError, TypeError) as error:
        raise _not_one(f"its header or a part of it cannot be read ({error})") from error
    _check_header(header)
    if algorithm not in _KEY_WRAPS or encryption not in _CONTENT_KEYS:
        raise _not_one(f"{algorithm} with {encryption} is none of those that are read")
    if type(iterations) is not int or not _ITERATIONS_MIN <= iterations <= ITERATIONS_MAX:
        raise _not_one(f"{_ITERATIONS_MIN} to {ITERATIONS_MAX} PBKDF2 iterations are accepted")
    if len(salt) < _SALT_MIN or len(ciphertext) > _JWK_MAX:
        raise _not_one("its salt is too short, or its content too long")
    if len(wrapped) != _CONTENT_KEYS[encryption] + 8:
        raise _damaged()
    salt = algorithm.encode() + b"\0" + salt
    return _Sealed(parts[0], algorithm, encryption, salt, iterations, wrapped, iv, ciphertext, tag)


def _check_header(header: Any) -> None:
    for name in ("zip", "crit"):
        if name in header:
            raise _not_one(f"its header has {name!r}, which is not read")


def _unwrap_content_key(page: LockedPage, sealed: _Sealed, passphrase: bytearray) -> None:
    """The content key, put on the page's first octets."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - takes 40 ms to import
    from cryptography.hazmat.primitives.ciphers import Cipher, modes  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.algorithms import AES  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC  # noqa: PLC0415

    name, octets = _KEY_WRAPS[sealed.algorithm]
    derived = LockedPage()
    try:
        key: Any = derived.view[:octets]
        PBKDF2HMAC(getattr(hashes, name)(), octets, sealed.salt, sealed.iterations).derive_into(
            passphrase, key
        )
        ecb = Cipher(AES(key), modes.ECB()).decryptor()  # noqa: S305 - a key wrap is made of blocks
        key_unwrap.unwrap(page, ecb, sealed.wrapped)
    except Integrity as error:
        raise _damaged() from error
    finally:
        derived.wipe()


def _decrypt(page: LockedPage, key: memoryview, sealed: _Sealed) -> int:
    """Octets of the JWK, put on the page at its place."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.ciphers import Cipher, modes  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.algorithms import AES  # noqa: PLC0415

    place = page.view[_JWK : _JWK + len(sealed.ciphertext) + 15]
    make: Any = AES
    try:
        if sealed.encryption.endswith("GCM"):
            _expect(len(sealed.iv) == 12 and len(sealed.tag) == 16)
            mode = modes.GCM(sealed.iv, sealed.tag)
            opened = Cipher(make(key), mode).decryptor()
            opened.authenticate_additional_data(sealed.header)
            length = opened.update_into(sealed.ciphertext, place)
            opened.finalize()
            return length
        half = len(key) // 2
        _expect(len(sealed.iv) == 16 and hmac.compare_digest(_mac(key[:half], sealed), sealed.tag))
        cbc = Cipher(make(key[half:]), modes.CBC(sealed.iv)).decryptor()
        length = cbc.update_into(sealed.ciphertext, place)
        cbc.finalize()
    except (InvalidTag, ValueError) as error:
        raise _damaged() from error
    return length - page.octets[_JWK + length - 1]  # the MAC was right: so is the padding


def _mac(key: memoryview, sealed: _Sealed) -> bytes:
    """RFC 7518 section 5.2.2.1: the tag is the first half."""
    text = sealed.header + sealed.iv + sealed.ciphertext + (8 * len(sealed.header)).to_bytes(8)
    whole = hmac.digest(key, text, f"sha{sealed.encryption[-3:]}")
    return whole[: len(whole) // 2]


def _lay(page: LockedPage, length: int) -> int:
    """Octets of the JWK's key, put on the page's first octets; the JWK is wiped."""
    jwk = page.view[_JWK : _JWK + length]
    found = _VALUE.search(jwk)
    if found is None:
        raise _not_one("there is no JWK of type oct in it")
    if sum(1 for _ in _NAME.finditer(jwk)) > 1:  # only one value is kept from the JSON reader
        raise _not_one("the JWK in it has more than one k")
    start, end = found.span(1)
    octets = _lay_base64url(page, _JWK + start, _JWK + end)
    jwk[start:end] = b"A" * (end - start)
    try:
        members = json.loads(bytes(jwk))  # without the key's value
    except ValueError as error:
        raise _not_one("what is in it is no JSON") from error
    finally:
        jwk[:] = bytes(length)
    if not isinstance(members, dict) or members.get("kty") != "oct" or "k" not in members:
        raise _not_one("the JWK in it is not of type oct")
    return octets


def _lay_base64url(page: LockedPage, start: int, end: int) -> int:
    """Octets put on the page's first, out of the base64url (RFC 4648 section 5) that lies there."""
    octets, count, pending, bits = page.octets, 0, 0, 0
    for index in range(start, end):
        pending = (pending << 6 | _BASE64URL.index(octets[index])) & 0xFFF
        bits += 6
        if bits >= 8:
            bits -= 8
            octets[count] = pending >> bits & 0xFF
            count += 1
    return count


def _decoded(part: bytes) -> bytes:
    """Base64url without padding."""
    try:
        return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def _expect(holds: bool) -> None:  # noqa: FBT001 - one condition, named where it stands
    if not holds:
        raise ValueError


def _not_one(why: str) -> Policy:
    return Policy(
        f"this is no JWE under a passphrase that is read: {why}. No key was made; one is made by "
        "PBES2-HS256+A128KW with A256GCM over a JWK of type oct"
    )


def _damaged() -> Integrity:
    return Integrity(
        "the passphrase does not open the key, or the file is damaged. No key was made: check the "
        "passphrase"
    )
