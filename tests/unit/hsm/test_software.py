"""Ciphers and key wraps that software undoes on the locked page, against published vectors."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from hsm import Cipher, Integrity, Mode, Unsupported, software
from hsm.narrow import check_length
from hsm.page import LockedPage
from tests.support.encrypting import des3_key_wrap, encrypt, fresh_key, key_wrap

VECTORS = Path(__file__).parents[2] / "vectors"
WRAPS = [cipher for cipher in Cipher if cipher.mode in {Mode.KEY_WRAP, Mode.PADDED_KEY_WRAP}]
SYMMETRIC = [cipher for cipher in Cipher if cipher.algorithm != "RSA"]


@pytest.fixture
def page() -> Iterator[LockedPage]:
    page = LockedPage()
    yield page
    page.wipe()


def _vectors(name: str) -> list[dict[str, bytes]]:
    with (VECTORS / name).open() as file:
        return [
            {column: bytes.fromhex(text) for column, text in row.items()}
            for row in csv.DictReader(file)
        ]


def _opened(page: LockedPage, cipher: Cipher, key: bytes, value: bytes) -> bytes:
    length = software.decrypt(page, cipher, bytearray(key), value)
    return bytes(page.view[:length])


@pytest.mark.parametrize("vector", _vectors("rfc3394/section_4.csv"))
def test_aes_key_wrap_is_rfc_3394s(page: LockedPage, vector: dict[str, bytes]) -> None:
    cipher = Cipher[f"AES_{8 * len(vector['kek'])}_KW"]

    assert _opened(page, cipher, vector["kek"], vector["wrapped"]) == vector["key"]


@pytest.mark.parametrize("vector", _vectors("rfc5649/section_6.csv"))
def test_padded_aes_key_wrap_is_rfc_5649s(page: LockedPage, vector: dict[str, bytes]) -> None:
    assert _opened(page, Cipher.AES_192_KWP, vector["kek"], vector["wrapped"]) == vector["key"]


@pytest.mark.parametrize("vector", _vectors("rfc3217/section_4.csv"))
def test_3des_key_wrap_is_rfc_3217s(page: LockedPage, vector: dict[str, bytes]) -> None:
    assert _opened(page, Cipher.DES3_KW, vector["kek"], vector["wrapped"]) == vector["key"]


@pytest.mark.parametrize("vector", _vectors("rfc3713/appendix_a.csv"))
def test_camellia_is_rfc_3713s(page: LockedPage, vector: dict[str, bytes]) -> None:
    cipher, iv = Cipher[f"CAMELLIA_{8 * len(vector['key'])}_CBC"], bytes(16)

    assert _opened(page, cipher, vector["key"], iv + vector["encrypted"]) == vector["plain"]


@pytest.mark.parametrize("cipher", SYMMETRIC)
@pytest.mark.parametrize("octets", [16, 24, 64, 128])
def test_each_cipher_undoes_what_a_maker_does(
    page: LockedPage, cipher: Cipher, octets: int
) -> None:
    key, seed = fresh_key(cipher), os.urandom(octets)

    assert _opened(page, cipher, key, encrypt(cipher, key, seed))[:octets] == seed


@pytest.mark.parametrize("octets", range(1, 41))
def test_padded_key_wrap_takes_every_length(page: LockedPage, octets: int) -> None:
    key, seed = fresh_key(Cipher.AES_256_KWP), os.urandom(octets)

    assert _opened(page, Cipher.AES_256_KWP, key, encrypt(Cipher.AES_256_KWP, key, seed)) == seed


@pytest.mark.parametrize("cipher", WRAPS)
def test_zeros_follow_an_unwrapped_value(page: LockedPage, cipher: Cipher) -> None:
    key = fresh_key(cipher)
    software.decrypt(page, cipher, bytearray(key), encrypt(cipher, key, b"s" * 24))

    assert not any(page.view[24:128])


@pytest.mark.parametrize("cipher", [*WRAPS, Cipher.AES_128_GCM])
@pytest.mark.parametrize("position", [0, 7, 15, 23, -1])
def test_one_changed_bit_is_a_matter_of_integrity(
    page: LockedPage, cipher: Cipher, position: int
) -> None:
    key = fresh_key(cipher)
    value = bytearray(encrypt(cipher, key, b"s" * 24))
    value[position] ^= 1

    with pytest.raises(Integrity, match="does not decrypt"):
        software.decrypt(page, cipher, bytearray(key), bytes(value))


@pytest.mark.parametrize("cipher", WRAPS)
@pytest.mark.parametrize("octets", [16, 24, 32])
def test_octets_that_nobody_wrapped_are_a_matter_of_integrity(
    page: LockedPage, cipher: Cipher, octets: int
) -> None:
    with pytest.raises(Integrity, match="does not decrypt"):
        software.decrypt(page, cipher, bytearray(fresh_key(cipher)), os.urandom(octets))


@pytest.mark.parametrize("stated", [0, 8, 16, 25, 2**32 - 1])
def test_a_padded_wrap_that_states_another_length_is_a_matter_of_integrity(
    page: LockedPage, stated: int
) -> None:
    # RFC 3394 with RFC 5649's check value and a length of our choice: 17 to 24 would be right.
    key = fresh_key(Cipher.AES_128_KWP)
    value = key_wrap(
        Cipher.AES_128_KWP, key, b"s" * 24, bytes.fromhex("a65959a6") + stated.to_bytes(4)
    )

    with pytest.raises(Integrity):
        software.decrypt(page, Cipher.AES_128_KWP, bytearray(key), value)


def test_a_padded_wrap_whose_padding_is_not_zeros_is_a_matter_of_integrity(
    page: LockedPage,
) -> None:
    key = fresh_key(Cipher.AES_128_KWP)
    value = key_wrap(
        Cipher.AES_128_KWP, key, b"s" * 20 + b"\0\0\0\1", bytes.fromhex("a65959a600000014")
    )

    with pytest.raises(Integrity):
        software.decrypt(page, Cipher.AES_128_KWP, bytearray(key), value)


def test_a_3des_wrap_of_a_wrong_checksum_is_a_matter_of_integrity(page: LockedPage) -> None:
    key = fresh_key(Cipher.DES3_KW)
    value = des3_key_wrap(key, b"s" * 24, b"i" * 8)

    with pytest.raises(Integrity):
        software.decrypt(page, Cipher.DES3_KW, bytearray(key), value[8:] + value[:8])


@pytest.mark.parametrize("cipher", [Cipher.RSA_1_5, Cipher.RSA_OAEP_SHA1])
def test_software_does_not_decrypt_rsa(page: LockedPage, cipher: Cipher) -> None:
    # Its result would be a `bytes` of the seed.
    with pytest.raises(Unsupported, match="by a module only"):
        software.decrypt(page, cipher, bytearray(16), bytes(256))


def test_a_cipher_that_openssl_lacks_is_named(
    page: LockedPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(*_asked: object) -> None:
        raise UnsupportedAlgorithm("no legacy ciphers here")

    monkeypatch.setattr(software, "LibraryCipher", lacking)

    with pytest.raises(Unsupported, match="OpenSSL decrypts CAMELLIA-128-CBC: ask"):
        software.decrypt(page, Cipher.CAMELLIA_128_CBC, bytearray(16), bytes(32))


@pytest.mark.parametrize("cipher", SYMMETRIC)
@pytest.mark.parametrize("octets", [0, 1, 15, 17, 25, 39])
def test_a_value_of_impossible_shape_is_refused_before_decryption(
    cipher: Cipher, octets: int
) -> None:
    if cipher.mode is Mode.GCM and octets >= 28:
        return
    with pytest.raises(Integrity, match="does not decrypt"):
        check_length(cipher, octets)
