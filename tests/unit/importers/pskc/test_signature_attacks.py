"""What the named signer did not sign as a whole file is refused, and nothing of it is read."""

from io import BytesIO

import pytest
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from importers import (
    Instructions,
    IntegrityFailure,
    LimitExceeded,
    Limits,
    Malformed,
    Unsupported,
    WrongKey,
    open_seed_file,
)
from tests.support.signing import (
    Signing,
    maker,
    signed,
)
from tests.unit.importers.reading import changed
from tests.unit.importers.signed_files import (
    C14N,
    DS,
    PLAIN,
    PSKC,
    SERIALS,
    SIGNED,
    Changing,
    Tree,
    edited,
    open_stream,
    refused,
    replaced,
    serials,
)


def test_a_file_without_a_signature_is_refused_as_stripped() -> None:
    error = refused(PLAIN.encode())
    assert type(error) is IntegrityFailure
    assert "there is none" in error.reason
    assert "taken off" in error.remedy


@pytest.mark.parametrize("content", [b"serial,seed\n1,31", b"<Tokens/>", b"", b"<!--"])
def test_a_file_of_another_format_is_refused_as_stripped(content: bytes) -> None:
    assert isinstance(refused(content), IntegrityFailure | Malformed)


def test_a_signature_by_another_key_is_refused_whatever_certificate_it_carries() -> None:
    attacker = maker("Attacker")
    error = refused(signed(PLAIN, attacker))
    assert type(error) is IntegrityFailure
    assert "none of the certificates" in error.reason


def test_the_pinned_certificate_inside_anothers_signature_helps_nothing() -> None:
    attacker = signed(PLAIN, maker("Attacker"))

    def embed(root: Tree) -> None:
        root.find(f".//{DS}X509Certificate").text = "".join(maker().pem.decode().splitlines()[1:-1])

    assert type(refused(edited(attacker, embed))) is IntegrityFailure


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("GALT10000001", "GALT10000009"),
        ("<PlainValue>30</PlainValue>", "<PlainValue>60</PlainValue>"),
        ('Length="6"', 'Length="8"'),
        ('Version="1.0"', 'Version="1.0" id="one"'),
        ("  <KeyPackage>", "<KeyPackage>"),
    ],
)
def test_a_changed_value_is_refused(old: str, new: str) -> None:
    assert type(refused(replaced(old, new))) is IntegrityFailure


def test_a_changed_file_is_told_from_a_foreign_one() -> None:
    assert (
        "changed after it was signed by CN=Maker"
        in refused(replaced("GALT10000001", "GALT10000009")).reason
    )


def test_swapped_seeds_are_refused() -> None:
    def swap(root: Tree) -> None:
        first, second = root.findall(f".//{PSKC}Secret/{PSKC}PlainValue")[:2]
        first.text, second.text = second.text, first.text

    assert type(refused(edited(SIGNED, swap))) is IntegrityFailure


def test_an_added_key_package_is_refused() -> None:
    def add(root: Tree) -> None:
        package = etree.fromstring(etree.tostring(root[0]))
        package.find(f".//{PSKC}SerialNo").text = "EVIL00000001"
        root.insert(0, package)

    assert type(refused(edited(SIGNED, add))) is IntegrityFailure


def test_a_removed_key_package_is_refused() -> None:
    assert type(refused(edited(SIGNED, lambda root: root.remove(root[1])))) is IntegrityFailure


def test_the_signed_tree_inside_a_wrapper_is_refused() -> None:
    # The classic: the signed root, moved into Extensions of a root of the attacker's.
    body = SIGNED.decode().partition("?>")[2]
    evil = changed(PLAIN, "GALT10000000", "EVIL00000001").replace('Id="all"', 'Id="evil"')
    wrapped = evil.replace("</KeyContainer>", f"<Extensions>{body}</Extensions></KeyContainer>")
    error = refused(wrapped.encode())
    assert type(error) is Malformed
    assert "elsewhere than directly in the root" in error.reason


