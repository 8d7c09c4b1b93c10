"""How a file is protected, and which keys open it."""

import hashlib
from base64 import b64encode

import pytest

from importers import (
    Cipher,
    ImporterError,
    IntegrityFailure,
    KeyMissing,
    LimitExceeded,
    Limits,
    MacAlgorithm,
    Malformed,
    Passphrase,
    PreSharedKey,
    Unsupported,
    WarningCode,
    WrongKey,
)
from tests.support.pskc_maker import Order, Tokens, encrypt, published_octets
from tests.unit.importers.reading import RFC_KEY, changed, figure, made, opened, read, refused

ONE = (Tokens(1),)
AES_CBC = (Cipher.AES_128_CBC, Cipher.AES_192_CBC, Cipher.AES_256_CBC)
PRF = "<PRF/>"
LEGACY_PRF = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#hmac-sha256"


def refused_7(text: str) -> ImporterError:
    return refused(text, Passphrase("qwerty"))


@pytest.mark.parametrize("cipher", AES_CBC)
@pytest.mark.parametrize("mac", list(MacAlgorithm))
def test_every_cipher_and_value_mac_is_read(cipher: Cipher, mac: MacAlgorithm) -> None:
    key = b"k" * cipher.key_octets
    file = opened(made(Order(ONE, key=key, cipher=cipher, mac=mac)), PreSharedKey(key))
    assert len(list(file)) == 1
    assert file.header.value_macs is mac
    assert file.transport_key is not None
    assert file.transport_key.cipher is cipher


@pytest.mark.parametrize("cipher", AES_CBC)
def test_a_passphrase_opens_every_cipher(cipher: Cipher) -> None:
    order = Order(ONE, passphrase="correct horse", cipher=cipher)
    assert len(read(made(order), Passphrase("correct horse"))) == 1


def test_a_missing_key_is_asked_for_by_its_name() -> None:
    error = refused(figure(6))
    assert isinstance(error, KeyMissing)
    assert 'the key named "Pre-shared-key"' in error.reason
    assert not error.passphrase


def test_a_missing_passphrase_is_asked_for() -> None:
    error = refused(figure(7))
    assert isinstance(error, KeyMissing)
    assert error.passphrase


def test_a_key_without_a_name_is_asked_for_all_the_same() -> None:
    error = refused(changed(figure(6), "<ds:KeyName>Pre-shared-key</ds:KeyName>", ""))
    assert "a pre-shared key" in error.reason


def test_a_passphrase_does_not_open_a_file_under_a_key() -> None:
    error = refused(figure(6), Passphrase("qwerty"))
    assert isinstance(error, WrongKey)
    assert "a passphrase was given" in error.reason


def test_a_key_does_not_open_a_file_under_a_passphrase() -> None:
    error = refused(figure(7), PreSharedKey(RFC_KEY))
    assert isinstance(error, WrongKey)
    assert "a key was given" in error.reason


def test_a_key_of_another_length_names_both_lengths() -> None:
    error = refused(figure(6), PreSharedKey(bytes(32)))
    assert "AES-128-CBC takes 16 octets of key, and 32 were given" in error.reason


@pytest.mark.parametrize("wrong", range(8))
def test_a_wrong_key_is_said_to_be_wrong(wrong: int) -> None:
    assert type(refused(figure(6), PreSharedKey(bytes([wrong]) * 16))) is WrongKey


def test_a_wrong_passphrase_is_said_to_be_wrong() -> None:
    assert type(refused(figure(7), Passphrase("Qwerty"))) is WrongKey


def test_a_key_for_a_plain_file_is_refused_for_the_file_may_be_another() -> None:
    error = refused(figure(3), PreSharedKey(RFC_KEY))
    assert isinstance(error, IntegrityFailure)
    assert "nothing in this file is encrypted" in error.reason


@pytest.mark.parametrize("length", [15, 65])
def test_a_mac_key_of_an_unlikely_length_means_a_wrong_key(length: int) -> None:
    mac_key = b64encode(encrypt(RFC_KEY, bytes(16), bytes(length))).decode()
    printed = "ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX"
    assert type(refused(changed(figure(6), printed, mac_key), PreSharedKey(RFC_KEY))) is WrongKey


@pytest.mark.parametrize("value", ["", "AAAA", "A" * 64 + "AAAA"])
def test_a_mac_key_that_is_no_whole_blocks_is_malformed(value: str) -> None:
    printed = "ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX"
    error = refused(changed(figure(6), printed, value), PreSharedKey(RFC_KEY))
    assert isinstance(error, Malformed)


def test_a_mac_method_without_a_mac_key_is_refused() -> None:
    text = figure(6)
    start, end = text.index("<MACKey>"), text.index("</MACKey>") + len("</MACKey>")
    assert isinstance(refused(text[:start] + text[end:], PreSharedKey(RFC_KEY)), Unsupported)


