"""With which key value MACs are made, and what no setting lets pass."""

import pytest

from importers import (
    Cipher,
    EncryptedSeed,
    Instructions,
    IntegrityFailure,
    Malformed,
    Unsupported,
    WarningCode,
    WrongKey,
)
from tests.support.sealed_maker import Sealed, sealed, unlock_for
from tests.unit.importers.reading import changed, opened, refused, until_refused

CBC = Cipher.AES_128_CBC
KEY = unlock_for(CBC)
LEGACY = Instructions(legacy_macs=True)
LENIENT = Instructions(legacy_macs=True, allow_unauthenticated=True)


def without(text: str, name: str) -> str:
    """The text without its first element of this name."""
    end = f"</{name}>"
    start = text.index(f"<{name}")
    return text[:start] + text[text.index(end) + len(end) :]


def swapped(text: str) -> str:
    """The text with another value MAC of the right length."""
    start = text.index("<ValueMAC>") + len("<ValueMAC>")
    changed_octet = "B" if text[start] == "A" else "A"
    return text[:start] + changed_octet + text[start + 1 :]


def test_a_mac_method_without_a_mac_key_is_refused_with_the_way_out() -> None:
    error = refused(sealed(Sealed(CBC, mac_key=None)), KEY)
    assert isinstance(error, Unsupported)
    assert "MACMethod holds no MACKey" in error.reason
    assert "legacy" in error.remedy


@pytest.mark.parametrize("cipher", [Cipher.AES_256_CBC, Cipher.CAMELLIA_192_CBC, Cipher.DES3_CBC])
def test_legacy_macs_are_by_the_encryption_key(cipher: Cipher) -> None:
    file = opened(sealed(Sealed(cipher, mac_key=None)), unlock_for(cipher), instructions=LEGACY)
    (record,) = file
    assert isinstance(record.seed, EncryptedSeed)
    assert [warned.code for warned in file.warnings] == [WarningCode.MAC_BY_ENCRYPTION_KEY]


def test_a_file_with_a_mac_key_may_still_have_legacy_macs() -> None:
    by_encryption_key = sealed(Sealed(CBC, mac_key=None))
    method = sealed(Sealed(CBC))
    method = method[method.index("<MACMethod") : method.index("<KeyPackage>")]
    text = changed(without(by_encryption_key, "MACMethod"), "<KeyPackage>", f"{method}<KeyPackage>")
    file = opened(text, KEY, instructions=LEGACY)
    assert len(list(file)) == 1
    assert [warned.code for warned in file.warnings] == [WarningCode.MAC_BY_ENCRYPTION_KEY]
    assert type(refused(text, KEY)) is WrongKey


def test_macs_by_their_own_key_give_no_warning_where_legacy_ones_are_allowed() -> None:
    file = opened(sealed(Sealed(CBC)), KEY, instructions=LEGACY)
    assert len(list(file)) == 1
    assert file.warnings == ()


@pytest.mark.parametrize("mac_key", [None, b"m" * 20])
def test_a_wrong_legacy_mac_tells_that_macs_over_seeds_are_not_checked(
    mac_key: bytes | None,
) -> None:
    text = swapped(sealed(Sealed(CBC, mac_key=mac_key)))
    records, error = until_refused(opened(text, KEY, instructions=LEGACY))
    assert records == []
    assert type(error) is WrongKey
    assert "over the seeds themselves" in error.remedy
    assert "every seed in memory" in error.remedy


def test_a_wrong_mac_tells_so_only_where_legacy_macs_are_allowed() -> None:
    assert "seeds themselves" not in refused(swapped(sealed(Sealed(CBC))), KEY).remedy


def test_value_macs_by_an_rsa_key_are_refused() -> None:
    cipher = Cipher.RSA_OAEP_SHA1
    text = sealed(Sealed(cipher, mac_key=None))
    error = refused(text, unlock_for(cipher), instructions=LEGACY)
    assert isinstance(error, Unsupported)
    assert "by an RSA key" in error.reason


def test_a_mac_key_under_rsa_is_read_where_legacy_macs_are_allowed() -> None:
    cipher = Cipher.RSA_1_5
    file = opened(sealed(Sealed(cipher)), unlock_for(cipher), instructions=LEGACY)
    assert len(list(file)) == 1


# --- MACKeyReference -------------------------------------------------------------------------


