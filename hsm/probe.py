"""What a module really does, found by known answers; flags and version numbers prove nothing."""

import hmac
from collections.abc import Callable
from ctypes import create_string_buffer
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher as LibraryCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from hsm import templates
from hsm.connection import Connection, LentSession
from hsm.errors import HsmError, Policy, Unsupported
from hsm.model import Cipher, Digest
from hsm.templates import Cka, Ckk
from hsm.vault_key import FIRST

_KEY: Final = bytes(range(32))
_SEED: Final = b"12345678901234567890"  # RFC 4226 appendix D
_MESSAGE: Final = bytes(8)


def examine(connection: Connection) -> None:
    """Return only when the module wraps, unwraps, computes, decrypts and refuses as it must.

    Raises:
        Unsupported: it does not; the message names the first thing that failed.
    """
    for check in (_wraps_by_rfc_3394, _computes_hmac, _decrypts_cbc, _keeps_secrets):
        try:
            connection.run(check)
        except Unsupported as error:
            raise Unsupported(
                f"{connection.location}: {error}. This module cannot hold a vault"
            ) from error


def _wraps_by_rfc_3394(session: LentSession) -> None:
    kek = session.create(templates.throwaway_kek(create_string_buffer(_KEY, len(_KEY))))
    with session.desk as desk:
        blob = session.wrap(kek, session.create(desk.copy(bytearray(_SEED), Digest.SHA1)))
    if blob != aes_key_wrap(_KEY, _SEED.ljust(64, b"\0")):
        raise Unsupported("mechanism 0x2109 is not RFC 3394 key wrap here")


def _computes_hmac(session: LentSession) -> None:
    kek = session.create(templates.throwaway_kek(create_string_buffer(_KEY, len(_KEY))))
    seed = session.unwrap(kek, aes_key_wrap(_KEY, _SEED.ljust(64, b"\0")))
    for digest in Digest:
        expected = hmac.digest(_SEED, _MESSAGE, digest.algorithm)
        if session.hmac(seed, digest, _MESSAGE) != expected:
            raise Unsupported(f"HMAC-{digest.name} gives another value than RFC 2104")
    _must_refuse("reading a seed", lambda: session.attribute(seed, Cka.VALUE))


def _decrypts_cbc(session: LentSession) -> None:
    encryptor = LibraryCipher(algorithms.AES(_KEY), modes.CBC(_KEY[:16])).encryptor()
    ciphertext = _KEY[:16] + encryptor.update(_SEED + bytes([12]) * 12) + encryptor.finalize()
    value = create_string_buffer(_KEY, len(_KEY))
    key = session.create(templates.transport_key(Ckk.AES, value))
    with session.desk as desk:
        length = desk.decrypt_cbc(key, Cipher.AES_256_CBC, ciphertext)
        length = desk.unpad(length, 16, authenticated=False)
        seed = session.create(desk.template(length, Digest.SHA1))
    if session.hmac(seed, Digest.SHA1, _MESSAGE) != hmac.digest(_SEED, _MESSAGE, "sha1"):
        raise Unsupported("AES-CBC decrypts to something else")


def _keeps_secrets(session: LentSession) -> None:
    kek, seal = session.key(FIRST.kek), session.key(FIRST.seal)
    with session.desk as desk:
        blob = session.wrap(kek, session.create(desk.copy(bytearray(_SEED), Digest.SHA1)))
    _must_refuse("reading the KEK", lambda: session.attribute(kek, Cka.VALUE))
    _must_refuse("wrapping the seal key", lambda: session.wrap(kek, seal))
    _must_refuse(
        "unwrapping a seed that can be read",
        lambda: session.unwrap(kek, blob, templates.EXPOSED_SEED),
    )


def _must_refuse(what: str, attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except (Policy, Unsupported):
        return
    except HsmError as error:
        raise Unsupported(f"{what} ends in an error instead of a refusal ({error})") from error
    raise Unsupported(f"{what} is allowed")
