"""A value's length tells its seed's, and no value makes anything but octets or a ValueError."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importers import Cipher, Mode
from importers.values import decrypt_value, plain_lengths
from tests.support.sealed_maker import key_for, seal

CIPHERS = st.sampled_from(Cipher)
MODULUS = 256  # octets, of `key_for` RSA ciphers


def sealable(cipher: Cipher, octets: bytes) -> bytes:
    """So much of the octets as the cipher's mode carries."""
    if cipher.mode is Mode.KEY_WRAP:
        return (octets + bytes(16))[: 16 + len(octets) // 8 * 8]
    return octets[:1] + octets[1:190] if not cipher.key_octets else octets


@given(CIPHERS, st.binary(min_size=1, max_size=300))
def test_a_sealed_value_is_of_a_length_that_its_cipher_makes(cipher: Cipher, octets: bytes) -> None:
    plain = sealable(cipher, octets)
    value = seal(cipher, key_for(cipher), plain)
    lengths = plain_lengths(cipher, len(value), MODULUS)
    assert len(plain) in lengths
    assert not plain_lengths(cipher, len(value) + 1, MODULUS) or cipher.mode is Mode.GCM


@given(CIPHERS, st.binary(min_size=1, max_size=300))
def test_a_sealed_value_decrypts_to_what_it_was(cipher: Cipher, octets: bytes) -> None:
    plain = sealable(cipher, octets)
    decrypted = decrypt_value(cipher, key_for(cipher), seal(cipher, key_for(cipher), plain))
    assert (decrypted.octets, decrypted.loosely) == (plain, False)
    assert repr(plain) not in repr(decrypted)


@given(CIPHERS, st.integers(-40, 600))
def test_lengths_are_never_negative(cipher: Cipher, octets: int) -> None:
    assert all(length >= 0 for length in plain_lengths(cipher, octets, MODULUS))


@given(CIPHERS, st.binary(max_size=300))
@example(Cipher.AES_128_CBC, b"")
@example(Cipher.DES3_CBC, bytes(8))
@example(Cipher.AES_128_KW, bytes(24))
@example(Cipher.AES_128_KWP, bytes(16))
@example(Cipher.AES_128_GCM, bytes(28))
@example(Cipher.RSA_1_5, bytes(256))
def test_any_octets_decrypt_or_raise_value_error(cipher: Cipher, value: bytes) -> None:
    with suppress(ValueError):
        decrypt_value(cipher, key_for(cipher), value)


@given(
    st.sampled_from([cipher for cipher in Cipher if cipher.has_integrity]),
    st.binary(min_size=16, max_size=64),
    st.integers(0, 10_000),
    st.integers(1, 255),
)
def test_a_changed_value_is_noticed_by_a_cipher_with_integrity(
    cipher: Cipher, octets: bytes, at: int, difference: int
) -> None:
    value = bytearray(seal(cipher, key_for(cipher), sealable(cipher, octets)))
    value[at % len(value)] ^= difference
    with pytest.raises(ValueError, match=r"decrypt|check value"):
        decrypt_value(cipher, key_for(cipher), bytes(value))