@pytest.mark.parametrize("reference", ["transport-key", " transport-key\n", "#transport-key"])
def test_a_reference_to_the_encryption_key_is_followed(reference: str) -> None:
    file = opened(sealed(Sealed(CBC, mac_key=None, reference=reference)), KEY)
    assert len(list(file)) == 1
    assert [warned.code for warned in file.warnings] == [WarningCode.MAC_BY_ENCRYPTION_KEY]


def test_a_reference_may_be_to_the_encryption_keys_id() -> None:
    text = sealed(Sealed(CBC, mac_key=None, reference="k1"))
    assert len(list(opened(changed(text, "<EncryptionKey>", '<EncryptionKey Id="k1">'), KEY))) == 1


def test_a_reference_to_another_key_names_it() -> None:
    error = refused(sealed(Sealed(CBC, mac_key=None, reference="mac-key-7")), KEY)
    assert type(error) is WrongKey
    assert 'another key, named "mac-key-7"' in error.reason
    assert (error.path or "").endswith("/MACMethod/MACKeyReference")


def test_a_mac_key_and_a_reference_contradict_each_other() -> None:
    error = refused(sealed(Sealed(CBC, reference="transport-key")), KEY)
    assert isinstance(error, Malformed)
    assert "contradict" in error.reason


# --- what was taken off ----------------------------------------------------------------------


@pytest.mark.parametrize("cipher", [CBC, Cipher.AES_128_GCM, Cipher.AES_128_KW, Cipher.RSA_1_5])
def test_a_stripped_value_mac_is_refused_whatever_the_operator_allows(cipher: Cipher) -> None:
    text = without(sealed(Sealed(cipher)), "ValueMAC")
    error = refused(text, unlock_for(cipher), instructions=LENIENT)
    assert type(error) is IntegrityFailure
    assert "stripped" in error.reason


@pytest.mark.parametrize("cipher", [CBC, Cipher.AES_128_GCM])
def test_a_stripped_mac_method_is_refused_whatever_the_operator_allows(cipher: Cipher) -> None:
    text = without(sealed(Sealed(cipher)), "MACMethod")
    error = refused(text, unlock_for(cipher), instructions=LENIENT)
    assert type(error) is IntegrityFailure
    assert "no MACMethod tells how to check" in error.reason


def nameless(cipher: Cipher) -> str:
    """A file whose MACMethod has no Algorithm."""
    text = sealed(Sealed(cipher))
    start = text.index(" Algorithm=", text.index("<MACMethod"))
    return text[:start] + text[text.index(">", start) :]


def test_a_mac_method_without_an_algorithm_is_none_where_the_cipher_has_integrity() -> None:
    cipher = Cipher.AES_128_KW
    text = without(nameless(cipher), "ValueMAC")
    assert len(list(opened(text, unlock_for(cipher)))) == 1
    assert type(refused(nameless(cipher), unlock_for(cipher))) is IntegrityFailure


def test_a_mac_method_without_an_algorithm_is_refused_where_value_macs_are_needed() -> None:
    error = refused(without(nameless(CBC), "ValueMAC"), KEY, instructions=LENIENT)
    assert isinstance(error, Unsupported)
    assert "the MAC nothing" in error.reason


def test_a_mac_key_without_a_value_is_malformed() -> None:
    error = refused(without(sealed(Sealed(CBC)), "xenc:CipherData"), KEY)
    assert isinstance(error, Malformed)
    assert "no CipherValue" in error.reason


# --- padding that XML Encryption permits -----------------------------------------------------


@pytest.mark.parametrize("cipher", [CBC, Cipher.DES3_CBC, Cipher.CAMELLIA_256_CBC])
def test_a_mac_key_with_filler_opens_where_it_makes_the_first_value_mac(cipher: Cipher) -> None:
    file = opened(sealed(Sealed(cipher, filled=True, mac_key=b"m" * 20)), unlock_for(cipher))
    assert len(list(file)) == 1


def test_a_mac_key_with_filler_that_makes_another_value_mac_means_a_wrong_key() -> None:
    text = sealed(Sealed(CBC, filled=True, mac_key=b"m" * 20))
    assert type(refused(swapped(text), KEY)) is WrongKey
    assert type(refused(without(text, "ValueMAC"), KEY)) is WrongKey
