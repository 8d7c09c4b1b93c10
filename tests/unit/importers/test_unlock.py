"""Key files hold hexadecimal digits, raw octets or PEM, and nothing that has to be guessed."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from importers import (
    KeyForm,
    Passphrase,
    PrivateKey,
    Unlock,
    WrongKey,
    read_key_file,
    read_private_key,
)
from tests.support.sealed_maker import private_key


def octets_of(secret: Unlock) -> bytes:
    with secret.expose() as octets:
        return bytes(octets)


@pytest.mark.parametrize("size", [16, 24, 32])
def test_hexadecimal_digits_are_a_key(size: int) -> None:
    key = read_key_file(b"aB" * size + b"\r\n")
    assert (octets_of(key), key.form) == (b"\xab" * size, KeyForm.HEX)


def test_hexadecimal_digits_may_have_spaces() -> None:
    assert octets_of(read_key_file(b"00 01 02 03 04 05 06 07\n08090a0b 0c0d0e0f")) == bytes(
        range(16)
    )


@pytest.mark.parametrize("size", [16, 24, 32])
def test_raw_octets_are_a_key(size: int) -> None:
    key = read_key_file(bytes(range(size)))
    assert (octets_of(key), key.form) == (bytes(range(size)), KeyForm.RAW)


@pytest.mark.parametrize(
    "text", [b"EjRWeBI0VngSNFZ4EjRWeA==\n", b"correct horse battery staple", b""]
)
def test_base64_and_other_text_is_refused(text: bytes) -> None:
    with pytest.raises(WrongKey, match="hexadecimal") as caught:
        read_key_file(text, "transport.key")
    assert caught.value.name == "transport.key"
    assert text.decode() not in str(caught.value) or not text


@pytest.mark.parametrize("size", [1, 15, 33])
def test_raw_octets_of_another_length_are_refused(size: int) -> None:
    with pytest.raises(WrongKey, match=f"{size} raw octets"):
        read_key_file(b"\xff" * size)


def test_a_passphrase_is_tried_as_typed_and_then_composed() -> None:
    spellings = [octets_of(spelling) for spelling in Passphrase("cafe\u0301").spellings()]
    assert spellings == ["cafe\u0301".encode(), "café".encode()]


def test_a_composed_passphrase_is_tried_once() -> None:
    assert len(list(Passphrase("café").spellings())) == 1


# --- private keys ----------------------------------------------------------------------------

RSA = private_key()


def pem(
    key: PrivateKeyTypes = RSA, passphrase: str = "", form: PrivateFormat = PrivateFormat.PKCS8
) -> bytes:
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, encryption)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_private_key_in_pem_is_held_as_pkcs8(form: PrivateFormat) -> None:
    key = read_private_key(pem(form=form))
    assert octets_of(key) == RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    assert (key.modulus_octets, repr(key)) == (256, "<PrivateKey>")
    assert key.public == RSA.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_private_key_may_be_under_a_passphrase_of_its_own(form: PrivateFormat) -> None:
    key = read_private_key(pem(passphrase="café", form=form), Passphrase("café"))
    assert octets_of(key) == octets_of(PrivateKey(RSA))


def key_refused(octets: bytes, passphrase: str | None = None) -> WrongKey:
    with pytest.raises(WrongKey) as caught:
        read_private_key(octets, Passphrase(passphrase) if passphrase else None, "bank.pem")
    assert caught.value.name == "bank.pem"
    return caught.value


def test_a_private_key_asks_for_the_passphrase_it_is_under() -> None:
    error = key_refused(pem(passphrase="pass"))
    assert "under a passphrase of its own" in error.reason


def test_a_private_keys_wrong_passphrase_is_said_to_be_wrong() -> None:
    error = key_refused(pem(passphrase="pass"), "word")
    assert "its passphrase is wrong" in error.reason
    assert "word" not in str(error).replace("passphrase", "")


def test_a_passphrase_for_a_private_key_under_none_is_refused() -> None:
    assert "under no passphrase" in key_refused(pem(), "pass").reason


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"00" * 16,
        octets_of(PrivateKey(RSA)),
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ],
)
def test_what_is_no_private_key_in_pem_is_refused(octets: bytes) -> None:
    error = key_refused(octets)
    assert "no private key in PEM" in error.reason
    assert "passphrase" not in error.reason


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP256R1()), Ed25519PrivateKey.generate()]
)
def test_a_private_key_of_another_kind_is_refused(key: PrivateKeyTypes) -> None:
    assert "not an RSA key" in key_refused(pem(key)).reason
