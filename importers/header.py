"""What a seed file says about itself before its first token: its format and its protection."""

from dataclasses import dataclass
from enum import Enum

from importers.cipher import Cipher
from importers.model import WarningCode
from importers.secret import Secret


class MacAlgorithm(Enum):
    """What authenticates the values of a file; the value is `hashlib`'s name of the hash."""

    HMAC_SHA1 = "sha1"
    HMAC_SHA224 = "sha224"
    HMAC_SHA256 = "sha256"
    HMAC_SHA384 = "sha384"
    HMAC_SHA512 = "sha512"

    def __str__(self) -> str:
        return self.name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Plain:
    """Nothing: the seeds stand in the file in the clear."""


@dataclass(frozen=True, slots=True)
class UnderPreSharedKey:
    """A key agreed beforehand; `key_name` is what the file calls it (ds:KeyName)."""

    cipher: Cipher
    key_name: str | None


@dataclass(frozen=True, slots=True)
class UnderPassphrase:
    """A key derived from a passphrase by PBKDF2 over HMAC with `prf` (RFC 8018 section 5.2).

    `salt_octets` and `key_octets` are lengths.
    """

    cipher: Cipher
    key_name: str | None
    prf: MacAlgorithm
    iterations: int
    salt_octets: int
    key_octets: int


@dataclass(frozen=True, slots=True)
class CertificateName:
    """What a file says of the certificate it was encrypted for; hexadecimal digits where octets.

    `fingerprint` is SHA-256 over the certificate, `key_id` its subject key identifier.
    """

    subject: str | None = None
    issuer: str | None = None
    serial_number: int | None = None
    fingerprint: str | None = None
    key_id: str | None = None

    def __str__(self) -> str:
        parts = (
            self.subject,
            self.issuer and f"issued by {self.issuer}",
            None if self.serial_number is None else f"serial number {self.serial_number}",
            self.key_id and f"key identifier {self.key_id}",
            self.fingerprint and f"SHA-256 {self.fingerprint}",
        )
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class UnderCertificate:
    """An RSA key pair: every value is encrypted for the certificate's public key.

    `certificate` is None where the file names the key only, or not even that.
    """

    cipher: Cipher
    key_name: str | None
    certificate: CertificateName | None


Protection = Plain | UnderPreSharedKey | UnderPassphrase | UnderCertificate


class TransportKey(Secret):
    """The key that decrypts the file's values, and for which cipher.

    `cipher.key_octets` long (a 3DES bundle of two keys is 24 octets here); RSA: PKCS#8 in DER.
    """

    __slots__ = ("cipher",)

    def __init__(self, octets: bytes | bytearray, cipher: Cipher) -> None:
        super().__init__(octets)
        self.cipher = cipher


class HeldTransportKey(TransportKey):
    """A key that whoever decrypts the values holds already, under a label; no octets of it."""

    __slots__ = ("label",)

    def __init__(self, label: str, cipher: Cipher) -> None:
        super().__init__(b"", cipher)
        self.label = label


@dataclass(frozen=True, slots=True)
class Header:
    """A file's format, such as "PSKC 1.0", and its protection.

    `value_macs` is None where there are none: in a plain file, under a cipher that needs none, or
    where the operator allows it. Whether a file is signed cannot stand here: PSKC's
    signature comes last. See `SeedFile.signed`.
    """

    format: str
    protection: Protection
    value_macs: MacAlgorithm | None
    warnings: tuple[WarningCode, ...] = ()

    @property
    def key_name(self) -> str | None:
        """What the file calls the key that opens it, to ask for it by that name."""
        return None if isinstance(self.protection, Plain) else self.protection.key_name
