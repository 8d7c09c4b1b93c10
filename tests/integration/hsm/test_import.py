"""An encrypted seed is re-wrapped by way of the locked page, which nothing stays on."""

import hmac
import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hsm import (
    Cipher,
    Digest,
    Integrity,
    Keystore,
    Policy,
    TransportKey,
    Unavailable,
)
from tests.support.softhsm import encrypted

KEY = bytes(range(16))
IV = bytes(range(16, 32))
SEED = b"12345678901234567890"


@pytest.fixture
def transport(keystore: Keystore) -> Iterator[TransportKey]:
    with keystore.transport_key(Cipher.AES_128_CBC, KEY) as transport:
        yield transport


@pytest.mark.parametrize("key_octets", [16, 24, 32])
@pytest.mark.parametrize(
    ("digest", "seed_octets"),
    [(Digest.SHA1, 16), (Digest.SHA1, 20), (Digest.SHA256, 32), (Digest.SHA512, 128)],
)
def test_an_imported_seed_computes_the_same_codes(
    keystore: Keystore, key_octets: int, digest: Digest, seed_octets: int
) -> None:
    key, seed = os.urandom(key_octets), os.urandom(seed_octets)

    cipher = Cipher[f"AES_{8 * key_octets}_CBC"]

    with keystore.transport_key(cipher, key) as transport:
        wrapped = keystore.import_encrypted(transport, encrypted(key, IV, seed), digest)

    with keystore.open(wrapped.key, digest) as opened:
        assert opened.mac(b"m") == hmac.digest(seed, b"m", digest.algorithm)
    assert wrapped.key.length == seed_octets


def test_an_imported_seed_has_the_fingerprint_of_the_plain_one(
    keystore: Keystore, transport: TransportKey
) -> None:
    imported = keystore.import_encrypted(transport, encrypted(KEY, IV, SEED), Digest.SHA1)

    assert imported.fingerprint == keystore.wrap(bytearray(SEED), Digest.SHA256).fingerprint


def test_a_short_seed_is_not_lengthened_by_a_longer_one_before_it(
    keystore: Keystore, transport: TransportKey
) -> None:
    keystore.import_encrypted(transport, encrypted(KEY, IV, b"L" * 64), Digest.SHA1)
    short = keystore.import_encrypted(transport, encrypted(KEY, IV, SEED), Digest.SHA1)

    assert short.fingerprint == keystore.wrap(bytearray(SEED), Digest.SHA1).fingerprint


@pytest.mark.parametrize(
    "padding",
    [b"\0" * 12, b"\x0d" * 12, b"\x11" * 12, b"\x0d" + b"\x0c" * 11],
)
def test_wrong_padding_is_a_matter_of_integrity(
    keystore: Keystore, transport: TransportKey, padding: bytes
) -> None:
    with pytest.raises(Integrity, match="does not decrypt"):
        keystore.import_encrypted(transport, encrypted(KEY, IV, SEED, padding), Digest.SHA1)


@pytest.mark.parametrize("octets", [0, 1, 16, 31, 47])
def test_a_truncated_ciphertext_is_a_matter_of_integrity(
    keystore: Keystore, transport: TransportKey, octets: int
) -> None:
    ciphertext = encrypted(KEY, IV, SEED)[:octets]

    with pytest.raises(Integrity, match="does not decrypt"):
        keystore.import_encrypted(transport, ciphertext, Digest.SHA1)


def test_all_damage_looks_alike(keystore: Keystore, transport: TransportKey) -> None:
    messages = set()
    for damaged in (b"", encrypted(KEY, IV, SEED, b"\0" * 12), encrypted(KEY, IV, SEED, b"ab" * 6)):
        with pytest.raises(Integrity) as caught:
            keystore.import_encrypted(transport, damaged, Digest.SHA1)
        messages.add(str(caught.value))

    assert len(messages) == 1


def test_a_ciphertext_longer_than_any_seed_is_refused(
    keystore: Keystore, transport: TransportKey
) -> None:
    with pytest.raises(Policy, match="holds no seed"):
        keystore.import_encrypted(transport, bytes(176), Digest.SHA512)


@pytest.mark.parametrize("octets", [0, 15, 65])
def test_an_encrypted_seed_of_impossible_length_is_refused(
    keystore: Keystore, transport: TransportKey, octets: int
) -> None:
    ciphertext = encrypted(KEY, IV, b"s" * octets)

    with pytest.raises(Policy, match=f"seed of {octets} octets"):
        keystore.import_encrypted(transport, ciphertext, Digest.SHA1)


@pytest.mark.parametrize(
    "ciphertext",
    [encrypted(KEY, IV, SEED), encrypted(KEY, IV, SEED, b"\0" * 12), encrypted(KEY, IV, b"short")],
)
def test_nothing_stays_on_the_page(
    keystore: Keystore, transport: TransportKey, ciphertext: bytes
) -> None:
    with suppress(Integrity, Policy):
        keystore.import_encrypted(transport, ciphertext, Digest.SHA1)

    session = keystore._connection.borrow()
    octets = bytes(session.desk.page.octets)
    keystore._connection.give_back(session)

    assert not any(octets)


def test_a_bad_record_does_not_end_the_transport_key(
    keystore: Keystore, transport: TransportKey
) -> None:
    with pytest.raises(Integrity):
        keystore.import_encrypted(transport, bytes(32), Digest.SHA1)

    assert (
        keystore.import_encrypted(transport, encrypted(KEY, IV, SEED), Digest.SHA1).key.length == 20
    )


def test_a_transport_key_outlives_a_restart_of_the_module(
    keystore: Keystore, transport: TransportKey
) -> None:
    before = keystore.import_encrypted(transport, encrypted(KEY, IV, SEED), Digest.SHA1)
    keystore.recycle()

    after = keystore.import_encrypted(transport, encrypted(KEY, IV, SEED), Digest.SHA1)

    assert after == before


def test_a_transport_key_ends_with_its_block(keystore: Keystore) -> None:
    with keystore.transport_key(Cipher.AES_128_CBC, KEY) as transport:
        pass

    with pytest.raises(Unavailable, match="wiped"):
        keystore.import_encrypted(transport, encrypted(KEY, IV, SEED), Digest.SHA1)


@pytest.mark.parametrize("octets", [0, 8, 15, 17, 33])
def test_a_transport_key_of_impossible_length_is_refused(keystore: Keystore, octets: int) -> None:
    with (
        pytest.raises(Policy, match="16 are needed"),
        keystore.transport_key(Cipher.AES_128_CBC, bytes(octets)),
    ):
        pass
