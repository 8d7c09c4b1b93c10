"""Transport keys on each module: made there, brought in, and of use; how each came is said."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import product

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from hsm import (
    Cipher,
    Component,
    Digest,
    Integrity,
    KeyNotFound,
    Keystore,
    TransportCeremony,
    TransportKind,
    TransportOrder,
    WrappedTransportKey,
)
from hsm.standard_check import in_memory
from tests.integration.modules.conftest import MatrixVault
from tests.integration.modules.expectations import Expected
from tests.support.encrypting import encrypt
from tests.support.softhsm import pin

SEED = b"12345678901234567890"
PADDING = OAEP(MGF1(SHA1()), SHA1(), None)
CBC = {
    TransportKind.AES_128: Cipher.AES_128_CBC,
    TransportKind.AES_256: Cipher.AES_256_CBC,
    TransportKind.DES3: Cipher.DES3_CBC,
}
LABEL = "matrix maker"


@pytest.fixture
def ceremony(vault: MatrixVault) -> Iterator[TransportCeremony]:
    with TransportCeremony(vault.location, pin()) as ceremony:
        yield ceremony
        for label in (LABEL, "matrix pair"):
            with suppress(KeyNotFound):
                ceremony.destroy(label)


@pytest.fixture
def pair(ceremony: TransportCeremony) -> RSAPublicKey:
    report = ceremony.make_pair("matrix pair", TransportKind.RSA_2048)
    key = load_der_public_key(report.public_key or b"")
    assert isinstance(key, RSAPublicKey)
    return key


def oaep(pair: RSAPublicKey, key: bytes) -> bytes:
    return pair.encrypt(key, PADDING)


def rsa_aes(pair: RSAPublicKey, key: bytes) -> bytes:
    between = os.urandom(32)
    return pair.encrypt(between, PADDING) + aes_key_wrap_with_padding(between, key)


def opens(keystore: Keystore, kind: TransportKind, key: bytes) -> bool:
    """Whether the key of the label decrypts what a maker encrypted."""
    transport = keystore.transport_key_by_label(CBC[kind], LABEL)
    value = encrypt(CBC[kind], key, SEED)
    return keystore.import_encrypted(transport, value, Digest.SHA1).key.length == len(SEED)


def test_a_pair_opens_what_its_public_half_encrypted(
    ceremony: TransportCeremony, keystore: Keystore, pair: RSAPublicKey
) -> None:
    report = ceremony.report("matrix pair", TransportKind.RSA_2048)
    shown = dict(report.attributes)
    assert sorted(report.uses) == ["decrypt", "unwrap"]
    assert (shown["SENSITIVE"], shown["EXTRACTABLE"]) == (True, False)
    transport = keystore.transport_key_by_label(Cipher.RSA_OAEP_SHA1, "matrix pair")
    value = pair.encrypt(SEED, PADDING)
    assert keystore.import_encrypted(transport, value, Digest.SHA1).key.length == len(SEED)


@pytest.mark.parametrize("kind", CBC, ids=str)
def test_a_key_out_of_components_opens_files_until_it_is_destroyed(
    ceremony: TransportCeremony, keystore: Keystore, kind: TransportKind
) -> None:
    key, first = os.urandom(kind.octets), os.urandom(kind.octets)
    other = bytes(a ^ b for a, b in zip(first, key, strict=True))
    parts = [
        Component(bytearray(part), in_memory(kind.algorithm, bytearray(part)).zeros)
        for part in (first, other)
    ]
    order = TransportOrder(LABEL, kind)
    made = ceremony.bring_in(order, ceremony.of_components(kind, parts))
    assert made.zeros == in_memory(kind.algorithm, bytearray(key)).zeros
    assert opens(keystore, kind, key)
    ceremony.destroy(LABEL)
    with pytest.raises(KeyNotFound):
        opens(keystore, kind, key)


@pytest.mark.parametrize("way", [*product(CBC, [oaep, rsa_aes])])
def test_a_wrapped_key_comes_in_and_says_by_what_way(
    ceremony: TransportCeremony,
    keystore: Keystore,
    expected: Expected,
    pair: RSAPublicKey,
    way: tuple[TransportKind, Callable[[RSAPublicKey, bytes], bytes]],
) -> None:
    kind, wrap = way
    key = os.urandom(kind.octets)
    wrapped = WrappedTransportKey(wrap(pair, key), "matrix pair")
    made = ceremony.bring_in(TransportOrder(LABEL, kind), ceremony.unwrapping(kind, wrapped))
    assert made.zeros == in_memory(kind.algorithm, bytearray(key)).zeros
    assert made.way is expected.wrapped_keys[wrap is rsa_aes]
    assert opens(keystore, kind, key)


@pytest.mark.parametrize("wrap", [oaep, rsa_aes])
def test_a_damaged_wrapped_key_makes_no_key(
    ceremony: TransportCeremony,
    pair: RSAPublicKey,
    wrap: Callable[[RSAPublicKey, bytes], bytes],
) -> None:
    kind = TransportKind.AES_256
    blob = bytearray(wrap(pair, os.urandom(32)))
    blob[-1] ^= 1
    opened = ceremony.unwrapping(kind, WrappedTransportKey(bytes(blob), "matrix pair"))
    with pytest.raises(Integrity):
        ceremony.bring_in(TransportOrder(LABEL, kind), opened)
    with pytest.raises(KeyNotFound):
        ceremony.report(LABEL, kind)
