"""Values encrypted for a certificate: which one, and whether a private key is its own."""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from importers import lexical
from importers.cipher import Cipher
from importers.errors import KeyMissing, Malformed, Place, WrongKey
from importers.header import CertificateName, UnderCertificate
from importers.pskc import grammar
from importers.secret import Secret
from importers.unlock import HeldKey, PrivateKey, Unlock
from importers.xml import Capture

_SERIAL_OCTETS = 20  # RFC 5280 section 4.1.2.2


@dataclass(frozen=True, slots=True)
class CertificateLock:
    """Opened by a private key; `public` is the certificate's key where the file holds it."""

    protection: UnderCertificate
    public: bytes | None
    place: Place

    def keys(self, unlock: Unlock | None) -> Iterator[Secret]:
        """The private key. Raises WrongKey where there is none, or the certificate's is another."""
        wanted = self._wanted()
        if unlock is None:
            reason = f"the file is encrypted for {wanted}, and no key was given"
            raise KeyMissing(reason, self.place, "Give its private key.", passphrase=False)
        if isinstance(unlock, HeldKey):
            yield unlock  # whose key it is shows when it opens something
            return
        if not isinstance(unlock, PrivateKey):
            reason = f"the file is encrypted for {wanted}, and {unlock.kind} was given"
            raise WrongKey(reason, self.place, "Give its private key.")
        if self.public not in {None, unlock.public}:
            reason = f"the private key given is not that of {wanted}"
            raise WrongKey(reason, self.place, "Give its private key.")
        yield unlock

    def _wanted(self) -> str:
        if self.protection.certificate is not None:
            return f"the certificate {self.protection.certificate}"
        name = self.protection.key_name
        return f'the key named "{name}"' if name else "an RSA key"


def certificate_lock(container: Capture, cipher: Cipher) -> CertificateLock:
    """Which certificate the container's values were encrypted for, if it says so."""
    place = container.place(grammar.X509_DATA)
    key_name = container.parsed(grammar.KEY_NAME, lexical.line)
    der = container.parsed(grammar.X509_CERTIFICATE, lexical.octets)
    if der is None:
        return CertificateLock(UnderCertificate(cipher, key_name, _told(container)), None, place)
    try:
        name, public = _read(der)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        place = container.place(grammar.X509_CERTIFICATE)
        raise Malformed("X509Certificate is no certificate of an RSA key", place) from None
    return CertificateLock(UnderCertificate(cipher, key_name, name), public, place)


def _read(der: bytes) -> tuple[CertificateName, bytes]:
    certificate = x509.load_der_x509_certificate(der)
    public = certificate.public_key()
    if not isinstance(public, RSAPublicKey):
        raise ValueError("another kind of key")  # noqa: TRY004 - a fault of the file, not a type
    subject = certificate.subject.rfc4514_string()[: lexical.MAX_TEXT]
    name = CertificateName(
        subject=subject if subject.isprintable() else ascii(subject),
        serial_number=certificate.serial_number,
        fingerprint=certificate.fingerprint(SHA256()).hex(),
    )
    return name, public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _told(container: Capture) -> CertificateName | None:
    key_id = container.parsed(grammar.X509_KEY_ID, lexical.octets)
    name = CertificateName(
        subject=container.parsed(grammar.X509_SUBJECT, lexical.line),
        issuer=container.parsed(grammar.X509_ISSUER, lexical.line),
        serial_number=container.parsed(grammar.X509_SERIAL, _serial_number),
        key_id=key_id.hex() if key_id else None,
    )
    return name if name != CertificateName() else None


def _serial_number(text: str) -> int:
    digits = text.strip()
    # 20 octets are 49 decimal digits at most.
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 49):
        raise ValueError(f"it is no number of up to {_SERIAL_OCTETS} octets")
    return int(digits)
