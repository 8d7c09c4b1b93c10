"""A signature over the whole file is verified by a certificate given, before anything is read."""

import logging
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from importers import (
    Cipher,
    Instructions,
    IntegrityFailure,
    PreSharedKey,
    WarningCode,
    open_seed_file,
)
from tests.support.pskc_maker import Order, Tokens
from tests.support.sealed_maker import Sealed, sealed, unlock_for
from tests.support.signing import (
    EXCLUSIVE,
    INCLUSIVE,
    Signing,
    maker,
    signed,
    signed_with_prefixes,
)
from tests.unit.importers.reading import changed, made
from tests.unit.importers.signed_files import (
    KEY,
    PLAIN,
    SERIALS,
    SIGNED,
    opened,
    serials,
)


def test_every_record_of_a_signed_file_is_read() -> None:
    assert serials(SIGNED) == SERIALS


def test_the_file_names_its_signer_by_subject_and_fingerprint() -> None:
    signer = opened(SIGNED).signer
    fingerprint = maker().certificate.fingerprint(SHA256()).hex()
    assert signer == f"CN=Maker (certificate SHA-256 {fingerprint}, valid 2026-01-01 to 2028-01-01)"


def test_a_verified_file_is_signed_without_a_warning() -> None:
    file = opened(SIGNED)
    list(file)
    assert file.signed
    assert WarningCode.SIGNATURE_NOT_VERIFIED not in {each.code for each in file.warnings}


def test_without_a_certificate_the_signature_is_told_to_be_unverified() -> None:
    file = open_seed_file(BytesIO(SIGNED), None, name="batch.pskc")
    list(file)
    assert file.signer is None
    assert WarningCode.SIGNATURE_NOT_VERIFIED in {each.code for each in file.warnings}


@pytest.mark.parametrize("c14n", [INCLUSIVE, EXCLUSIVE])
@pytest.mark.parametrize("bits", [256, 384, 512])
@pytest.mark.parametrize("scheme", ["RSA_SHA{}", "SHA{}_RSA_MGF1", "ECDSA_SHA{}"])
def test_each_scheme_is_verified(c14n: CanonicalizationMethod, bits: int, scheme: str) -> None:
    by = maker(curve=scheme.startswith("EC"))
    how = Signing(c14n, SignatureMethod[scheme.format(bits)], DigestAlgorithm[f"SHA{bits}"])
    assert serials(signed(PLAIN, by, how), by) == SERIALS


@pytest.mark.parametrize(("root", "uri"), [("", b'URI=""'), (' Id="all"', b'URI="#all"')])
def test_a_reference_to_the_document_or_to_its_root_is_verified(root: str, uri: bytes) -> None:
    content = signed(changed(PLAIN, ' Id="all"', root), maker())
    assert uri in content
    assert serials(content) == SERIALS


def test_a_reference_without_a_c14n_transform_is_inclusive() -> None:
    how = Signing(INCLUSIVE, names_c14n=False)
    assert serials(signed(PLAIN, maker(), how)) == SERIALS


def test_prefixes_may_be_treated_inclusively() -> None:
    assert serials(signed_with_prefixes(PLAIN, maker(), "xenc", "nowhere")) == SERIALS


def test_one_of_several_certificates_is_enough() -> None:
    assert "CN=Maker" in (
        opened(SIGNED, maker("Other"), maker("Third", curve=True), maker()).signer or ""
    )


def test_one_pem_file_may_hold_several_certificates() -> None:
    pem = maker("Other").pem + maker().pem
    file = open_seed_file(
        BytesIO(SIGNED), None, name="b", instructions=Instructions(signed_by=(pem,))
    )
    assert "CN=Maker" in (file.signer or "")


def test_an_expired_certificate_still_vouches_and_shows_its_dates() -> None:
    # It is trusted because the operator names it, and a file may be older than its end.
    old = maker("Old", made=2010)
    assert "to 2012-01-01" in (opened(signed(PLAIN, old), old).signer or "")


def test_a_signed_file_may_be_encrypted_as_well() -> None:
    content = signed(made(Order((Tokens(2),), key=KEY)), maker())
    assert len(list(opened(content, unlock=PreSharedKey(KEY)))) == 2


def test_other_encodings_are_verified() -> None:
    content = SIGNED.decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert serials(content) == SERIALS


def test_blanks_and_a_byte_order_mark_before_it_change_nothing() -> None:
    assert serials(b"\xef\xbb\xbf \n" + SIGNED) == SERIALS


def test_lines_are_those_of_the_file() -> None:
    lines = SIGNED.decode().splitlines()
    for record in opened(SIGNED):
        line = lines[record.provenance.line - 1]
        assert "<KeyPackage>" in line


def test_nothing_of_a_signed_file_reaches_a_log(caplog: pytest.LogCaptureFixture) -> None:
    # signxml writes what it canonicalises to its debug log.
    with caplog.at_level(logging.DEBUG):
        assert serials(SIGNED) == SERIALS
    assert "PlainValue" not in caplog.text
    assert "SerialNo" not in caplog.text


def test_a_verified_signature_stands_in_for_value_macs() -> None:
    cipher = Cipher.AES_128_CBC
    file = opened(signed(sealed(Sealed(cipher, mac=None)), maker()), unlock=unlock_for(cipher))
    assert file.header.warnings == ()
    assert len(list(file)) == 1


def test_a_verified_signature_stands_in_for_no_stripped_value_mac() -> None:
    cipher = Cipher.AES_128_CBC
    text = sealed(Sealed(cipher))
    start, end = text.index("<ValueMAC>"), text.index("</ValueMAC>") + len("</ValueMAC>")
    content = signed(text[:start] + text[end:], maker())
    with pytest.raises(IntegrityFailure, match="stripped"):
        list(opened(content, unlock=unlock_for(cipher)))
