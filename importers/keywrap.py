"""Key wraps that `cryptography` does not offer: Camellia's and 3DES's, unwrapping only.

For the keys of value MACs. Seeds are unwrapped where they may be seen.
"""

import hashlib
import hmac

from cryptography.hazmat.decrepit.ciphers.algorithms import Camellia, TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

_CHECK = b"\xa6" * 8  # RFC 3394 section 2.2.3.1
_OUTER_IV = bytes.fromhex("4adda22c79e82105")  # RFC 3217 section 3.1


def unwrap_camellia(key: bytes, wrapped: bytes) -> bytes:
    """RFC 3394 section 2.2.2 over Camellia, as RFC 3657 section 3 has it.

    Raises ValueError for another key, and for what was changed or is no wrapped key.
    """
    if len(wrapped) < 24 or len(wrapped) % 8:
        raise ValueError("no wrapped key has this length")
    check, *registers = (wrapped[at : at + 8] for at in range(0, len(wrapped), 8))
    decryptor = Cipher(Camellia(key), ECB()).decryptor()  # noqa: S305 - one block of RFC 3394
    for step in range(6 * len(registers), 0, -1):
        at = (step - 1) % len(registers)
        counted = int.from_bytes(check, "big") ^ step
        block = decryptor.update(counted.to_bytes(8, "big") + registers[at])
        check, registers[at] = block[:8], block[8:]
    if not hmac.compare_digest(check, _CHECK):
        raise ValueError("the check value is wrong")
    return b"".join(registers)


def unwrap_3des(key: bytes, wrapped: bytes) -> bytes:
    """RFC 3217 section 3.2, for any whole blocks (XML Encryption section 5.6.1).

    Raises ValueError for another key, and for what was changed or is no wrapped key.
    """
    if len(wrapped) < 24 or len(wrapped) % 8:
        raise ValueError("no wrapped key has this length")
    reversed_ = _decrypted(key, _OUTER_IV, wrapped)[::-1]
    checked = _decrypted(key, reversed_[:8], reversed_[8:])
    unwrapped, check = checked[:-8], checked[-8:]
    digest = hashlib.sha1(unwrapped, usedforsecurity=False).digest()
    if not hmac.compare_digest(check, digest[:8]):
        raise ValueError("the check value is wrong")
    return unwrapped


def _decrypted(key: bytes, iv: bytes, blocks: bytes) -> bytes:
    decryptor = Cipher(TripleDES(key), CBC(iv)).decryptor()
    return decryptor.update(blocks) + decryptor.finalize()
