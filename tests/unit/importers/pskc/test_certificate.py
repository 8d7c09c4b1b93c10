"""Files for a certificate: it is named, and only its private key opens them."""

import hashlib
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from importers import (
    CertificateName,
    Cipher,
    Instructions,
    IntegrityFailure,
    KeyMissing,
    Malformed,
    Passphrase,
    PreSharedKey,
    PrivateKey,
    UnderCertificate,
    Unsupported,
    WrongKey,
)
from tests.support.sealed_maker import Sealed, method_of, private_key, sealed, unlock_for
from tests.unit.importers.reading import changed, figure, opened, refused

RSA = Cipher.RSA_OAEP_SHA256
ALLOWED = Instructions(allow_unauthenticated=True)
FINGERPRINT = "e841966afeb6e39344ced984b94bee7b403b963db3ce985e3a2aa7c536cc297f"

ISSUER_SERIAL = (
    "<ds:X509IssuerSerial><ds:X509IssuerName>CN=CA</ds:X509IssuerName>"
    "<ds:X509SerialNumber>4711</ds:X509SerialNumber></ds:X509IssuerSerial>"
)


@cache
def certificate(*, elliptic: bool = False) -> x509.Certificate:
    """A certificate of `private_key()`, or of a key of another kind."""
    key = ec.generate_private_key(ec.SECP256R1()) if elliptic else private_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Bank\u202e")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 77)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
    return builder.not_valid_after(datetime(2027, 1, 1, tzinfo=UTC)).sign(key, SHA256())


def for_certificate(within: str, cipher: Cipher = RSA) -> str:
    return sealed(Sealed(cipher, encryption_key=f"<ds:X509Data>{within}</ds:X509Data>"))


def embedded(*, elliptic: bool = False, version: bytes = b"\x02") -> str:
    der = certificate(elliptic=elliptic).public_bytes(Encoding.DER)
    der = der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01" + version)
    return f"<ds:X509Certificate>{b64encode(der).decode()}</ds:X509Certificate>"


def test_figure_8_proves_nothing_about_its_value() -> None:
    error = refused(figure(8), PrivateKey(private_key()))
    assert type(error) is IntegrityFailure
    assert "allow values that are not authenticated" in error.remedy


def test_figure_8_names_its_certificate() -> None:
    error = refused(figure(8), instructions=ALLOWED)
    assert isinstance(error, KeyMissing)
    assert not error.passphrase
    assert (
        "encrypted for the certificate CN=PSKC Test,OU=KeyProv WG,O=IETF, serial number "
        f"1234862012, SHA-256 {FINGERPRINT}, and no key was given" in error.reason
    )


def test_figure_8_is_opened_by_no_other_private_key() -> None:
    error = refused(figure(8), PrivateKey(private_key()), instructions=ALLOWED)
    assert type(error) is WrongKey
    assert "not that of the certificate CN=PSKC Test" in error.reason


def test_figure_8s_certificate_was_typed_in_without_a_mistake() -> None:
    text = figure(8)
    start = text.index("<ds:X509Certificate>") + len("<ds:X509Certificate>")
    signed = x509.load_der_x509_certificate(b64decode(text[start : text.index("</ds:X509C")]))
    public = signed.public_key()
    assert isinstance(public, RSAPublicKey)
    numbers = public.public_numbers()
    # By hand: SHA-1 signatures are no longer verified by libraries.
    padded = pow(int.from_bytes(signed.signature, "big"), numbers.e, numbers.n).to_bytes(128, "big")
    assert padded.endswith(hashlib.sha1(signed.tbs_certificate_bytes).digest())


def test_the_certificates_private_key_opens_its_file() -> None:
    file = opened(for_certificate(embedded()), PrivateKey(private_key()))
    assert len(list(file)) == 1
    protection = file.header.protection
    assert isinstance(protection, UnderCertificate)
    assert protection.certificate == CertificateName(
        subject=ascii("CN=Bank\u202e"),
        serial_number=77,
        fingerprint=certificate().fingerprint(SHA256()).hex(),
    )
    assert file.header.key_name is None


def test_another_private_key_is_refused_before_anything_is_decrypted() -> None:
    error = refused(for_certificate(embedded()), PrivateKey(private_key(1)))
    assert type(error) is WrongKey
    assert "serial number 77" in error.reason
    assert "\u202e" not in str(error)


@pytest.mark.parametrize(
    ("within", "words"),
    [
        ("<ds:X509SubjectName>CN=Bank</ds:X509SubjectName>", "the certificate CN=Bank"),
        (
            ISSUER_SERIAL,
            "the certificate issued by CN=CA, serial number 4711",
        ),
        ("<ds:X509SKI>3q2+7w==</ds:X509SKI>", "the certificate key identifier deadbeef"),
        ("<ds:X509CRL>AAAA</ds:X509CRL><ds:X509CRL/>", "an RSA key"),
        ("", "an RSA key"),
    ],
)
def test_a_certificate_that_is_only_described_is_named_all_the_same(
    within: str, words: str
) -> None:
    error = refused(for_certificate(within))
    assert isinstance(error, KeyMissing)
    assert f"encrypted for {words}, and no key" in error.reason
    assert len(list(opened(for_certificate(within), PrivateKey(private_key())))) == 1