def test_the_signature_moved_out_of_its_wrapped_tree_is_refused() -> None:
    content = signed(PLAIN, maker(), Signing(references=("#all",)))

    def wrap(root: Tree) -> None:
        signature = root.find(f"{DS}Signature")
        inner = etree.fromstring(etree.tostring(root))
        inner.remove(inner.find(f"{DS}Signature"))
        root.set("Id", "evil")
        root.find(f".//{PSKC}SerialNo").text = "EVIL00000001"
        etree.SubElement(root, f"{PSKC}Extensions").append(inner)
        root.append(signature)

    error = refused(edited(content, wrap))
    assert type(error) is Unsupported
    assert "something else than the whole file" in error.reason


def test_a_wrapped_tree_under_the_same_id_is_refused() -> None:
    def wrap(root: Tree) -> None:
        signature = root.find(f"{DS}Signature")
        inner = etree.fromstring(etree.tostring(root))
        inner.remove(inner.find(f"{DS}Signature"))
        root.find(f".//{PSKC}SerialNo").text = "EVIL00000001"
        etree.SubElement(root, f"{PSKC}Extensions").append(inner)
        root.append(signature)

    assert type(refused(edited(SIGNED, wrap))) is IntegrityFailure


def test_a_second_root_is_refused() -> None:
    assert type(refused(SIGNED + PLAIN.partition("?>")[2].encode())) is Malformed


@pytest.mark.parametrize("place", ["before", "after"])
def test_two_signatures_are_refused(place: str) -> None:
    def add(root: Tree) -> None:
        another = etree.fromstring(signed(PLAIN, maker("Attacker"))).find(f"{DS}Signature")
        root.insert(0 if place == "before" else len(root), another)

    error = refused(edited(SIGNED, add))
    assert type(error) is Malformed
    assert "more than one Signature" in error.reason


def test_a_signature_inside_the_signature_is_refused() -> None:
    def add(root: Tree) -> None:
        signature = root.find(f"{DS}Signature")
        etree.SubElement(signature, f"{DS}Object").append(
            etree.fromstring(etree.tostring(signature))
        )

    assert type(refused(edited(SIGNED, add))) is Malformed


def test_a_reference_to_a_part_is_refused() -> None:
    content = changed(PLAIN, "<KeyPackage>", '<KeyPackage Id="one">')
    error = refused(signed(content, maker(), Signing(references=("#one",))))
    assert type(error) is Unsupported


def test_two_references_are_refused() -> None:
    content = changed(PLAIN, "<KeyPackage>", '<KeyPackage Id="one">')
    error = refused(signed(content, maker(), Signing(references=("#all", "#one"))))
    assert "2 Reference elements" in error.reason


@pytest.mark.parametrize(
    "algorithm",
    [
        "http://www.w3.org/TR/1999/REC-xslt-19991116",
        "http://www.w3.org/TR/1999/REC-xpath-19991116",
        "http://www.w3.org/2002/06/xmldsig-filter2",
        "http://www.w3.org/2000/09/xmldsig#base64",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    ],
)
def test_any_other_transform_is_refused(algorithm: str) -> None:
    def transform(root: Tree) -> None:
        root.findall(f".//{DS}Transform")[1].set("Algorithm", algorithm)

    error = refused(edited(SIGNED, transform))
    assert type(error) is Unsupported
    assert "transform" in error.reason


def test_a_third_transform_is_refused() -> None:
    def transform(root: Tree) -> None:
        etree.SubElement(root.find(f".//{DS}Transforms"), f"{DS}Transform", Algorithm=C14N)

    assert "more than C14N" in refused(edited(SIGNED, transform)).reason


def test_a_transform_with_anything_inside_is_refused() -> None:
    def transform(root: Tree) -> None:
        etree.SubElement(root.findall(f".//{DS}Transform")[1], f"{DS}XPath").text = "true()"

    assert type(refused(edited(SIGNED, transform))) is Unsupported


def test_a_signature_that_is_not_enveloped_is_refused() -> None:
    def transform(root: Tree) -> None:
        transforms = root.find(f".//{DS}Transforms")
        transforms.remove(transforms[0])

    assert "enveloped" in refused(edited(SIGNED, transform)).reason


