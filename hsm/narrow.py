"""Tier B: a plain seed is decrypted, padded and handed over within one locked page.

python-pkcs11 gives decrypted octets out as `bytes`, and 1 or 2 of 200 seeds could be read in
the process's memory afterwards. Here no Python object ever holds one: only the padding's
octets, one at a time, become integers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import addressof, byref, c_char, c_ulong, create_string_buffer, memmove

from hsm import templates
from hsm.cryptoki import Cryptoki, Mechanism
from hsm.errors import Integrity, Policy
from hsm.mechanisms import Ckm
from hsm.model import Digest
from hsm.page import LockedPage
from hsm.templates import Template

_AES_BLOCK = 16
_PADDED_MAX = 128
_CIPHERTEXT_MAX = _AES_BLOCK + _PADDED_MAX + _AES_BLOCK


class NarrowDesk:
    """One session's locked page: put a seed on it, `lift` it into the module, all is wiped."""

    def __init__(self, cryptoki: Cryptoki, session: int) -> None:
        self._cryptoki = cryptoki
        self._session = session
        self._page = LockedPage()
        self._template = templates.fresh_seed(
            (c_char * _PADDED_MAX).from_address(self._page.address)
        )
        self._value = self._template.array[self._template.count - 1]
        self._iv = create_string_buffer(_AES_BLOCK)
        self._cbc = Mechanism(Ckm.AES_CBC, addressof(self._iv), _AES_BLOCK)

    @contextmanager
    def copied(
        self, seed: bytearray | memoryview, digest: Digest
    ) -> Iterator[tuple[Template, int]]:
        """A plain seed's template for C_CreateObject, and its octets before padding.

        Raises:
            Policy: the seed is too short or too long for `digest`.
        """
        length = memoryview(seed).nbytes
        padded = digest.padded_length(length)
        try:
            memmove(self._page.address, (c_char * length).from_buffer(seed), length)
            self._value.length = padded
            yield self._template, length
        finally:
            self._page.wipe()

    @contextmanager
    def decrypted(
        self, key: int, ciphertext: bytes, digest: Digest
    ) -> Iterator[tuple[Template, int]]:
        """The same for IV || AES-CBC of the seed with PKCS#7 padding, under the object `key`.

        Raises:
            Integrity: the length or the padding is wrong.
            Policy: the seed is too short or too long for `digest`.
        """
        try:
            length = self._unpad(self._decrypt(key, ciphertext))
            self._value.length = digest.padded_length(length)
            yield self._template, length
        finally:
            self._page.wipe()

    def _decrypt(self, key: int, ciphertext: bytes) -> int:
        """Octets on the page, padding included.

        The module's own CBC_PAD is not asked: opencryptoki accepts garbage there.
        """
        if len(ciphertext) > _CIPHERTEXT_MAX:
            raise Policy(f"ciphertext of {len(ciphertext)} octets holds no seed: 160 at most")
        if len(ciphertext) < 2 * _AES_BLOCK or len(ciphertext) % _AES_BLOCK:
            raise _not_decryptable()
        memmove(self._iv, ciphertext, _AES_BLOCK)
        body, length = ciphertext[_AES_BLOCK:], c_ulong(_PADDED_MAX + _AES_BLOCK)
        self._cryptoki.decrypt_init(self._session, byref(self._cbc), key)
        self._cryptoki.decrypt(self._session, body, len(body), self._page.address, byref(length))
        return length.value

    def _unpad(self, length: int) -> int:
        """Octets of the seed; the padding becomes the first zeros of the HMAC key's."""
        octets = self._page.octets
        padding = octets[length - 1]
        if not 1 <= padding <= _AES_BLOCK:
            raise _not_decryptable()
        differing = 0
        for index in range(length - padding, length):
            differing |= octets[index] ^ padding
            octets[index] = 0
        if differing:
            raise _not_decryptable()
        return length - padding


def _not_decryptable() -> Integrity:
    # One message for every kind of damage: nobody learns which octet was wrong.
    return Integrity(
        "the encrypted seed does not decrypt to one: wrong transport key or damaged file. "
        "It was not stored"
    )
