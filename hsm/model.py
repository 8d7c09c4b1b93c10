"""The words this package speaks: wrapped keys, digests, places and abilities."""

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path

from hsm.errors import Integrity, Policy

SEED_MIN_OCTETS = 16
"""RFC 4226 section 4, R6: a seed has at least 128 bit."""


class Digest(Enum):
    """A hash under HMAC (RFC 2104): its name, its size and its block in octets."""

    SHA1 = ("sha1", 20, 64)
    SHA256 = ("sha256", 32, 64)
    SHA512 = ("sha512", 64, 128)

    def __init__(self, algorithm: str, size: int, block: int) -> None:
        self.algorithm = algorithm
        self.size = size
        self.block = block

    def padded_length(self, seed_octets: int) -> int:
        """Octets of the zero-padded seed: 64, or 128 for a SHA-512 seed longer than 64.

        HMAC pads its key with zeros to the block itself, so codes stay the same, and
        two equal seeds pad alike whatever digest they serve.

        Raises:
            Policy: shorter than 128 bit, or longer than the HMAC block.
        """
        if not SEED_MIN_OCTETS <= seed_octets <= self.block:
            raise Policy(
                f"seed of {seed_octets} octets for HMAC-{self.name}: {SEED_MIN_OCTETS} to "
                f"{self.block} are accepted (RFC 4226 R6, RFC 2104). Nothing was stored; "
                "ask the manufacturer for a file with proper seeds"
            )
        return 64 if seed_octets <= 64 else 128


class Tier(Enum):
    """Where seeds may be seen while the module works on them."""

    INSIDE = "A"
    NARROW = "B"
    HOST = "C"


class BlobFormat(IntEnum):
    """How a wrapped key's octets came to be."""

    AES_KW = 1
    """RFC 3394 over the zero-padded seed."""


class Cipher(Enum):
    """What a manufacturer's transport key encrypts with."""

    AES_CBC_PAD = "aes-cbc-pad"
    """IV || AES-CBC with PKCS#7 padding (RFC 6030 section 6.1); keys of 16, 24 or 32 octets."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A seed under a KEK, safe to store; `length` counts the seed's octets before padding.

    Raises:
        Integrity: the blob cannot have come from `wrap`, whatever its KEK.
    """

    format: BlobFormat
    kek_id: str
    length: int
    blob: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not SEED_MIN_OCTETS <= self.length <= 128:
            raise Integrity(f"wrapped key says its seed has {self.length} octets: damaged record")
        if len(self.blob) != (72 if self.length <= 64 else 136):
            raise Integrity(f"wrapped key of {len(self.blob)} octets: damaged record")


@dataclass(frozen=True, slots=True)
class WrappedSeed:
    """A wrapped key, and the 16 keyed octets that equal seeds share within one vault."""

    key: WrappedKey
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Location:
    """Which PKCS#11 token of which library; the serial tells two of the same label apart."""

    library: Path
    token_label: str
    token_serial: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.token_label.encode()) <= 32:
            raise Policy("a PKCS#11 token's label has 1 to 32 octets")

    def __str__(self) -> str:
        return f"PKCS#11 token {self.token_label!r} of {self.library}"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the module was found to be, and how close to it seeds stay."""

    library: str
    import_tier: Tier
    verify_tier: Tier
    is_software: bool


@dataclass(frozen=True, slots=True)
class KeySummary:
    """One key that a ceremony made: what for, what it is, what it may do, where to find it."""

    purpose: str
    kind: str
    uses: tuple[str, ...]
    identifier: bytes
