"""Check values are those that makers print on their letters."""

import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from hsm import Policy
from hsm.standard_check import CheckValues, in_memory, spelt

# Known by heart to everybody who types keys: that of a key of zeros, and of the test keys of
# FIPS 197 appendix C and SP 800-38B appendix D.
KNOWN = [
    ("AES", bytes(16), "66E94B"),
    ("AES", bytes(24), "AAE069"),
    ("AES", bytes(32), "DC95C0"),
    ("3DES", bytes(24), "8CA64D"),
    ("3DES", bytes.fromhex("0123456789abcdef") * 3, "D5D44F"),
    ("AES", bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c"), "7DF76B"),
]


@pytest.mark.parametrize(("algorithm", "key", "expected"), KNOWN)
def test_the_first_octets_of_a_block_of_zeros(algorithm: str, key: bytes, expected: str) -> None:
    assert in_memory(algorithm, bytearray(key)).zeros == expected


@pytest.mark.parametrize("key", [bytes(range(16)), bytes(range(24)), bytes(range(100, 132))])
def test_the_cmac_of_a_block_of_zeros(key: bytes) -> None:
    mac = CMAC(AES(key))
    mac.update(bytes(16))
    assert in_memory("AES", bytearray(key)).cmac == mac.finalize()[:5].hex().upper()


def test_no_3des_key_has_a_cmac_here() -> None:
    assert in_memory("3DES", bytearray(24)).cmac == ""


VALUES = CheckValues("66E94B", "763CBCDE81")


@pytest.mark.parametrize("stated", ["66E94B", "66e94b", "66 e9 4b", "763cbcde81", "763CBC"])
def test_each_form_that_people_write_is_taken(stated: str) -> None:
    assert VALUES.has(stated)


@pytest.mark.parametrize("stated", ["66E94C", "763CBCDE82", "BCDE81"])
def test_another_key_s_check_value_is_not(stated: str) -> None:
    assert not VALUES.has(stated)


@pytest.mark.parametrize("stated", ["", "66E9", "66E94B12", "66E94G", "66E94B763CBC"])
def test_what_is_no_check_value_is_said_to_be_none(stated: str) -> None:
    with pytest.raises(Policy, match="no check value"):
        spelt(stated)


def test_a_3des_key_is_not_found_by_an_empty_cmac() -> None:
    with pytest.raises(Policy):
        in_memory("3DES", bytearray(24)).has("")
