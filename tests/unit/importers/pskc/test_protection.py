"""How a file is protected, and which keys open it."""

from base64 import b64encode

import pytest

from importers import (
    Cipher,
    EncryptedSeed,
    Instructions,
    IntegrityFailure,
    KeyMissing,
    MacAlgorithm,
    Malformed,
    Passphrase,
    PreSharedKey,
    PrivateKey,
    SeedFile,
    UnderPreSharedKey,
    Unsupported,
    WarningCode,
    WrongKey,
)
from importers.values import decrypt_value
from tests.support.pskc_maker import Order, Tokens, encrypt
from tests.support.sealed_maker import (
    SEED,
    Sealed,
    key_for,
    method_of,
    private_key,
    sealed,
    unlock_for,
)
from tests.unit.importers.reading import RFC_KEY, changed, figure, made, opened, read, refused

ONE = (Tokens(1),)
AES_CBC = (Cipher.AES_128_CBC, Cipher.AES_192_CBC, Cipher.AES_256_CBC)
PRINTED = "http://www.w3.org/2001/04/"


def seed_of(file: SeedFile) -> bytes:
    """The file's only seed, decrypted by its transport key as whoever holds that may."""
    (record,) = file
    assert isinstance(record.seed, EncryptedSeed)
    assert file.transport_key is not None
    with file.transport_key.expose() as key:
        return decrypt_value(record.seed.cipher, bytes(key), record.seed.value).octets


@pytest.mark.parametrize("cipher", list(Cipher))
def test_a_file_under_any_cipher_opens_and_its_seed_stays_encrypted(cipher: Cipher) -> None:
    file = opened(sealed(Sealed(cipher)), unlock_for(cipher))
    assert file.transport_key is not None
    assert file.transport_key.cipher is cipher
    assert file.header.value_macs is MacAlgorithm.HMAC_SHA256
    assert seed_of(file) == SEED


@pytest.mark.parametrize("cipher", [cipher for cipher in Cipher if cipher.has_integrity])
def test_a_cipher_with_integrity_needs_no_value_macs(cipher: Cipher) -> None:
    file = opened(sealed(Sealed(cipher, mac=None)), unlock_for(cipher))
    assert (file.header.value_macs, file.header.warnings) == (None, ())
    assert seed_of(file) == SEED


@pytest.mark.parametrize("cipher", [cipher for cipher in Cipher if not cipher.has_integrity])
def test_a_cipher_without_integrity_needs_value_macs(cipher: Cipher) -> None:
    error = refused(sealed(Sealed(cipher, mac=None)), unlock_for(cipher))
    assert type(error) is IntegrityFailure
    assert "without value MACs prove nothing" in error.reason


@pytest.mark.parametrize("cipher", [cipher for cipher in Cipher if not cipher.has_integrity])
def test_values_without_macs_pass_where_the_operator_allows_it(cipher: Cipher) -> None:
    allowed = Instructions(allow_unauthenticated=True)
    file = opened(sealed(Sealed(cipher, mac=None)), unlock_for(cipher), instructions=allowed)
    assert file.header.warnings == (WarningCode.VALUES_UNAUTHENTICATED,)
    assert seed_of(file) == SEED


@pytest.mark.parametrize("cipher", [cipher for cipher in Cipher if cipher.key_octets])
def test_another_key_of_the_right_length_is_wrong(cipher: Cipher) -> None:
    other = PreSharedKey(bytes(range(cipher.key_octets)))
    assert type(refused(sealed(Sealed(cipher)), other)) is WrongKey


@pytest.mark.parametrize(
    ("cipher", "uri"),
    [
        (Cipher.CAMELLIA_128_CBC, f"{PRINTED}xmldsig-more#camellia128"),
        (Cipher.CAMELLIA_192_CBC, f"{PRINTED}xmldsig-more#camellia192"),
        (Cipher.CAMELLIA_256_CBC, f"{PRINTED}xmldsig-more#camellia256"),
        (Cipher.RSA_1_5, f"{PRINTED}xmlenc#rsa_1_5"),
    ],
)
def test_a_cipher_is_known_by_the_uri_that_the_rfc_prints(cipher: Cipher, uri: str) -> None:
    file = opened(sealed(Sealed(cipher, method=method_of(cipher, uri))), unlock_for(cipher))
    assert seed_of(file) == SEED


@pytest.mark.parametrize("cipher", [Cipher.DES3_CBC, Cipher.DES3_KW])
def test_a_3des_bundle_of_two_keys_is_one_of_three(cipher: Cipher) -> None:
    two = bytes(range(16))
    file = opened(sealed(Sealed(cipher, two)), PreSharedKey(two))
    assert file.transport_key is not None
    with file.transport_key.expose() as key:
        assert bytes(key) == two + two[:8]
    assert seed_of(file) == SEED


