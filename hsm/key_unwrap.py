"""Key wraps undone on the locked page, out of single operations of a block cipher.

RFC 3394 (AES) and RFC 3657 (Camellia) are one algorithm over two ciphers, RFC 5649 puts a length
into its check value, RFC 3217 (3DES) is two passes of CBC. Every register lies on the page; what
becomes a Python object is the ciphertext, and single octets of check values.
"""

import hashlib
from collections.abc import Callable
from typing import Final, Protocol

from hsm.narrow import not_decryptable
from hsm.page import LockedPage

_CHECK: Final = b"\xa6" * 8  # RFC 3394 section 2.2.3.1
_PADDED_CHECK: Final = bytes.fromhex("a65959a6")  # RFC 5649 section 3
_DES3_IV: Final = bytes.fromhex("4adda22c79e82105")  # RFC 3217 section 3.1

# Where on the page: the plain value from 0 on, and clear of it the register A and its block.
_A: Final = 2048
_BLOCK: Final = slice(_A, _A + 16)
_OUT: Final = slice(_A, _A + 16 + 15)  # a block more than is written: `update_into` asks for it
_MIDDLE: Final = 3072


class BlockDecryptor(Protocol):
    """A cipher in ECB mode, as `cryptography` has it."""

    def update_into(self, octets: memoryview, into: memoryview) -> int:
        """Decrypt whole blocks; how many octets were written."""


CbcDecrypt = Callable[[bytes, bytes | memoryview, memoryview], None]
"""Decrypts, under an IV, whole blocks into a part of the page that is 7 octets longer."""


def unwrap(page: LockedPage, ecb: BlockDecryptor, wrapped: bytes) -> int:
    """Octets put on the page (RFC 3394 section 2.2.2).

    Raises:
        Integrity: the check value is another.
    """
    if len(wrapped) < 24:
        raise not_decryptable()
    _unwind(page, ecb, wrapped)
    if _difference(page, _A, _CHECK):
        raise not_decryptable()
    return len(wrapped) - 8


def unwrap_padded(page: LockedPage, ecb: BlockDecryptor, wrapped: bytes) -> int:
    """The same of any length (RFC 5649 section 4.2), zeros behind it.

    Raises:
        Integrity: the check value, the length or the padding is wrong.
    """
    octets, longest = page.octets, len(wrapped) - 8
    if len(wrapped) == 16:
        page.view[_BLOCK] = wrapped
        ecb.update_into(page.view[_BLOCK], page.view[_OUT])
        page.view[:8] = page.view[_A + 8 : _A + 16]
    else:
        _unwind(page, ecb, wrapped)
    length = int.from_bytes(page.view[_A + 4 : _A + 8])
    differing = _difference(page, _A, _PADDED_CHECK)
    fits = longest - 8 < length <= longest
    for index in range(longest - 8, longest):
        differing |= octets[index] * (fits and index >= length)
    if differing or not fits:
        raise not_decryptable()
    return length


def unwrap_des3(page: LockedPage, cbc: CbcDecrypt, wrapped: bytes) -> int:
    """The same under 3DES (RFC 3217 section 3.2), of any length that 8 divides.

    Raises:
        Integrity: the checksum is another.
    """
    if len(wrapped) < 24:
        raise not_decryptable()
    view, end = page.view, len(wrapped)
    middle, length = view[_MIDDLE : _MIDDLE + end], end - 16
    cbc(_DES3_IV, wrapped, view[: end + 7])
    # The outer layer is off: backwards, this is the IV and the ciphertext of the inner one.
    middle[:] = view[:end][::-1]
    view[:end] = bytes(end)
    cbc(bytes(middle[:8]), middle[8:], view[: end - 8 + 7])
    checksum = hashlib.sha1(view[:length], usedforsecurity=False).digest()[:8]
    differing = _difference(page, length, checksum)
    view[length:end] = bytes(end - length)
    if differing:
        raise not_decryptable()
    return length


def _unwind(page: LockedPage, ecb: BlockDecryptor, wrapped: bytes) -> None:
    """RFC 3394's six rounds backwards: A at its place, the registers R from 0 on."""
    view, count = page.view, len(wrapped) // 8 - 1
    view[_A : _A + 8] = wrapped[:8]
    view[: 8 * count] = wrapped[8:]
    registers = [view[8 * index : 8 * index + 8] for index in range(count)]
    block, right, output = view[_BLOCK], view[_A + 8 : _A + 16], view[_OUT]
    for step in range(6 * count, 0, -1):
        register = registers[(step - 1) % count]
        block[7] ^= step  # 6 x 17 steps at most: one octet holds them
        right[:] = register
        ecb.update_into(block, output)
        register[:] = right


def _difference(page: LockedPage, start: int, expected: bytes) -> int:
    """0 when the page has `expected` there; found in the same time wherever they differ."""
    differing = 0
    for index, octet in enumerate(expected, start):
        differing |= page.octets[index] ^ octet
    return differing
