"""What a key package must hold, and what is accepted with a warning."""

import hmac
from base64 import b64encode

import pytest

from importers import (
    EncryptedSeed,
    Instructions,
    IntegrityFailure,
    Malformed,
    PlainSeed,
    PreSharedKey,
    Provenance,
    WarningCode,
)
from tests.support.pskc_maker import Fault, Hotp, Order, Tokens, published_octets
from tests.unit.importers.reading import changed, figure, made, opened, read, refused

SEED = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="
KEY = b"k" * 16


def sized(octets: int, fault: Fault = Fault.NONE) -> bytes:
    """A protected file with one seed of so many octets."""
    return made(Order((Tokens(1),), key=KEY, seed=lambda _: b"s" * octets, fault=fault))


def warnings_of(text: str) -> tuple[WarningCode, ...]:
    return read(text)[0].provenance.warnings


def test_a_plain_seed_of_16_octets_is_read_with_a_warning() -> None:
    text = changed(figure(3), SEED, "MTIzNDU2Nzg5MDEyMzQ1Ng==")
    assert warnings_of(text) == (WarningCode.SEED_UNDER_160_BITS,)


def test_a_value_that_looks_hexadecimal_is_read_with_a_warning() -> None:
    text = changed(figure(3), SEED, "31" * 20)
    assert warnings_of(text) == (WarningCode.VALUE_LOOKS_HEX,)


def test_a_date_without_a_zone_is_read_with_a_warning() -> None:
    date = "<StartDate>2026-01-01T00:00:00</StartDate>"
    assert warnings_of(changed(figure(3), "<UserId>DC", f"{date}<UserId>DC")) == (
        WarningCode.DATE_WITHOUT_ZONE,
    )


def test_the_first_of_several_friendly_names_is_kept_with_a_warning() -> None:
    names = "<FriendlyName>one</FriendlyName><FriendlyName xml:lang='de'>zwei</FriendlyName>"
    record = read(changed(figure(3), "<Data>", f"{names}<Data>"))[0]
    assert record.friendly_name == "one"
    assert record.provenance.warnings == (WarningCode.FURTHER_NAME,)


def test_a_key_package_without_a_key_is_passed_over_with_a_warning() -> None:
    bare = "<KeyPackage><DeviceInfo><SerialNo>1</SerialNo></DeviceInfo></KeyPackage>"
    file = opened(changed(figure(3), "</KeyPackage>", f"</KeyPackage>{bare}"))
    assert [record.provenance.index for record in file] == [0]
    assert [warned.code for warned in file.warnings] == [WarningCode.PACKAGE_WITHOUT_KEY]


def test_seeds_of_80_bits_pass_where_the_operator_says_so() -> None:
    text = changed(figure(3), SEED, "MTIzNDU2Nzg5MA==")
    record = read(text, instructions=Instructions(allow_short=True))[0]
    assert record.provenance.warnings == (WarningCode.SEED_UNDER_160_BITS,)


def test_encrypted_seeds_of_80_bits_pass_where_the_operator_says_so() -> None:
    octets = made(Order((Tokens(1),), key=KEY, seed=lambda _: b"s" * 10))
    assert isinstance(refused(octets, PreSharedKey(KEY)), Malformed)
    assert len(read(octets, PreSharedKey(KEY), instructions=Instructions(allow_short=True))) == 1


def test_seeds_under_80_bits_never_pass() -> None:
    text = changed(figure(3), SEED, "MTIzNDU2Nzg5")
    with pytest.raises(Malformed, match="shorter than 80 bits"):
        read(text, instructions=Instructions(allow_short=True))


def test_a_key_id_may_be_written_in_lower_case() -> None:
    assert read(changed(figure(3), 'Id="12345678"', 'id="12345678"'))[0].key_id == "12345678"


def test_the_keys_user_is_proposed_before_the_devices() -> None:
    text = figure(3)
    assert read(text)[0].proposed_user == "UID=jsmith,DC=example-bank,DC=net"
    text = changed(text, "<UserId>UID=jsmith,DC=example-bank,DC=net</UserId>", "")
    assert read(text)[0].proposed_user == "DC=example-bank,DC=net"


