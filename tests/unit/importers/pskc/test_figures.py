"""RFC 6030's own examples."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.ciphers import Cipher as AesCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from importers import (
    Cipher,
    Digest,
    EncryptedSeed,
    HotpParameters,
    MacAlgorithm,
    Passphrase,
    Plain,
    PlainSeed,
    PreSharedKey,
    SeedFile,
    UnderPassphrase,
    UnderPreSharedKey,
    WarningCode,
)
from tests.unit.importers.reading import RFC_KEY, changed, figure, opened, read, refused

SEED = b"12345678901234567890"


def decrypted(file: SeedFile, seed: object) -> bytes:
    """What whoever holds the transport key makes of a record's seed."""
    assert isinstance(seed, EncryptedSeed)
    assert file.transport_key is not None
    value = seed.value
    with file.transport_key.expose() as key:
        decryptor = AesCipher(AES(bytes(key)), CBC(value[:16])).decryptor()
    padded = decryptor.update(value[16:]) + decryptor.finalize()
    return padded[: -padded[-1]]


def test_figure_2_is_refused_for_its_missing_serial() -> None:
    assert "no SerialNo" in refused(figure(2)).reason


def test_figure_3_has_no_protection() -> None:
    file = opened(figure(3))
    assert (file.header.format, file.header.protection) == ("PSKC 1.0", Plain())
    assert (file.header.value_macs, file.header.key_name, file.transport_key) == (None, None, None)


def test_figure_3_gives_its_seed() -> None:
    seed = read(figure(3))[0].seed
    assert isinstance(seed, PlainSeed)
    with seed.expose() as octets:
        assert bytes(octets) == SEED


def test_figure_3_says_how_its_token_computes() -> None:
    assert read(figure(3))[0].parameters == HotpParameters(Digest.SHA1, digits=8, counter=0)


def test_figure_3_says_what_device_it_is_for() -> None:
    record = read(figure(3))[0]
    assert (record.serial, record.manufacturer, record.model) == ("987654321", "Manufacturer", None)
    assert (record.crypto_module_id, record.key_id, record.issuer) == (
        "CM_ID_001",
        "12345678",
        "Issuer",
    )
    assert record.device_user_id == "DC=example-bank,DC=net"
    assert record.key_user_id == "UID=jsmith,DC=example-bank,DC=net"


def test_every_other_device_text_is_read() -> None:
    more = (
        "<Model>Card</Model><IssueNo>1</IssueNo><DeviceBinding>IMEI</DeviceBinding>"
        "<StartDate>2026-01-01T00:00:00Z</StartDate><ExpiryDate>2031-01-01T00:00:00Z</ExpiryDate>"
    )
    text = changed(figure(3), "<UserId>DC", f"{more}<UserId>DC")
    record = read(changed(text, "<Data>", "<FriendlyName>Mine</FriendlyName><Data>"))[0]
    assert (record.model, record.issue_no, record.device_binding) == ("Card", "1", "IMEI")
    assert record.friendly_name == "Mine"
    assert record.not_before == datetime(2026, 1, 1, tzinfo=UTC)
    assert record.not_after == datetime(2031, 1, 1, tzinfo=UTC)


def test_figure_6_names_its_key_cipher_and_mac() -> None:
    header = opened(figure(6), PreSharedKey(RFC_KEY)).header
    assert header.protection == UnderPreSharedKey(Cipher.AES_128_CBC, "Pre-shared-key")
    assert (header.value_macs, header.key_name) == (MacAlgorithm.HMAC_SHA1, "Pre-shared-key")


def test_figure_6_verifies_and_opens_under_its_documented_key() -> None:
    file = opened(figure(6), PreSharedKey(RFC_KEY))
    assert [decrypted(file, record.seed) for record in file] == [SEED]


def test_figure_7_verifies_and_opens_under_its_passphrase() -> None:
    file = opened(figure(7), Passphrase("qwerty"))
    assert [decrypted(file, record.seed) for record in file] == [SEED]


def test_figure_7_tells_its_derivation() -> None:
    assert opened(figure(7), Passphrase("qwerty")).header.protection == UnderPassphrase(
        Cipher.AES_128_CBC,
        "My Password 1",
        MacAlgorithm.HMAC_SHA1,
        1000,
        salt_octets=8,
        key_octets=16,
    )


def test_figure_7_has_fewer_iterations_than_today_and_says_so() -> None:
    header = opened(figure(7), Passphrase("qwerty")).header
    assert header.warnings == (WarningCode.FEW_ITERATIONS,)


def test_figure_7_has_no_counter_and_the_default_is_named() -> None:
    record = next(iter(opened(figure(7), Passphrase("qwerty"))))
    assert record.provenance.defaults_used == ("Counter",)
