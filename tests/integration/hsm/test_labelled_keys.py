"""A transport key may live on the PKCS#11 token already; it is found by its label, and stays."""

import os
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pkcs11 import Attribute, KeyType
from pkcs11 import Session as LibrarySession

from hsm import Cipher, Digest, KeyNotFound, Keystore, Policy, Unsupported
from tests.support.encrypting import encrypt
from tests.support.python_pkcs11 import library_session

SEED = b"12345678901234567890"
BY_SOFTWARE = [Cipher.CAMELLIA_128_CBC, Cipher.AES_128_KW, Cipher.AES_256_KWP, Cipher.DES3_KW]


@pytest.fixture
def workshop(keystore: Keystore) -> Iterator[LibrarySession]:
    with library_session(keystore._connection) as session:
        yield session


def _store_aes(session: LibrarySession, key: bytes, label: str) -> None:
    session.create_object(
        {
            Attribute.CLASS: 4,
            Attribute.KEY_TYPE: KeyType.AES,
            Attribute.TOKEN: True,
            Attribute.LABEL: label,
            Attribute.DECRYPT: True,
            Attribute.SENSITIVE: True,
            Attribute.EXTRACTABLE: False,
            Attribute.VALUE: key,
        }
    )


@pytest.mark.parametrize("cipher", [Cipher.AES_256_CBC, Cipher.AES_256_GCM])
def test_a_key_that_lives_on_the_pkcs11_token_decrypts_and_stays(
    keystore: Keystore, workshop: LibrarySession, cipher: Cipher
) -> None:
    key, label = os.urandom(32), f"maker {cipher}"
    _store_aes(workshop, key, label)
    value = encrypt(cipher, key, SEED)

    for _ in range(2):
        transport = keystore.transport_key_by_label(cipher, label)
        assert keystore.import_encrypted(transport, value, Digest.SHA1).key.length == 20
        transport.wipe()


def test_an_rsa_key_made_on_the_pkcs11_token_decrypts(
    keystore: Keystore, workshop: LibrarySession
) -> None:
    public, _ = workshop.generate_keypair(KeyType.RSA, 2048, store=True, label="maker rsa")
    modulus, exponent = public[Attribute.MODULUS], public[Attribute.PUBLIC_EXPONENT]
    numbers = rsa.RSAPublicNumbers(int.from_bytes(exponent), int.from_bytes(modulus))
    value = numbers.public_key().encrypt(SEED, padding.PKCS1v15())

    transport = keystore.transport_key_by_label(Cipher.RSA_1_5, "maker rsa")

    assert keystore.import_encrypted(transport, value, Digest.SHA1).key.length == 20


def test_a_label_that_nothing_has_is_named(keystore: Keystore) -> None:
    transport = keystore.transport_key_by_label(Cipher.AES_256_CBC, "nobody")

    with pytest.raises(KeyNotFound, match="no key is labelled 'nobody'"):
        keystore.import_encrypted(transport, bytes(48), Digest.SHA1)


def test_a_label_that_two_keys_have_is_refused(
    keystore: Keystore, workshop: LibrarySession
) -> None:
    for key in (bytes(32), bytes(16)):
        _store_aes(workshop, key, "twins")
    transport = keystore.transport_key_by_label(Cipher.AES_256_CBC, "twins")

    with pytest.raises(KeyNotFound, match="several keys are labelled 'twins'"):
        keystore.import_encrypted(transport, bytes(48), Digest.SHA1)


def test_a_labelled_key_of_another_kind_is_refused(
    keystore: Keystore, workshop: LibrarySession
) -> None:
    _store_aes(workshop, bytes(32), "an aes key")
    transport = keystore.transport_key_by_label(Cipher.RSA_1_5, "an aes key")

    with pytest.raises(Policy, match="another kind than RSA"):
        keystore.import_encrypted(transport, bytes(256), Digest.SHA1)


@pytest.mark.parametrize("cipher", BY_SOFTWARE)
def test_software_cannot_use_a_key_that_never_leaves_the_module(
    keystore: Keystore, cipher: Cipher
) -> None:
    with pytest.raises(Unsupported, match="give the key in a file"):
        keystore.transport_key_by_label(cipher, "any")
