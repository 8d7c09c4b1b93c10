"""What a Signature says it covers, and by whose key it was made (XML Signature section 4).

signxml verifies it, and gets a skeleton: the root with nothing in it but the Signature. The whole
document it would build in memory several times over (580 MB for a file of 19 MB), and write it,
seeds and all, to a debug log.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn
from xml.etree import ElementTree as ET

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidDigest, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from importers.canonical import DS, Form, Method
from importers.errors import IntegrityFailure, Place, Unsupported, WrongKey
from importers.pskc.algorithms import shown

_ENVELOPED = f"{DS}enveloped-signature"
_INCLUSIVE_NAMESPACES = f"{{{Method.EXCLUSIVE.value}}}InclusiveNamespaces"
_FORMS = {method.value: method for method in Method}
# SHA-1 is left out: since 2020 two files with one SHA-1 digest can be made to order, and one
# signature is then good for both. RFC 6030's own figure 9 has it.
_HASHES = ("SHA256", "SHA384", "SHA512")
_DIGESTS = {DigestAlgorithm[name].value: DigestAlgorithm[name] for name in _HASHES}
_SIGNATURES = {
    SignatureMethod[spelling].value: SignatureMethod[spelling]
    for name in _HASHES
    for spelling in (f"RSA_{name}", f"{name}_RSA_MGF1", f"ECDSA_{name}")
}


@dataclass(frozen=True, slots=True)
class Pinned:
    """A certificate that the operator trusts to sign, the words for it, a time it is valid at."""

    certificate: x509.Certificate
    words: str
    within: datetime


def pinned(certificates: Sequence[bytes], place: Place) -> list[Pinned]:
    """The certificates in PEM files. Raises WrongKey for what is none."""
    try:
        return [
            _pinned(each) for pem in certificates for each in x509.load_pem_x509_certificates(pem)
        ]
    except ValueError:
        raise WrongKey(
            "a certificate that was given to verify the signature by cannot be read",
            place,
            "Give the maker's certificate as PEM, starting with -----BEGIN CERTIFICATE-----.",
        ) from None


def _pinned(certificate: x509.Certificate) -> Pinned:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    subject = certificate.subject.rfc4514_string()
    words = (
        f"{subject if subject.isprintable() else ascii(subject)} (certificate SHA-256 "
        f"{certificate.fingerprint(SHA256()).hex()}, valid {start:%Y-%m-%d} to {end:%Y-%m-%d})"
    )
    return Pinned(certificate, words, start)


def covered(skeleton: bytes, place: Place) -> Form:
    """The canonical form in which the Signature covers the whole file.

    Raises Unsupported for a signature that says anything else, or says it by weak algorithms.
    """

    def refuse(reason: str) -> NoReturn:
        raise Unsupported(reason, place, "Ask for one enveloped signature over the whole file.")

    def one(parent: ET.Element, name: str) -> ET.Element:
        found = parent.findall(f"{{{DS}}}{name}")
        if len(found) != 1:
            refuse(f"there are {len(found)} {name} elements in the signature, not one")
        return found[0]

    # Our own text, without a DOCTYPE: see `canonical`.
    root = ET.fromstring(skeleton)  # noqa: S314
    signed_info = one(one(root, "Signature"), "SignedInfo")
    reference = one(signed_info, "Reference")
    if reference.get("URI") not in {"", *(f"#{root.get(name)}" for name in ("Id", "id"))}:
        refuse("the signature refers to something else than the whole file")
    for element, known in (
        (one(signed_info, "CanonicalizationMethod"), _FORMS.keys()),
        (one(signed_info, "SignatureMethod"), _SIGNATURES.keys()),
        (one(reference, "DigestMethod"), _DIGESTS.keys()),
    ):
        uri = element.get("Algorithm")
        if uri not in known:
            name = element.tag.rpartition("}")[2]
            weak = "not taken, SHA-1 can be forged" if "sha1" in (uri or "") else "not read here"
            refuse(f"the signature's {name} {shown(uri)} is {weak}")
    transforms = list(one(reference, "Transforms"))
    if not transforms or transforms.pop(0).get("Algorithm") != _ENVELOPED:
        refuse("the signature does not cover the file as enveloped in it")
    form = Form(Method.INCLUSIVE)  # XML Signature section 4.4.3.2: the default
    if transforms:
        form = _form(transforms.pop(0)) or refuse("a transform is neither C14N 1.0 nor exclusive")
    if transforms:
        refuse("the signature transforms the file by more than C14N")
    return form


def _form(transform: ET.Element) -> Form | None:
    method = _FORMS.get(transform.get("Algorithm") or "")
    if method is None or [each for each in transform if each.tag != _INCLUSIVE_NAMESPACES]:
        return None
    prefixes = {word for each in transform for word in (each.get("PrefixList") or "").split()}
    return Form(method, frozenset("" if word == "#default" else word for word in prefixes))


class _OverWholeFile(XMLVerifier):
    """signxml, given a skeleton: where it would hash that, it takes the whole file's digest."""

    def __init__(self, digest: Callable[[str], bytes]) -> None:
        self._digest_of = digest

    def _get_digest(self, _skeleton: bytes, algorithm: DigestAlgorithm) -> bytes:
        return self._digest_of(algorithm.name.lower())


def signer(
    skeleton: bytes, certificates: Sequence[Pinned], digest: Callable[[str], bytes], place: Place
) -> Pinned:
    """The certificate whose key signed the file; `digest` gives the file's by a hash's name.

    Raises IntegrityFailure where it is none of them, or the file was changed after.
    """
    for each in certificates:
        try:
            _OverWholeFile(digest).verify(
                skeleton,
                x509_cert=each.certificate,
                expect_config=_expectations(each),
                validate_schema=False,  # signxml's knows no PrefixList, which makers do write
            )
        except InvalidDigest:
            raise IntegrityFailure(
                f"the file was changed after it was signed by {each.words}", place
            ) from None
        except (SignXMLException, UnsupportedAlgorithm, ValueError, TypeError):
            continue  # base64's errors come through as they are: no answer is a no
        return each
    raise IntegrityFailure(
        "the signature was made by none of the certificates given",
        place,
        "Check that the certificate is the maker's for this delivery; else do not use these "
        "tokens, and ask for the file again.",
    )


def _expectations(signer: Pinned) -> SignatureConfiguration:
    return SignatureConfiguration(
        location="./",
        expect_references=1,
        signature_methods=frozenset(_SIGNATURES.values()),
        digest_algorithms=frozenset(_DIGESTS.values()),
        ignore_ambiguous_key_info=True,  # what a file says of its own signer proves nothing
        verification_time=signer.within,
        default_reference_c14n_method=CanonicalizationMethod.CANONICAL_XML_1_0,
    )
