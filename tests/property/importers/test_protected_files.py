"""Whatever a protected file holds: seed records or an ImporterError, and nothing else."""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from importers import (
    Cipher,
    EncryptedSeed,
    ImporterError,
    Instructions,
    Malformed,
    PrivateKey,
    Unlock,
)
from tests.support.sealed_maker import Sealed, private_key, sealed, unlock_for
from tests.unit.importers.pskc.test_certificate import certificate, for_certificate
from tests.unit.importers.reading import opened

LENIENT = Instructions(allow_unauthenticated=True, allow_short=True, legacy_macs=True)
FILES = {cipher: sealed(Sealed(cipher)).encode() for cipher in Cipher}
INSTRUCTIONS = st.sampled_from([Instructions(), LENIENT, Instructions(cipher="aes128-cbc")])
WORDS = (
    b"", b"=", b"A", b"AAAA" * 8, b"aes128-cbc", b"#kw-aes128", b"rsa-oaep", b"tripledes", b"\x00",
    b"<ds:X509Data/>", b"<MACKeyReference>transport-key</MACKeyReference>", b"</MACMethod>",
)  # fmt: skip
DER = certificate().public_bytes(Encoding.DER)
FOR_CERTIFICATE = for_certificate("<ds:X509Certificate>{}</ds:X509Certificate>").encode()


def check(octets: bytes, unlock: Unlock | None, instructions: Instructions) -> None:
    try:
        for record in opened(octets, unlock, instructions=instructions):
            assert isinstance(record.seed, EncryptedSeed)
    except ImporterError as error:
        assert str(error).isprintable()  # noqa: PT017 - nothing raised is as good


def with_certificate(octets: bytes) -> bytes:
    return FOR_CERTIFICATE.replace(b"{}", b64encode(octets))


@settings(max_examples=300)
@given(
    st.sampled_from(Cipher),
    st.lists(
        st.tuples(st.integers(0, 10_000), st.integers(0, 60), st.sampled_from(WORDS)), max_size=4
    ),
    INSTRUCTIONS,
)
def test_a_good_file_with_pieces_replaced(
    cipher: Cipher, cuts: list[tuple[int, int, bytes]], instructions: Instructions
) -> None:
    octets = FILES[cipher]
    for at, length, word in cuts:
        start = at % len(octets)
        octets = octets[:start] + word + octets[start + length :]
    check(octets, unlock_for(cipher), instructions)


@given(st.sampled_from(Cipher), st.sampled_from(Cipher), INSTRUCTIONS)
def test_a_good_file_under_another_ciphers_name_or_key(
    cipher: Cipher, other: Cipher, instructions: Instructions
) -> None:
    check(FILES[cipher], unlock_for(other), instructions)


# What cryptography says of serial numbers that are not positive.
@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@settings(max_examples=500)
@given(st.lists(st.tuples(st.integers(0, len(DER) - 1), st.integers(0, 255)), max_size=3))
def test_a_certificate_with_octets_replaced(changes: list[tuple[int, int]]) -> None:
    der = bytearray(DER)
    for at, octet in changes:
        der[at] = octet
    check(with_certificate(bytes(der)), PrivateKey(private_key()), Instructions())


@given(st.binary(max_size=60))
def test_any_octets_as_a_certificate(octets: bytes) -> None:
    with pytest.raises(Malformed):
        opened(with_certificate(octets), PrivateKey(private_key()))