def test_the_mac_key_may_be_under_another_mode_of_the_same_key() -> None:
    order = Sealed(Cipher.AES_128_CBC, mac_cipher=Cipher.AES_128_KW)
    file = opened(sealed(order), unlock_for(Cipher.AES_128_CBC))
    assert file.header.protection == UnderPreSharedKey(Cipher.AES_128_CBC, "transport-key")
    assert seed_of(file) == SEED


@pytest.mark.parametrize("other", [Cipher.AES_256_CBC, Cipher.CAMELLIA_128_CBC, Cipher.RSA_1_5])
def test_a_mac_key_under_another_key_than_the_values_is_refused(other: Cipher) -> None:
    text = sealed(Sealed(Cipher.AES_128_CBC, mac=None))
    mac_key = sealed(Sealed(other))
    method = mac_key[mac_key.index("<MACMethod") : mac_key.index("<KeyPackage>")]
    error = refused(changed(text, "<KeyPackage>", f"{method}<KeyPackage>"), PreSharedKey(RFC_KEY))
    assert isinstance(error, Unsupported)
    assert f"under AES-128-CBC and the MAC key under {other}" in error.reason


# --- a cipher that the file does not name ----------------------------------------------------


def mislabelled() -> tuple[str, PreSharedKey]:
    """What one maker writes: AES-256 under the name of AES-128."""
    method = method_of(Cipher.AES_128_CBC)
    return sealed(Sealed(Cipher.AES_256_CBC, method=method)), unlock_for_256()


def unlock_for_256() -> PreSharedKey:
    return PreSharedKey(key_for(Cipher.AES_256_CBC))


def test_a_key_longer_than_its_cipher_takes_names_both_and_the_way_out() -> None:
    text, key = mislabelled()
    error = refused(text, key)
    assert type(error) is WrongKey
    assert error.reason == "AES-128-CBC takes 16 octets of key, and 32 were given"
    assert 'say that the values are under "aes256-cbc"' in error.remedy


@pytest.mark.parametrize("name", ["aes256-cbc", "AES-256-CBC", " Aes256-Cbc "])
def test_the_operator_can_say_what_the_cipher_really_is(name: str) -> None:
    text, key = mislabelled()
    file = opened(text, key, instructions=Instructions(cipher=name))
    assert file.header.warnings == (WarningCode.CIPHER_OVERRIDDEN,)
    assert seed_of(file) == SEED


def test_a_cipher_that_the_file_names_as_well_gives_no_warning() -> None:
    text = sealed(Sealed(Cipher.AES_256_CBC))
    file = opened(text, unlock_for_256(), instructions=Instructions(cipher="aes256-cbc"))
    assert file.header.warnings == ()


def test_a_cipher_named_in_no_known_way_can_be_said() -> None:
    method = method_of(Cipher.AES_256_CBC, "urn:example:rijndael")
    text = sealed(Sealed(Cipher.AES_256_CBC, method=method))
    assert isinstance(refused(text, unlock_for_256()), Unsupported)
    file = opened(text, unlock_for_256(), instructions=Instructions(cipher="aes256-cbc"))
    assert seed_of(file) == SEED


def test_an_unknown_cipher_said_is_refused_with_all_that_are_known() -> None:
    error = refused(figure(6), PreSharedKey(RFC_KEY), instructions=Instructions(cipher="rot13"))
    assert isinstance(error, Unsupported)
    assert "no cipher is called 'rot13'" in error.reason
    for name in ("aes256-cbc", "kw-aes-128-pad", "kw-tripledes", "rsa-1_5", "RSA-OAEP-SHA256"):
        assert name in error.remedy


def test_a_key_of_no_length_at_all_gets_no_way_out() -> None:
    error = refused(figure(6), PreSharedKey(bytes(20)))
    assert "under" not in error.remedy


# --- the first key package -------------------------------------------------------------------

DEVICE = "<KeyPackage><DeviceInfo><SerialNo>1</SerialNo></DeviceInfo></KeyPackage>"


def test_a_file_whose_first_package_holds_no_key_is_under_the_mac_keys_cipher() -> None:
    text = changed(sealed(Sealed(Cipher.AES_128_CBC)), "<KeyPackage>", f"{DEVICE}<KeyPackage>")
    assert seed_of(opened(text, unlock_for(Cipher.AES_128_CBC))) == SEED


