"""What is written is read back as it was, by this package and by its peers."""

import hmac
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher as AesCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from importers import (
    Cipher,
    Digest,
    EncryptedSeed,
    Envelope,
    HotpParameters,
    OcraParameters,
    Parameters,
    Policy,
    PreSharedKey,
    Provenance,
    PskcWriter,
    SeedRecord,
    TotpParameters,
    open_seed_file,
)

KEY, MAC_KEY, IV = bytes(range(32)), b"m" * 32, b"i" * 16
SEED = b"12345678901234567890"
DAY = datetime(2026, 11, 24, 12, 30, 15, 250_000, tzinfo=UTC)
TOTP = TotpParameters(Digest.SHA256, 8, 60, 0, -3)
HOTP = HotpParameters(Digest.SHA1, 6, 2**40)


def encrypted(octets: bytes) -> bytes:
    padding = 16 - len(octets) % 16
    encryptor = AesCipher(AES(KEY), CBC(IV)).encryptor()
    return IV + encryptor.update(octets + bytes([padding]) * padding) + encryptor.finalize()


def record(parameters: Parameters = TOTP, serial: str = "GALT10000001") -> SeedRecord:
    return SeedRecord(
        serial=serial,
        parameters=parameters,
        seed=EncryptedSeed(encrypted(SEED), Cipher.AES_256_CBC),
        provenance=Provenance(0, 0),
        manufacturer="Thales & Söhne <test>",
        model='OTP "110"',
        not_before=DAY,
        not_after=DAY.replace(year=2031),
        issuer="Bank & Co",
    )


def written(*records: SeedRecord) -> bytes:
    target = BytesIO()
    envelope = Envelope(Cipher.AES_256_CBC, "radius & co", encrypted(MAC_KEY))
    with PskcWriter(target, envelope) as writer:
        for each in records:
            assert isinstance(each.seed, EncryptedSeed)
            writer.add(each, hmac.digest(MAC_KEY, each.seed.value, "sha256"))
    return target.getvalue()


def read(octets: bytes) -> list[SeedRecord]:
    with open_seed_file(BytesIO(octets), PreSharedKey(KEY), name="out.xml") as file:
        assert file.header.key_name == "radius & co"
        return list(file)


@pytest.mark.parametrize("parameters", [TOTP, HOTP, HotpParameters(Digest.SHA512, 9, 0)])
def test_a_record_is_read_back_as_it_was(parameters: Parameters) -> None:
    given = record(parameters)
    (back,) = read(written(given))
    assert back.parameters == given.parameters
    assert back.seed == given.seed
    for name in ("serial", "manufacturer", "model", "issuer", "not_before", "not_after"):
        assert getattr(back, name) == getattr(given, name)


def test_nothing_is_assumed_in_reading_it_back() -> None:
    (back,) = read(written(record()))
    assert (back.provenance.defaults_used, back.provenance.warnings) == ((), ())


def test_many_records_keep_their_order() -> None:
    serials = [f"GALT{number:08d}" for number in range(50)]
    assert [each.serial for each in read(written(*(record(TOTP, s) for s in serials)))] == serials


def test_a_block_that_raises_leaves_no_whole_document() -> None:
    target = BytesIO()

    def broken_off() -> None:
        with PskcWriter(target, Envelope(Cipher.AES_256_CBC, "k", encrypted(MAC_KEY))):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert b"</KeyContainer>" not in target.getvalue()


def test_a_start_of_time_that_pskc_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="946684800"):
        written(record(TotpParameters(Digest.SHA1, 6, 30, t0_s=946_684_800)))


def test_a_kind_that_is_not_written_is_refused() -> None:
    with pytest.raises(ValueError, match="is not written"):
        written(record(OcraParameters("OCRA-1:HOTP-SHA1-6:QN08")))


def test_a_seed_under_another_cipher_is_refused() -> None:
    writer = PskcWriter(BytesIO(), Envelope(Cipher.AES_128_CBC, "k"))
    with writer, pytest.raises(ValueError, match="is not under AES-128-CBC"):
        writer.add(record(), None)


def test_no_container_is_written_under_a_cipher_without_a_name() -> None:
    with pytest.raises(ValueError, match="no container"):
        Envelope(Cipher.AES_128_GCM)


def test_how_often_a_key_may_be_used_is_read_back() -> None:
    limited = replace(record(), policy=Policy(max_transactions=9))
    (back,) = read(written(limited))
    assert back.policy == Policy(max_transactions=9)
