"""What encrypts the values of a seed file (XML Encryption 1.0 and 1.1, RFC 6030 section 6)."""

from enum import Enum


class Mode(Enum):
    """How a cipher is used on one value, and what its octets are in the file."""

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
    """What encrypts the values of a file: algorithm, mode, and the key's length in octets.

    An RSA key has no length of its own here; `hash` is OAEP's, with MGF1 over the same one
    unless the name says otherwise.
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

    @property
    def has_integrity(self) -> bool:
        """Whether a changed value is noticed without a value MAC, and only a key holder made it."""
        return self.mode in {Mode.GCM, Mode.KEY_WRAP, Mode.PADDED_KEY_WRAP}

    @property
    def key_lengths(self) -> tuple[int, ...]:
        """Octets of key that it takes; a 3DES bundle of two keys uses the first one twice."""
        return (16, 24) if self.algorithm == "3DES" else (self.key_octets,)

    @property
    def block_octets(self) -> int:
        """Octets of a block, and of CBC's IV."""
        return 8 if self.algorithm == "3DES" else 16

    def __str__(self) -> str:
        return self.name.replace("_", "-").replace("DES3", "3DES")
