"""The words this package speaks: wrapped keys, digests, places and abilities."""

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path
from typing import Final

from hsm.errors import Integrity, Policy

SEED_MIN_OCTETS = 16
"""RFC 4226 section 4, R6: a seed has at least 128 bit."""

SEED_MIN_ALLOWED_OCTETS = 10
"""What an operator may let pass all the same: older tokens have 80 bit."""


class Digest(Enum):
    """A hash under HMAC (RFC 2104): its name, its size and its block in octets."""

    SHA1 = ("sha1", 20, 64)
    SHA256 = ("sha256", 32, 64)
    SHA512 = ("sha512", 64, 128)

    def __init__(self, algorithm: str, size: int, block: int) -> None:
        self.algorithm = algorithm
        self.size = size
        self.block = block

    def padded_length(self, seed_octets: int, shortest: int = SEED_MIN_OCTETS) -> int:
        """Octets of the zero-padded seed: 64, or 128 for a SHA-512 seed longer than 64.

        HMAC pads its key with zeros to the block itself, so codes stay the same, and
        two equal seeds pad alike whatever digest they serve.

        Raises:
            Policy: shorter than `shortest`, or longer than the HMAC block.
        """
        if not shortest <= seed_octets <= self.block:
            raise Policy(
                f"seed of {seed_octets} octets for HMAC-{self.name}: {shortest} to "
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
    AES_KWP = 2
    """RFC 5649, of a seed that is zero-padded or as it is."""
    AES_CBC_PAD = 3
    """IV || AES-CBC with PKCS#7 padding, of either. Nothing in it shows that it was changed."""

    def blob_octets(self, length: int) -> frozenset[int]:
        """How long the blob of a seed of `length` octets may be."""
        padded = 64 if length <= 64 else 128
        if self is BlobFormat.AES_KW:
            return frozenset({padded + 8})
        if self is BlobFormat.AES_KWP:
            return frozenset({octets + -octets % 8 + 8 for octets in (padded, length)})
        return frozenset({16 + octets + 16 - octets % 16 for octets in (padded, length)})


class Mode(Enum):
    """How a cipher is used on one value, and what the value's octets are."""

    CBC = "CBC"
    """IV || blocks, padded (XML Encryption section 5.2); nothing shows that they were changed."""
    GCM = "GCM"
    """12 octets of IV || ciphertext || 16 octets of tag (XML Encryption 1.1 section 5.2.4)."""
    KEY_WRAP = "KW"
    """RFC 3394; RFC 3657 for Camellia; RFC 3217 for 3DES. Its own check value is inside."""
    PADDED_KEY_WRAP = "KWP"
    """RFC 5649: key wrap of any length."""
    RSA_1_5 = "1_5"
    """One RSA operation a value, PKCS#1 v1.5 padding (RFC 8017 section 7.2)."""
    RSA_OAEP = "OAEP"
    """One RSA operation a value, OAEP (RFC 8017 section 7.1)."""


class Cipher(Enum):
    """What a manufacturer's transport key encrypts with: algorithm, mode, octets of the key.

    An RSA key has no length of its own here; `hash` is OAEP's, with MGF1 over the same one.
    A 3DES key of 16 octets is taken as well: K1 || K2 stands for K1 || K2 || K1.
    """

    AES_128_CBC = ("AES", Mode.CBC, 16)
    AES_192_CBC = ("AES", Mode.CBC, 24)
    AES_256_CBC = ("AES", Mode.CBC, 32)
    DES3_CBC = ("3DES", Mode.CBC, 24)
    CAMELLIA_128_CBC = ("CAMELLIA", Mode.CBC, 16)
    CAMELLIA_192_CBC = ("CAMELLIA", Mode.CBC, 24)
    CAMELLIA_256_CBC = ("CAMELLIA", Mode.CBC, 32)
    AES_128_GCM = ("AES", Mode.GCM, 16)
    AES_192_GCM = ("AES", Mode.GCM, 24)
    AES_256_GCM = ("AES", Mode.GCM, 32)
    AES_128_KW = ("AES", Mode.KEY_WRAP, 16)
    AES_192_KW = ("AES", Mode.KEY_WRAP, 24)
    AES_256_KW = ("AES", Mode.KEY_WRAP, 32)
    AES_128_KWP = ("AES", Mode.PADDED_KEY_WRAP, 16)
    AES_192_KWP = ("AES", Mode.PADDED_KEY_WRAP, 24)
    AES_256_KWP = ("AES", Mode.PADDED_KEY_WRAP, 32)
    DES3_KW = ("3DES", Mode.KEY_WRAP, 24)
    CAMELLIA_128_KW = ("CAMELLIA", Mode.KEY_WRAP, 16)
    CAMELLIA_192_KW = ("CAMELLIA", Mode.KEY_WRAP, 24)
    CAMELLIA_256_KW = ("CAMELLIA", Mode.KEY_WRAP, 32)
    RSA_1_5 = ("RSA", Mode.RSA_1_5, 0)
    RSA_OAEP_SHA1 = ("RSA", Mode.RSA_OAEP, 0, "SHA1")
    RSA_OAEP_SHA256 = ("RSA", Mode.RSA_OAEP, 0, "SHA256")

    def __init__(self, algorithm: str, mode: Mode, key_octets: int, hash_: str = "") -> None:
        self.algorithm = algorithm
        self.mode = mode
        self.key_octets = key_octets
        self.hash = hash_
        self.block = 8 if algorithm == "3DES" else 16

    def __str__(self) -> str:
        return self.name.replace("_", "-").replace("DES3", "3DES")


class TransportKind(Enum):
    """What a transport key on the PKCS#11 token is: algorithm, octets of the key or the modulus."""

    AES_128 = ("AES", 16)
    AES_192 = ("AES", 24)
    AES_256 = ("AES", 32)
    DES3 = ("3DES", 24)
    RSA_2048 = ("RSA", 256)
    RSA_3072 = ("RSA", 384)
    RSA_4096 = ("RSA", 512)

    def __init__(self, algorithm: str, octets: int) -> None:
        self.algorithm = algorithm
        self.octets = octets

    def __str__(self) -> str:
        return "3DES" if self is TransportKind.DES3 else self.name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a seed is taken over.

    `authenticated`: a MAC or a signature over the encrypted value was right. Only then may the
    padding be XML Encryption's, where the last octet alone counts, besides PKCS#7's.
    `shortest`: how many octets a seed must have, 10 at least.
    `exportable`: a second copy is kept that can be handed on, see `Keystore.export_encrypted`.
    `inside_only`: refuse what the module cannot take over inside itself (tier A).

    Raises:
        Policy: `shortest` is below 10.
    """

    authenticated: bool = False
    shortest: int = SEED_MIN_OCTETS
    exportable: bool = False
    inside_only: bool = False

    def __post_init__(self) -> None:
        if self.shortest < SEED_MIN_ALLOWED_OCTETS:
            raise Policy(
                f"seeds of {self.shortest} octets are guessed too easily: the least that may be "
                f"allowed is {SEED_MIN_ALLOWED_OCTETS}"
            )


STRICT = Terms()


_BLOB_OCTETS: Final = {
    (format_, length): format_.blob_octets(length)
    for format_ in BlobFormat
    for length in range(SEED_MIN_ALLOWED_OCTETS, 129)
}


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
        if not SEED_MIN_ALLOWED_OCTETS <= self.length <= 128:
            raise Integrity(f"wrapped key says its seed has {self.length} octets: damaged record")
        if len(self.blob) not in _BLOB_OCTETS[self.format, self.length]:
            raise Integrity(f"wrapped key of {len(self.blob)} octets: damaged record")


@dataclass(frozen=True, slots=True)
class WrappedSeed:
    """A wrapped key, and the 16 keyed octets that equal seeds share within one vault.

    `tier` is the one by which this seed came in. `export_blob`: the second copy of an exportable
    seed, under the export key.
    """

    key: WrappedKey
    fingerprint: bytes
    tier: Tier
    export_blob: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HandedOn:
    """A seed encrypted for a recipient, and its MAC where the cipher needs one."""

    value: bytes
    mac: bytes | None


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
    """What the module was found to be, and how close to it seeds stay.

    `import_tier` is the best that it can do: a seed that needs more comes in by tier B.
    `by_software`: ciphers that the module lacks. This package's own process decrypts them, into
    its locked page; the transport key is then in the process's memory.
    """

    library: str
    import_tier: Tier
    verify_tier: Tier
    is_software: bool
    blob_format: BlobFormat
    by_software: tuple[Cipher, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyReport:
    """One key as its module shows it: what for, what it is, what it may do, where to find it.

    `attributes` are PKCS#11's, by name. `check_value` tells the key from every other one.
    """

    name: str
    purpose: str
    kind: str
    uses: tuple[str, ...]
    identifier: bytes
    attributes: tuple[tuple[str, bool], ...]
    check_value: str


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key that a ceremony made, and its copy under the recovery key where there is one."""

    report: KeyReport
    copy: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class TransportReport:
    """A transport key as its module shows it. `attributes` are PKCS#11's, by name.

    `answer`, to the known question, tells the key from every other one at any time: what a block
    of zeros decrypts to, in part; of an RSA pair, what its public half hashes to.
    `public_key`: that half, as SubjectPublicKeyInfo in DER.
    """

    label: str
    kind: TransportKind
    uses: tuple[str, ...]
    attributes: tuple[tuple[str, bool], ...]
    answer: str
    public_key: bytes | None = None


class Way(Enum):
    """By what way a transport key came into the module, as people read it."""

    INSIDE = "unwrapped inside the module"
    BY_PAGE = "through one locked page of this process's memory"


@dataclass(frozen=True, slots=True)
class ImportedKey:
    """A transport key that came from outside, its check values, and by what way it came.

    `report` is None where it was only looked at.
    """

    zeros: str
    cmac: str
    way: Way
    report: TransportReport | None