def test_values_under_an_unknown_cipher_are_named_before_their_missing_macs() -> None:
    text = figure(6)
    start, end = text.index("<MACMethod"), text.index("<KeyPackage>")
    bare = changed(text[:start] + text[end:], "xmlenc#aes128-cbc", "xmlenc#kw-aes128")
    error = refused(bare, PreSharedKey(RFC_KEY))
    assert isinstance(error, Unsupported)
    assert "kw-aes128" in error.reason


def test_an_encryption_key_over_plain_values_is_refused() -> None:
    text = changed(figure(3), "<KeyPackage>", "<EncryptionKey/><KeyPackage>")
    assert isinstance(refused(text, PreSharedKey(RFC_KEY)), IntegrityFailure)


# --- PBKDF2 ----------------------------------------------------------------------------------


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
def test_a_named_pseudo_random_function_is_used(digest: str) -> None:
    key = hashlib.pbkdf2_hmac(digest, b"pass", published_octets("salt", 16), 10_000, 16)
    text = made(Order(ONE, key=key)).decode()
    derivation = made(Order(ONE, passphrase="pass")).decode()
    derived = derivation[
        derivation.index("<xenc11:DerivedKey>") : derivation.index("</EncryptionKey>")
    ]
    derived = changed(derived, PRF, f'<PRF Algorithm="urn:example#hmac-{digest}"/>')
    name = "<ds:KeyName>transport-key</ds:KeyName>"
    assert len(read(changed(text, name, derived), Passphrase("pass"))) == 1


@pytest.mark.parametrize("namespace", ["", "http://www.w3.org/2009/xmlenc11#"])
def test_parameters_may_stand_in_other_namespaces(namespace: str) -> None:
    text = made(Order(ONE, passphrase="pass")).decode()
    start, end = text.index("<Salt>"), text.index("</pkcs5:PBKDF2-params>")
    inner = text[start:end].replace("<Salt>", f'<Salt xmlns="{namespace}">')
    for name in ("IterationCount", "KeyLength", "PRF"):
        inner = inner.replace(f"<{name}", f'<{name} xmlns="{namespace}"')
    assert len(read(text[:start] + inner + text[end:], Passphrase("pass"))) == 1


@pytest.mark.parametrize(
    "uri",
    [
        "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5#pbkdf2",
        "http://www.w3.org/2009/xmlenc11#pbkdf2",
    ],
)
def test_other_names_of_pbkdf2_are_known(uri: str) -> None:
    printed = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2"
    assert len(read(changed(figure(7), printed, uri), Passphrase("qwerty"))) == 1


def test_a_missing_prf_and_key_length_have_defaults() -> None:
    text = changed(figure(7), PRF, "")
    text = changed(text, "<KeyLength>16</KeyLength>", "")
    assert len(read(text, Passphrase("qwerty"))) == 1


def test_too_many_iterations_are_refused_before_any_is_done() -> None:
    error = refused_7(changed(figure(7), ">1000<", ">2000000000<"))
    assert isinstance(error, LimitExceeded)
    assert "2000000000 iterations" in error.reason


def test_the_cap_on_iterations_can_be_changed() -> None:
    error = refused(figure(7), Passphrase("qwerty"), limits=Limits(pbkdf2_iterations=999))
    assert isinstance(error, LimitExceeded)


def test_enough_iterations_give_no_warning() -> None:
    header = opened(made(Order(ONE, passphrase="pass")), Passphrase("pass")).header
    assert header.warnings == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (">1000<", ">0<"),
        (">1000<", ">-1<"),
        ("<IterationCount>1000</IterationCount>", ""),
        ("Ej7/PEpyEpw=", "Ej7/PEpyEg=="),
        ("Ej7/PEpyEpw=", b64encode(bytes(1025)).decode()),
        ("<Specified>Ej7/PEpyEpw=</Specified>", ""),
        (">16<", ">2000000000<"),
        (">16<", ">32<"),
    ],
)
def test_derivation_parameters_out_of_range_are_malformed(old: str, new: str) -> None:
    assert isinstance(refused_7(changed(figure(7), old, new)), Malformed)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pkcs-5v2-0#pbkdf2", "pkcs-5v2-0#pbes2"),
        (PRF, '<PRF Algorithm="urn:example#hmac-md5"/>'),
        ("<Specified>Ej7/PEpyEpw=</Specified>", "<OtherSource/>"),
    ],
)
def test_other_derivations_are_refused_by_name(old: str, new: str) -> None:
    error = refused_7(changed(figure(7), f"{old}" if old != "pkcs-5v2-0#pbkdf2" else old, new))
    assert isinstance(error, Unsupported)


def test_a_decomposed_passphrase_is_composed_with_a_warning() -> None:
    file = opened(made(Order(ONE, passphrase="café")), Passphrase("cafe\u0301"))
    assert len(list(file)) == 1
    assert file.header.warnings == (WarningCode.COMPOSED_SPELLING,)


def test_a_wrong_passphrase_with_accents_is_wrong_in_either_spelling() -> None:
    error = refused(made(Order(ONE, passphrase="tea")), Passphrase("cafe\u0301"))
    assert type(error) is WrongKey
