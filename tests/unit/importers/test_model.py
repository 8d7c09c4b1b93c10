"""Parameters refuse impossible values; encrypted seeds know the bounds of their length."""

from typing import Any

import pytest

from importers import Cipher, Digest, EncryptedSeed, HotpParameters, MacAlgorithm, TotpParameters


@pytest.mark.parametrize("digits", [0, 5, 10, -6])
def test_digits_are_6_to_9(digits: int) -> None:
    with pytest.raises(ValueError, match="outside 6 to 9"):
        HotpParameters(Digest.SHA1, digits, 0)


@pytest.mark.parametrize("counter", [-1, 2**63])
def test_a_counter_fits_63_bits(counter: int) -> None:
    with pytest.raises(ValueError, match="outside 0"):
        HotpParameters(Digest.SHA1, 6, counter)


@pytest.mark.parametrize(
    "wrong", [{"digits": 5}, {"step_s": 0}, {"step_s": 121}, {"time_steps": -1}]
)
def test_time_based_parameters_have_bounds(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="outside"):
        TotpParameters(**{"digest": Digest.SHA1, "digits": 6, "step_s": 30, **wrong})


def test_an_encrypted_seeds_repr_shows_nothing() -> None:
    assert "AAAA" not in repr(EncryptedSeed(b"A" * 48, Cipher.AES_128_CBC))


def test_ciphers_and_macs_read_as_in_their_standards() -> None:
    assert f"{Cipher.AES_256_CBC} {MacAlgorithm.HMAC_SHA256}" == "AES-256-CBC HMAC-SHA256"