def test_a_key_id_that_cannot_be_shown_is_refused() -> None:
    error = refused(changed(figure(3), 'Id="12345678"', 'Id="1&#x202e;2"'))
    assert "Id cannot be read" in error.reason


def test_a_record_knows_where_it_stands() -> None:
    records = read(made(Order((Tokens(2, Hotp()),))))
    assert records[0].provenance == Provenance(line=6, index=0)
    assert records[1].provenance == Provenance(line=24, index=1)


def test_a_plain_seed_over_128_octets_is_refused() -> None:
    error = refused(made(Order((Tokens(1),), seed=lambda _: b"s" * 129)))
    assert "longer than 128 octets" in error.reason


def test_a_plain_seed_of_128_octets_is_read() -> None:
    assert isinstance(read(made(Order((Tokens(1),), seed=lambda _: b"s" * 128)))[0].seed, PlainSeed)


def test_a_value_mac_in_a_plain_file_is_refused() -> None:
    error = refused(changed(figure(3), "</Secret>", "<ValueMAC>AAAA</ValueMAC></Secret>"))
    assert "names no key" in error.reason


def test_a_seed_both_plain_and_encrypted_is_malformed() -> None:
    plain = f"<Secret><PlainValue>{SEED}</PlainValue>"
    error = refused(changed(sized(20).decode(), "<Secret>", plain), PreSharedKey(KEY))
    assert isinstance(error, Malformed)
    assert "plain and encrypted" in error.reason


@pytest.mark.parametrize("octets", [16, 20, 32, 64, 128])
def test_an_encrypted_seed_is_passed_on_still_encrypted(octets: int) -> None:
    seed = read(sized(octets), PreSharedKey(KEY))[0].seed
    assert isinstance(seed, EncryptedSeed)
    assert len(seed.value) == 16 + (octets // 16 + 1) * 16


def test_an_encrypted_seed_under_128_bits_is_known_without_decrypting() -> None:
    error = refused(sized(20, Fault.SHORT_SEED), PreSharedKey(KEY))
    assert "shorter than 128 bits" in error.reason
    assert error.serial == "GALT10000000"


def test_an_encrypted_seed_that_is_surely_too_long_is_refused() -> None:
    assert "longer than 128" in refused(sized(144), PreSharedKey(KEY)).reason


def test_an_encrypted_seed_that_is_no_whole_blocks_is_malformed() -> None:
    value = bytes(47)
    mac = hmac.digest(published_octets("MAC key", 32), value, "sha1")
    text = sized(20).decode()
    value_at = text.rindex("<xenc:CipherValue>") + len("<xenc:CipherValue>")
    text = text[:value_at] + b64encode(value).decode() + text[text.rindex("</xenc:CipherValue>") :]
    start, end = text.index("<ValueMAC>") + len("<ValueMAC>"), text.index("</ValueMAC>")
    error = refused(text[:start] + b64encode(mac).decode() + text[end:], PreSharedKey(KEY))
    assert "no value under AES-128-CBC" in error.reason


def test_a_records_repr_shows_no_seed() -> None:
    shown = repr(read(figure(3))[0])
    for seed in (SEED, "12345678901234567890", "3132333435"):
        assert seed not in shown


def test_an_encrypted_package_without_a_secret_is_malformed() -> None:
    text = sized(20).decode()
    secret = text[text.index("<Secret>") : text.index("</Secret>")] + "</Secret>"
    assert isinstance(refused(changed(text, secret, ""), PreSharedKey(KEY)), Malformed)


def test_a_plain_seed_among_encrypted_ones_is_an_integrity_failure() -> None:
    text = sized(20).decode()
    start = text.index("<EncryptedValue>")
    value = text[start : text.index("</ValueMAC>")] + "</ValueMAC>"
    error = refused(changed(text, value, f"<PlainValue>{SEED}</PlainValue>"), PreSharedKey(KEY))
    assert isinstance(error, IntegrityFailure)
    assert "in the clear" in error.reason


def test_a_value_under_another_cipher_than_the_mac_key_is_refused() -> None:
    text = sized(20).decode()
    at = text.rindex("#aes128-cbc")
    error = refused(text[:at] + "#aes256-cbc" + text[at + 11 :], PreSharedKey(KEY))
    assert "under AES-256-CBC and the MAC key under AES-128-CBC" in error.reason
