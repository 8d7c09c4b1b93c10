"""The ways to put a key under a KEK: formats of blobs, and the mechanism numbers that make them.

A format is what a blob is, for good; its number is what a module calls it. Standards and vendors
have several numbers for one format, and one number for several: CKM_AES_KEY_WRAP_PAD (0x210A) is
RFC 5649 to some and PKCS#7 with RFC 3394 to others. Only a known answer tells.
"""

from ctypes import byref
from dataclasses import dataclass, field
from typing import Final

from hsm.cryptoki import Mechanism
from hsm.mechanisms import Ckm
from hsm.model import BlobFormat

IV_OCTETS: Final = 16


@dataclass(frozen=True, slots=True)
class Wrapping:
    """A format by a mechanism number. `names` says whose number it is.

    `mechanism` is ready to pass; None where each blob has an IV of its own.
    """

    format: BlobFormat
    number: int
    names: str = field(default="PKCS#11", compare=False)
    mechanism: object = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        has_iv = self.format is BlobFormat.AES_CBC_PAD
        ready = None if has_iv else byref(Mechanism(self.number))
        object.__setattr__(self, "mechanism", ready)


KEY_WRAP: Final = Wrapping(BlobFormat.AES_KW, Ckm.AES_KEY_WRAP)
PADDED_KEY_WRAP: Final = Wrapping(BlobFormat.AES_KWP, Ckm.AES_KEY_WRAP_KWP)
CBC_PAD: Final = Wrapping(BlobFormat.AES_CBC_PAD, Ckm.AES_CBC_PAD)

STANDARD: Final = {each.format: each for each in (KEY_WRAP, PADDED_KEY_WRAP, CBC_PAD)}
"""By what number each format is opened, as long as the module knows it."""

ORDER: Final = (
    KEY_WRAP,
    PADDED_KEY_WRAP,
    # RFC 5649 in SoftHSM and others; SoftHSM 2.6 pads with zeros to 8 octets before, NSS by PKCS#7.
    Wrapping(BlobFormat.AES_KWP, Ckm.AES_KEY_WRAP_PAD),
    # From the vendors' documents, not run.
    Wrapping(BlobFormat.AES_KW, 0x8000_0170, "Luna"),
    Wrapping(BlobFormat.AES_KWP, 0x8000_0171, "Luna"),
    # With no, PKCS#5 and zero padding: which is which, the known answer tells.
    *(
        Wrapping(format_, number, "AWS CloudHSM")
        for format_ in (BlobFormat.AES_KW, BlobFormat.AES_KWP)
        for number in (0x8000_2109, 0x8000_216F, 0x8000_210A)
    ),
    CBC_PAD,
)
"""What new blobs are wrapped in: the first whose known answer is right. nShield has PKCS#11's."""