def test_an_rsa_key_may_be_named_without_a_certificate() -> None:
    file = opened(sealed(Sealed(RSA)), unlock_for(RSA))
    assert file.header.protection == UnderCertificate(RSA, "transport-key", None)
    assert 'the key named "transport-key"' in refused(sealed(Sealed(RSA))).reason


@pytest.mark.parametrize("unlock", [PreSharedKey(bytes(16)), Passphrase("pass")])
def test_nothing_but_a_private_key_opens_it(unlock: PreSharedKey | Passphrase) -> None:
    error = refused(for_certificate(embedded()), unlock)
    assert type(error) is WrongKey
    assert f"and {unlock.kind} was given" in error.reason


@pytest.mark.parametrize(
    "within",
    [
        "<ds:X509Certificate>AAAA</ds:X509Certificate>",
        "<ds:X509Certificate>!</ds:X509Certificate>",
        "<ds:X509Certificate/>",
        embedded(elliptic=True),
        embedded(version=b"\x6b"),
        embedded() * 2,
        "<ds:X509SKI>!</ds:X509SKI>",
        *(
            f"<ds:X509IssuerSerial><ds:X509SerialNumber>{number}</ds:X509SerialNumber>"
            "</ds:X509IssuerSerial>"
            for number in ("-1", "0x1", "9" * 50, "\u0661")
        ),
    ],
)
def test_a_certificate_that_cannot_be_read_is_malformed(within: str) -> None:
    assert isinstance(refused(for_certificate(within), PrivateKey(private_key())), Malformed)


def test_a_certificate_over_values_under_another_cipher_is_refused() -> None:
    error = refused(for_certificate(embedded(), Cipher.AES_128_CBC))
    assert isinstance(error, Unsupported)
    assert "its values are under AES-128-CBC" in error.reason


# --- OAEP's parameters -----------------------------------------------------------------------

XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
SHA1 = '<ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/>'
SHA256_DIGEST = f'<ds:DigestMethod Algorithm="{XENC}sha256"/>'
MD5 = '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#md5"/>'
MASK = '<xenc11:MGF Algorithm="{}mgf1{}"/>'


def oaep(uri: str, within: str, cipher: Cipher) -> str:
    method = changed(method_of(Cipher.RSA_OAEP_SHA1, uri), "></", f">{within}</")
    return sealed(Sealed(cipher, method=method))


@pytest.mark.parametrize(
    ("uri", "within", "cipher"),
    [
        (f"{XENC}rsa-oaep-mgf1p", "", Cipher.RSA_OAEP_SHA1),
        (f"{XENC}rsa-oaep-mgf1p", SHA1, Cipher.RSA_OAEP_SHA1),
        (f"{XENC11}rsa-oaep", "", Cipher.RSA_OAEP_SHA1),
        (f"{XENC11}rsa-oaep", SHA1 + MASK.format(XENC11, "sha1"), Cipher.RSA_OAEP_SHA1),
        (f"{XENC11}rsa-oaep", SHA256_DIGEST + MASK.format(XENC11, "sha256"), RSA),
    ],
)
def test_oaep_is_by_the_hash_of_its_parameters(uri: str, within: str, cipher: Cipher) -> None:
    file = opened(oaep(uri, within, cipher), PrivateKey(private_key()))
    assert file.header.protection == UnderCertificate(cipher, "transport-key", None)
    assert len(list(file)) == 1


@pytest.mark.parametrize(
    ("uri", "within"),
    [
        (f"{XENC}rsa-oaep-mgf1p", SHA256_DIGEST),
        (f"{XENC}rsa-oaep-mgf1p", SHA256_DIGEST + MASK.format(XENC11, "sha256")),
        (f"{XENC11}rsa-oaep", SHA256_DIGEST),
        (f"{XENC11}rsa-oaep", MASK.format(XENC11, "sha256")),
        (f"{XENC11}rsa-oaep", MD5),
        (f"{XENC11}rsa-oaep", MD5 + MASK.format(XENC11, "md5")),
        (f"{XENC11}rsa-oaep", "<xenc:OAEPparams>AAAA</xenc:OAEPparams>"),
    ],
)
def test_oaep_by_other_hashes_or_with_a_label_is_refused(uri: str, within: str) -> None:
    error = refused(oaep(uri, within, Cipher.RSA_OAEP_SHA1), PrivateKey(private_key()))
    assert isinstance(error, Unsupported)
