"""The words of `hsm` refuse impossible values."""

import hashlib
from pathlib import Path

import pytest

from hsm import BlobFormat, Digest, Integrity, Location, Policy, WrappedKey


@pytest.mark.parametrize("digest", Digest)
def test_a_digest_knows_the_sizes_of_its_standard(digest: Digest) -> None:
    reference = hashlib.new(digest.algorithm)

    assert (digest.size, digest.block) == (reference.digest_size, reference.block_size)


@pytest.mark.parametrize(
    ("digest", "octets", "padded"),
    [
        (Digest.SHA1, 16, 64),
        (Digest.SHA1, 64, 64),
        (Digest.SHA256, 32, 64),
        (Digest.SHA512, 64, 64),
        (Digest.SHA512, 65, 128),
        (Digest.SHA512, 128, 128),
    ],
)
def test_a_seed_is_padded_to_the_hmac_block(digest: Digest, octets: int, padded: int) -> None:
    assert digest.padded_length(octets) == padded


@pytest.mark.parametrize(
    ("digest", "octets"),
    [(Digest.SHA1, 15), (Digest.SHA1, 65), (Digest.SHA256, 65), (Digest.SHA512, 129)],
)
def test_a_seed_too_short_or_too_long_is_refused(digest: Digest, octets: int) -> None:
    with pytest.raises(Policy, match=f"seed of {octets} octets"):
        digest.padded_length(octets)


@pytest.mark.parametrize(
    ("length", "blob_octets"), [(9, 72), (129, 136), (20, 71), (64, 136), (65, 72)]
)
def test_a_wrapped_key_that_wrap_cannot_have_made_is_damaged(length: int, blob_octets: int) -> None:
    with pytest.raises(Integrity, match="damaged record"):
        WrappedKey(BlobFormat.AES_KW, "k1", length, bytes(blob_octets))


@pytest.mark.parametrize(
    ("format_", "length", "blob_octets"),
    [
        (BlobFormat.AES_KW, 20, 72),
        (BlobFormat.AES_KW, 65, 136),
        (BlobFormat.AES_KWP, 20, 72),
        (BlobFormat.AES_KWP, 20, 32),
        (BlobFormat.AES_CBC_PAD, 20, 96),
        (BlobFormat.AES_CBC_PAD, 20, 48),
        (BlobFormat.AES_CBC_PAD, 128, 160),
    ],
)
def test_a_blob_is_as_long_as_its_format_makes_it_of_the_seed_padded_or_not(
    format_: BlobFormat, length: int, blob_octets: int
) -> None:
    assert WrappedKey(format_, "k1", length, bytes(blob_octets)).length == length
    with pytest.raises(Integrity, match="damaged record"):
        WrappedKey(format_, "k1", length, bytes(blob_octets + 8))


def test_a_wrapped_key_does_not_show_its_blob() -> None:
    assert "blob" not in repr(WrappedKey(BlobFormat.AES_KW, "k1", 20, b"B" * 72))


@pytest.mark.parametrize("label", ["", "x" * 33, "ü" * 17])
def test_a_label_that_no_pkcs11_token_can_have_is_refused(label: str) -> None:
    with pytest.raises(Policy, match="1 to 32 octets"):
        Location(Path("/lib.so"), label)