@pytest.mark.parametrize(
    "how",
    [
        Signing(method=SignatureMethod.RSA_SHA1),
        Signing(digest=DigestAlgorithm.SHA1),
    ],
)
def test_sha_1_is_refused_by_name(how: Signing) -> None:
    error = refused(signed(PLAIN, maker(), how))
    assert type(error) is Unsupported
    assert "SHA-1 can be forged" in error.reason


def test_a_symmetric_signature_is_refused() -> None:
    def key(root: Tree) -> None:
        method = root.find(f".//{DS}SignatureMethod")
        method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")

    assert type(refused(edited(SIGNED, key))) is Unsupported


@pytest.mark.parametrize("name", ["SignatureValue", "DigestValue"])
@pytest.mark.parametrize("text", [None, "", "AAAA", "=", "\u00e9"])
def test_a_broken_value_of_the_signature_is_refused(name: str, text: str | None) -> None:
    def empty(root: Tree) -> None:
        root.find(f".//{DS}{name}").text = text

    assert type(refused(edited(SIGNED, empty))) is IntegrityFailure


@pytest.mark.parametrize("name", ["SignedInfo", "Reference", "DigestMethod", "Transforms"])
def test_a_signature_that_lacks_an_element_is_refused(name: str) -> None:
    def remove(root: Tree) -> None:
        element = root.find(f".//{DS}{name}")
        element.getparent().remove(element)

    assert type(refused(edited(SIGNED, remove))) is Unsupported


def test_a_signature_of_pskcs_own_namespace_counts_for_none() -> None:
    def rename(root: Tree) -> None:
        root.find(f"{DS}Signature").tag = f"{PSKC}Signature"

    assert type(refused(edited(SIGNED, rename))) is IntegrityFailure


def test_a_doctype_is_refused_before_the_signature_is_looked_at() -> None:
    error = refused(replaced("?>", "?><!DOCTYPE KeyContainer>"))
    assert type(error) is Unsupported
    assert "DOCTYPE" in error.reason


def test_a_comment_inside_a_value_is_joined_as_it_was_signed() -> None:
    # Canonical XML has no comments: the serial that is read is the one that was signed.
    assert serials(replaced("GALT10000001", "GALT<!-- -->10000001")) == SERIALS


def test_a_huge_signature_is_refused() -> None:
    def grow(root: Tree) -> None:
        root.find(f".//{DS}X509Certificate").text = "A" * 70_000

    assert type(refused(edited(SIGNED, grow))) is LimitExceeded


def test_a_comment_that_does_not_end_is_not_waited_for() -> None:
    content = replaced("<KeyPackage>", f"<!--{'x' * 300_000}--><KeyPackage>")
    assert type(refused(content, limits=Limits(package_octets=100_000))) is LimitExceeded


def test_deep_nesting_is_refused() -> None:
    content = replaced("<KeyPackage>", "<a>" * 40 + "</a>" * 40 + "<KeyPackage>")
    assert type(refused(content)) is LimitExceeded


def test_a_file_that_changes_after_its_digest_was_taken_is_refused() -> None:
    # Passes: the root, the Signature, the digest, the records.
    other = replaced("GALT10000002", "GALT10000009")
    with pytest.raises(IntegrityFailure, match="changed while it was read"):
        list(open_stream(Changing(SIGNED, other, after=4)))


def test_a_stream_that_can_be_read_once_is_refused() -> None:
    class Once:
        def read(self, size: int, /) -> bytes:
            return b""

    with pytest.raises(Unsupported, match="read once"):
        open_seed_file(
            Once(), None, name="pipe", instructions=Instructions(signed_by=(maker().pem,))
        )


@pytest.mark.parametrize("pem", [b"", b"junk", maker().pem[:200]])
def test_a_certificate_that_cannot_be_read_is_refused(pem: bytes) -> None:
    with pytest.raises(WrongKey, match="certificate"):
        open_seed_file(BytesIO(SIGNED), None, name="b", instructions=Instructions(signed_by=(pem,)))
