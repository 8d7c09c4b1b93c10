"""Check values of symmetric keys as makers and custodians state them, for reading over the phone.

ANSI X9.24-1 annex A: the first octets of a block of zeros encrypted under the key; since its
edition of 2017, for AES, the first five of their CMAC (SP 800-38B).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from hsm.errors import Policy

Encrypt = Callable[[bytes], bytes]
"""One block under the key."""

_ZEROS_OCTETS: Final = 3
_CMAC_OCTETS: Final = 5
_HEX: Final = frozenset("0123456789ABCDEF")


@dataclass(frozen=True, slots=True)
class CheckValues:
    """In hexadecimal: by a block of zeros, 6 digits; by CMAC, 10 digits, for AES only."""

    zeros: str
    cmac: str = ""

    def has(self, stated: str) -> bool:
        """Whether this is what somebody states, who may group its digits, or cut CMAC's to 6.

        Raises:
            Policy: it is no check value at all.
        """
        digits = spelt(stated)
        return digits in {self.zeros, self.cmac, self.cmac[: 2 * _ZEROS_OCTETS]}


def spelt(stated: str) -> str:
    """A check value in one spelling: capitals, no blanks.

    Raises:
        Policy: it has not 6 or 10 hexadecimal digits. It is not repeated: it may be the key.
    """
    digits = "".join(stated.split()).replace("-", "").replace(":", "").upper()
    if len(digits) not in (2 * _ZEROS_OCTETS, 2 * _CMAC_OCTETS) or not _HEX.issuperset(digits):
        raise Policy(
            f"{len(stated)} characters are no check value: it has 6 hexadecimal digits, or "
            "10 where it is by CMAC"
        )
    return digits


def check_values(encrypt: Encrypt, block: int) -> CheckValues:
    """The check values of the key that `encrypt` uses, by two questions at most."""
    zeros = encrypt(bytes(block))
    plain = zeros[:_ZEROS_OCTETS].hex().upper()
    if block == 8:
        return CheckValues(plain)
    # CMAC of one whole block of zeros: the block is XORed with the subkey K1, which is all of it.
    return CheckValues(plain, encrypt(_doubled(zeros))[:_CMAC_OCTETS].hex().upper())


def in_memory(algorithm: str, key: bytearray | memoryview) -> CheckValues:
    """The same for a key that lies in memory: AES, or 3DES in 24 octets."""
    # cryptography takes 40 ms to import.
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers import Cipher, modes  # noqa: PLC0415
    from cryptography.hazmat.primitives.ciphers.algorithms import AES  # noqa: PLC0415

    # Typed for `bytes`, though any buffer will do: a key in `bytes` could not be wiped.
    make: Any = TripleDES if algorithm == "3DES" else AES
    cipher = Cipher(make(key), modes.ECB())  # noqa: S305 - what is asked for is single blocks
    return check_values(
        lambda octets: cipher.encryptor().update(octets), 8 if algorithm == "3DES" else 16
    )


def _doubled(block: bytes) -> bytes:
    """The subkey K1 (SP 800-38B section 6.1)."""
    number = int.from_bytes(block)
    doubled = (number << 1) & ((1 << 128) - 1)
    return (doubled ^ (0x87 if number >> 127 else 0)).to_bytes(16)
