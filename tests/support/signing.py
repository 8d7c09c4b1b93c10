"""Signs seed files as a maker would, with keys and certificates made for one test run."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import SignatureReference, XMLSigner

EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
INCLUSIVE = CanonicalizationMethod.CANONICAL_XML_1_0
RSA_SHA256 = SignatureMethod.RSA_SHA256
SHA256_DIGEST = DigestAlgorithm.SHA256


@dataclass(frozen=True, slots=True)
class Maker:
    """Whoever signs: a key and its self-made certificate."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate, as an operator would be given it."""
        return self.certificate.public_bytes(Encoding.PEM)


@cache
def maker(name: str = "Maker", *, curve: bool = False, made: int = 2026) -> Maker:
    """A maker with an RSA or P-256 key, whose certificate holds for two years from `made`."""
    key = (
        ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, 2048)
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(made, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=730))
        .sign(key, SHA256())
    )
    return Maker(key, certificate)


class _AnyAlgorithm(XMLSigner):
    """signxml's signer, which also signs by SHA-1: makers did."""

    def check_deprecated_methods(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Signing:
    """How to sign. `references`: the URI of each Reference; by default the root's
    Id, or where it has none the document.
    """

    c14n: CanonicalizationMethod = EXCLUSIVE
    method: SignatureMethod = RSA_SHA256
    digest: DigestAlgorithm = SHA256_DIGEST
    references: tuple[str, ...] = ()
    names_c14n: bool = True


def signed(content: str | bytes, by: Maker, how: Signing | None = None) -> bytes:
    """The document with a Signature as the root's last child."""
    how = how or Signing()
    octets = content.encode() if isinstance(content, str) else content
    signer = _AnyAlgorithm(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=how.method,
        digest_algorithm=how.digest,
        c14n_algorithm=how.c14n,
    )
    references = [SignatureReference(uri, how.c14n) for uri in how.references]
    root = signer.sign(
        etree.fromstring(octets),
        key=by.key,
        cert=[by.pem.decode()],
        reference_uri=references or None,
        exclude_c14n_transform_element=not how.names_c14n,
    )
    tree = etree.ElementTree(root)
    made: bytes = etree.tostring(tree, xml_declaration=True, encoding="UTF-8")
    return made


_SIGNED_INFO = """<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">\
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#">\
</ds:CanonicalizationMethod><ds:SignatureMethod \
Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod>\
<ds:Reference URI=""><ds:Transforms><ds:Transform \
Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform><ds:Transform \
Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"><ec:InclusiveNamespaces \
xmlns:ec="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{prefixes}">\
</ec:InclusiveNamespaces></ds:Transform></ds:Transforms><ds:DigestMethod \
Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod>\
<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"""


def signed_with_prefixes(content: str, by: Maker, *prefixes: str) -> bytes:
    """The document signed with a PrefixList, which signxml's signer leaves out: by lxml alone."""
    canonical = etree.tostring(
        etree.fromstring(content.encode()),
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=list(prefixes),
    )
    digest = b64encode(hashlib.sha256(canonical).digest()).decode()
    signed_info = _SIGNED_INFO.format(prefixes=" ".join(prefixes), digest=digest)
    assert isinstance(by.key, rsa.RSAPrivateKey)
    value = by.key.sign(signed_info.encode(), PKCS1v15(), SHA256())
    signature = (
        f'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{signed_info}'
        f"<ds:SignatureValue>{b64encode(value).decode()}</ds:SignatureValue></ds:Signature>"
    )
    return content.replace("</KeyContainer>", f"{signature}</KeyContainer>").encode()
