"""Tier B: a plain seed is decrypted, padded and handed over within one locked page.

python-pkcs11 gives decrypted octets out as `bytes`, and 1 or 2 of 200 seeds could be read in
the process's memory afterwards. Here no Python object ever holds one: only single octets, one at
a time, become integers.
"""

from ctypes import addressof, byref, c_char, c_ulong, create_string_buffer, memmove, sizeof
from typing import Final, Self

from hsm import templates
from hsm.cryptoki import Cryptoki, GcmParameters, Mechanism
from hsm.errors import Integrity, Policy
from hsm.mechanisms import Ckm
from hsm.model import STRICT, Cipher, Digest, Mode, Terms
from hsm.page import PAGE_OCTETS, LockedPage
from hsm.templates import Template

IV_OCTETS: Final = {Mode.CBC: 16, Mode.GCM: 12}
TAG_OCTETS: Final = 16

_PADDED_MAX = 128
_OUTPUT_MAX = PAGE_OCTETS // 2
_RSA_MAX = 1024  # a key of 8192 bit

# What a mode adds to a value of whole blocks: IV and a block of padding, IV and tag, check values.
_OVERHEAD = {Mode.CBC: 32, Mode.GCM: 12 + TAG_OCTETS, Mode.KEY_WRAP: 16, Mode.PADDED_KEY_WRAP: 8}


class NarrowDesk:
    """One session's locked page: put a seed on it, take its template; the block's end wipes all.

    What is put there begins at the page's first octet, and zeros follow it.
    """

    def __init__(self, cryptoki: Cryptoki, session: int) -> None:
        self._cryptoki = cryptoki
        self._session = session
        self.page = LockedPage()
        self._template = templates.fresh_seed(
            (c_char * _PADDED_MAX).from_address(self.page.address)
        )
        self._value = self._template.array[self._template.count - 1]
        self._iv = create_string_buffer(16)
        iv = addressof(self._iv)
        self._aes_cbc = byref(Mechanism(Ckm.AES_CBC, iv, 16))
        self._des3_cbc = byref(Mechanism(Ckm.DES3_CBC, iv, 8))
        self._gcm_parameters = GcmParameters(iv, 12, 96, None, 0, 8 * TAG_OCTETS)
        self._gcm = byref(
            Mechanism(Ckm.AES_GCM, addressof(self._gcm_parameters), sizeof(GcmParameters))
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.page.wipe()

    def template(self, length: int, digest: Digest, terms: Terms = STRICT) -> Template:
        """What C_CreateObject makes of the page's first `length` octets, padded with zeros.

        Raises:
            Policy: the seed is too short or too long for `digest`.
        """
        self._value.length = digest.padded_length(length, terms.shortest)
        return self._template

    def copy(self, seed: bytearray | memoryview, digest: Digest, terms: Terms = STRICT) -> Template:
        """The same for a plain seed, which is put on the page."""
        length = memoryview(seed).nbytes
        template = self.template(length, digest, terms)
        memmove(self.page.address, (c_char * length).from_buffer(seed), length)
        return template

    def decrypt_cbc(self, key: int, cipher: Cipher, value: bytes) -> int:
        """Octets put on the page, padding included, by the module's object `key`.

        The module's own CBC_PAD is not asked: opencryptoki accepts garbage there.
        """
        block = cipher.block
        memmove(self._iv, value, block)
        return self.decrypt(self._aes_cbc if block == 16 else self._des3_cbc, key, value[block:])

    def decrypt_gcm(self, key: int, value: bytes) -> int:
        """Octets put on the page, whose tag was right.

        A module should say that a tag is wrong; SoftHSM 2.6 has one error for all there is.
        """
        memmove(self._iv, value, 12)
        return self.decrypt(self._gcm, key, value[12:])

    def decrypt(self, mechanism: object, key: int, octets: bytes) -> int:
        """Octets put on the page by C_Decrypt."""
        length = c_ulong(_OUTPUT_MAX)
        self._cryptoki.decrypt_init(self._session, mechanism, key)
        self._cryptoki.decrypt(self._session, octets, len(octets), self.page.address, byref(length))
        return length.value

    def unpad(self, length: int, block: int, *, authenticated: bool) -> int:
        """Octets of the value without its padding, which becomes the first zeros of the HMAC key's.

        Raises:
            Integrity: the padding is none. Unless the value was authenticated, all of it counts.
        """
        octets = self.page.octets
        padding = octets[length - 1]
        if not 1 <= padding <= block:
            raise not_decryptable()
        differing = 0
        for index in range(length - padding, length):
            differing |= octets[index] ^ padding
            octets[index] = 0
        if differing and not authenticated:
            raise not_decryptable()
        return length - padding

    def encrypt_cbc(self, key: int, length: int, iv: bytes) -> bytes:
        """IV || AES-CBC of the page's first octets, by the module; PKCS#7 padding is put there."""
        padding = 16 - length % 16
        for index in range(length, length + padding):
            self.page.octets[index] = padding
        memmove(self._iv, iv, 16)
        return iv + self.encrypt(self._aes_cbc, key, length + padding)

    def encrypt_gcm(self, key: int, length: int, iv: bytes) -> bytes:
        """IV || AES-GCM of the page's first octets || tag, by the module."""
        memmove(self._iv, iv, 12)
        return iv + self.encrypt(self._gcm, key, length)

    def encrypt(self, mechanism: object, key: int, length: int) -> bytes:
        """What C_Encrypt makes of the page's first `length` octets."""
        output = create_string_buffer(_RSA_MAX)
        size = c_ulong(_RSA_MAX)
        self._cryptoki.encrypt_init(self._session, mechanism, key)
        self._cryptoki.encrypt(self._session, self.page.address, length, output, byref(size))
        return output.raw[: size.value]


def check_length(cipher: Cipher, octets: int) -> None:
    """Return only when a value of so many octets may hold a seed.

    Raises:
        Policy: it is longer than any seed's.
        Integrity: it has not the shape that `cipher` gives.
    """
    longest = _PADDED_MAX + _OVERHEAD[cipher.mode] if cipher.mode in _OVERHEAD else _RSA_MAX
    if octets > longest:
        raise Policy(f"ciphertext of {octets} octets holds no seed: {longest} at most")
    if cipher.mode is Mode.CBC:
        whole = octets >= 2 * cipher.block and octets % cipher.block == 0
    elif cipher.mode is Mode.GCM:
        whole = octets >= 12 + TAG_OCTETS
    elif cipher.mode in _OVERHEAD:
        whole = octets >= 16 and octets % 8 == 0
    else:
        whole = octets > 0
    if not whole:
        raise not_decryptable()


def not_decryptable() -> Integrity:
    """One message for every kind of damage: nobody learns which octet was wrong."""
    return Integrity(
        "the encrypted seed does not decrypt to one: wrong transport key or damaged file. "
        "It was not stored"
    )
