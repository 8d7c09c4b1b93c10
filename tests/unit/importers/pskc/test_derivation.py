"""PBKDF2: every spelling of its parameters, every bound on them, every spelling of a passphrase."""

import hashlib
from base64 import b64encode

import pytest

from importers import (
    Cipher,
    ImporterError,
    Instructions,
    LimitExceeded,
    Limits,
    Malformed,
    Passphrase,
    PrivateKey,
    Unsupported,
    WarningCode,
    WrongKey,
)
from tests.support.pskc_maker import Order, Tokens, published_octets
from tests.support.sealed_maker import Sealed, private_key, sealed
from tests.unit.importers.reading import changed, figure, made, opened, read, refused

ONE = (Tokens(1),)
PRF = "<PRF/>"


def refused_7(text: str) -> ImporterError:
    return refused(text, Passphrase("qwerty"))


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


def test_the_standards_own_namespace_of_parameters_is_known() -> None:
    text = figure(7)
    old, new = 'pkcs/schemas/pkcs-5v2-0#"', 'pkcs/schemas/pkcs-5#"'
    assert len(read(changed(text, old, new), Passphrase("qwerty"))) == 1


@pytest.mark.parametrize("octets", [16, 24])
def test_a_3des_key_is_derived_in_the_length_that_the_file_gives(octets: int) -> None:
    key = hashlib.pbkdf2_hmac("sha1", b"pass", published_octets("salt", 16), 10_000, octets)
    derivation = derivation_of(f"<KeyLength>{octets}</KeyLength>")
    text = sealed(Sealed(Cipher.DES3_CBC, key, encryption_key=derivation))
    assert len(read(text, Passphrase("pass"))) == 1


def test_a_key_length_of_another_size_of_the_cipher_names_the_way_out() -> None:
    error = refused_7(changed(figure(7), ">16<", ">32<"))
    assert isinstance(error, Malformed)
    assert 'say that the values are under "aes256-cbc"' in error.remedy


def test_a_mislabelled_cipher_of_a_derived_key_can_be_said() -> None:
    text = made(Order(ONE, passphrase="pass", cipher=Cipher.AES_256_CBC)).decode()
    wrong = text.replace("aes256-cbc", "aes128-cbc")
    told = Instructions(cipher="aes256-cbc")
    assert len(read(wrong, Passphrase("pass"), instructions=told)) == 1


def test_no_passphrase_makes_an_rsa_key() -> None:
    text = sealed(Sealed(Cipher.RSA_1_5, encryption_key=derivation_of("")))
    error = refused(text, PrivateKey(private_key()))
    assert isinstance(error, Malformed)
    assert "no passphrase makes its key" in error.reason


def test_a_passphrase_is_taken_as_typed_where_no_mac_key_can_tell() -> None:
    derivation = derivation_of("")
    typed = Passphrase("cafe\u0301")
    file = opened(sealed(Sealed(Cipher.AES_128_GCM, mac=None, encryption_key=derivation)), typed)
    assert file.header.warnings == ()
    assert len(list(file)) == 1


def test_a_derived_key_may_be_referred_to_as_the_one_that_makes_the_macs() -> None:
    key = hashlib.pbkdf2_hmac("sha1", b"pass", published_octets("salt", 16), 10_000, 16)
    order = Sealed(
        Cipher.AES_128_CBC,
        key,
        mac_key=None,
        reference="transport-key",
        encryption_key=derivation_of(""),
    )
    assert len(read(sealed(order), Passphrase("pass"))) == 1


def derivation_of(key_length: str) -> str:
    """What stands in EncryptionKey of a file under a passphrase."""
    text = made(Order(ONE, passphrase="pass")).decode()
    start, end = text.index("<xenc11:DerivedKey>"), text.index("</EncryptionKey>")
    return changed(text[start:end], "<KeyLength>16</KeyLength>", key_length)
