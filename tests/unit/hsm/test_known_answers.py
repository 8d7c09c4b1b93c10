"""The answers that are known by heart are the ones `cryptography` gives."""

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.keywrap import aes_key_wrap, aes_key_wrap_with_padding

from hsm import inside, reference
from hsm.blobs import KNOWN
from hsm.inside import KnownValue
from hsm.model import BlobFormat
from hsm.wrapping import ORDER, STANDARD


def test_the_key_wraps_are_right() -> None:
    plain, padded = KNOWN[BlobFormat.AES_KW], KNOWN[BlobFormat.AES_KWP]

    assert plain.blob == aes_key_wrap(plain.kek, plain.secret)
    assert padded.blob == aes_key_wrap_with_padding(padded.kek, padded.secret)


def test_the_blob_of_aes_cbc_pad_is_right() -> None:
    known = KNOWN[BlobFormat.AES_CBC_PAD]

    assert known.blob == reference.cbc(AES(known.kek), known.blob[:16], known.secret)


@pytest.mark.parametrize("known", [inside._KNOWN_AES, inside._KNOWN_DES3], ids=["AES", "3DES"])
def test_the_delivered_values_are_right(known: KnownValue) -> None:
    algorithm = (AES if known.cipher.algorithm == "AES" else TripleDES)(known.key)

    assert known.value == reference.cbc(algorithm, known.value[: known.cipher.block], known.seed)


def test_every_format_has_a_known_answer_and_a_standard_number_that_is_asked_first() -> None:
    for format_ in BlobFormat:
        first = next(each for each in ORDER if each.format is format_)

        assert first == STANDARD[format_]
        assert len(KNOWN[format_].blob) in format_.blob_octets(20)


def test_the_fallback_without_a_check_value_is_the_last_one() -> None:
    assert ORDER[-1].format is BlobFormat.AES_CBC_PAD
    assert len({(each.number, each.format) for each in ORDER}) == len(ORDER)