def test_a_file_that_names_its_cipher_nowhere_at_first_needs_to_be_told() -> None:
    cipher = Cipher.AES_128_GCM
    text = changed(sealed(Sealed(cipher, mac=None)), "<KeyPackage>", f"{DEVICE}<KeyPackage>")
    error = refused(text, unlock_for(cipher))
    assert isinstance(error, Unsupported)
    assert "the cipher is not known" in error.reason
    told = Instructions(cipher="aes128-gcm")
    assert seed_of(opened(text, unlock_for(cipher), instructions=told)) == SEED


def test_a_value_under_another_cipher_than_those_before_it_is_refused() -> None:
    text = sealed(Sealed(Cipher.AES_128_CBC))
    package = text[text.index("<KeyPackage>") : text.index("</KeyContainer>")]
    other = package.replace("aes128-cbc", "aes256-cbc")
    error = refused(text.replace(package, package + other), unlock_for(Cipher.AES_128_CBC))
    assert isinstance(error, Unsupported)
    assert "under AES-256-CBC and those before it under AES-128-CBC" in error.reason


# --- which seeds are plausible ---------------------------------------------------------------


def length_refused(cipher: Cipher, octets: int, *, allow_short: bool = False) -> str | None:
    text = sealed(Sealed(cipher, seed=bytes(octets)))
    file = opened(text, unlock_for(cipher), instructions=Instructions(allow_short=allow_short))
    try:
        list(file)
    except (Malformed, Unsupported) as error:
        return error.reason
    return None


EXACT = [Cipher.AES_128_GCM, Cipher.AES_128_KW, Cipher.CAMELLIA_128_KW, Cipher.DES3_KW]


@pytest.mark.parametrize("cipher", EXACT)
def test_a_seed_of_16_to_128_octets_is_read(cipher: Cipher) -> None:
    assert length_refused(cipher, 16) is None
    assert length_refused(cipher, 128) is None


def test_an_encrypted_seed_of_another_length_is_refused_where_its_cipher_shows_it() -> None:
    for cipher, octets in ((Cipher.AES_128_GCM, 15), (Cipher.DES3_KW, 8), (Cipher.DES3_CBC, 15)):
        assert "shorter than 128 bits" in (length_refused(cipher, octets) or "")
    for cipher in EXACT:
        assert "longer than 128" in (length_refused(cipher, 136) or "")
    assert "longer than 128" in (length_refused(Cipher.AES_128_KWP, 136) or "")


def test_a_short_seed_passes_where_the_operator_allows_it() -> None:
    assert length_refused(Cipher.AES_128_GCM, 10, allow_short=True) is None
    assert "shorter" in (length_refused(Cipher.AES_128_GCM, 9, allow_short=True) or "")
    assert length_refused(Cipher.AES_128_GCM, 16, allow_short=True) is None


def test_an_rsa_value_of_another_length_than_the_key_is_malformed() -> None:
    cipher = Cipher.RSA_OAEP_SHA1
    text = sealed(Sealed(cipher, mac=None))
    at = text.rindex("<xenc:CipherValue>") + len("<xenc:CipherValue>")
    short = text[:at] + b64encode(bytes(128)).decode() + text[text.rindex("</xenc:CipherValue>") :]
    allowed = Instructions(allow_unauthenticated=True)
    error = refused(short, PrivateKey(private_key()), instructions=allowed)
    assert isinstance(error, Malformed)
    assert "no value under RSA-OAEP-SHA1" in error.reason


# --- which key is asked for ------------------------------------------------------------------


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


@pytest.mark.parametrize("wrong", range(8))
def test_a_wrong_key_is_said_to_be_wrong(wrong: int) -> None:
    assert type(refused(figure(6), PreSharedKey(bytes([wrong]) * 16))) is WrongKey


def test_a_wrong_passphrase_is_said_to_be_wrong() -> None:
    assert type(refused(figure(7), Passphrase("Qwerty"))) is WrongKey


def test_a_private_key_does_not_open_a_file_under_a_key_or_a_passphrase() -> None:
    for number in (6, 7):
        error = refused(figure(number), PrivateKey(private_key()))
        assert type(error) is WrongKey
        assert "and a private key was given" in error.reason


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


def test_values_under_an_unknown_cipher_are_named_before_their_missing_macs() -> None:
    text = figure(6)
    start, end = text.index("<MACMethod"), text.index("<KeyPackage>")
    bare = changed(text[:start] + text[end:], "xmlenc#aes128-cbc", "xmlenc#seed-cbc")
    error = refused(bare, PreSharedKey(RFC_KEY))
    assert isinstance(error, Unsupported)
    assert "seed-cbc" in error.reason


def test_an_encryption_key_over_plain_values_is_refused() -> None:
    text = changed(figure(3), "<KeyPackage>", "<EncryptionKey/><KeyPackage>")
    assert isinstance(refused(text, PreSharedKey(RFC_KEY)), IntegrityFailure)
