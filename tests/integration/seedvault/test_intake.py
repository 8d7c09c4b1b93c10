"""What a seed file on disk becomes for the vault, and which files and keys are refused."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import importers
from seedvault.domain.errors import FileRefused, KeyNeeded
from seedvault.domain.oath import Digest, HotpParameters, TotpParameters
from seedvault.domain.token import InStock, Quarantined
from seedvault.intake import SeedFiles
from seedvault.service.seed_files import Delivered, RefusedRecord, SeedFileKey
from tests.support.pskc_maker import Fault, Hotp, Order, Tokens, Totp, write_pskc
from tests.support.tokens import NOON

KEY = b"1234567890123456"
GIVEN = SeedFileKey(key_file=KEY.hex().encode())
NONE = SeedFileKey()
PASSPHRASE = "correct horse"
TOTP = Order((Tokens(3),))
HOTP = Order((Tokens(3, Hotp(digits=8, counter=42)),))
PBKDF2 = "PBKDF2, HMAC-SHA1, 10000 iterations"
MACS = " · value MACs HMAC-SHA1"
UNDER_KEY = replace(TOTP, key=KEY)
UNDER_PASSPHRASE = replace(TOTP, passphrase=PASSPHRASE)


def _file(folder: Path, order: Order, *changes: tuple[bytes, bytes]) -> Path:
    """The ordered file, with each old octets replaced by new ones."""
    path = folder / "delivery.pskcxml"
    with path.open("wb") as target:
        write_pskc(order, target)
    for old, new in changes:
        octets = path.read_bytes()
        assert old in octets
        path.write_bytes(octets.replace(old, new))
    return path


def _first(path: Path, key: SeedFileKey = NONE) -> Delivered:
    with SeedFiles().open(path, key, NOON) as file:
        return _sound(next(iter(file)))


def _read(path: Path, key: SeedFileKey = NONE) -> list[Delivered]:
    with SeedFiles().open(path, key, NOON) as file:
        return list(map(_sound, file))


def _sound(record: Delivered | RefusedRecord) -> Delivered:
    assert isinstance(record, Delivered)
    return record


# --- what a record becomes -------------------------------------------------------------------


def test_a_counter_of_the_file_is_the_first_one_that_may_be_accepted(tmp_path: Path) -> None:
    delivered = _first(_file(tmp_path, HOTP))
    assert delivered.device.parameters == HotpParameters(Digest.SHA1, 8)
    assert (delivered.token.progress.next_factor, delivered.token.progress.synchronised_at) == (
        42,
        NOON,
    )


def test_a_clock_may_begin_at_any_time_step(tmp_path: Path) -> None:
    start = _first(_file(tmp_path, TOTP)).token.progress
    assert (start.next_factor, start.drift_steps, start.synchronised_at) == (0, 0, NOON)


def test_a_drift_that_the_file_knows_is_kept(tmp_path: Path) -> None:
    drift = b"</TimeInterval><TimeDrift><PlainValue>-4</PlainValue></TimeDrift>"
    assert (
        _first(_file(tmp_path, TOTP, (b"</TimeInterval>", drift))).token.progress.drift_steps == -4
    )


def test_maker_model_and_dates_are_kept(tmp_path: Path) -> None:
    dates = (
        b"<Model>OTP Display Card</Model><StartDate>2026-01-01T00:00:00Z</StartDate>"
        b"<ExpiryDate>2031-01-01T01:00:00+01:00</ExpiryDate>"
    )
    device = _first(_file(tmp_path, TOTP, (b"<Model>OTP Display Card</Model>", dates))).device
    assert (device.manufacturer, device.model) == ("Thales", "OTP Display Card")
    assert device.not_before == datetime(2026, 1, 1, tzinfo=UTC)
    assert device.not_after == datetime(2031, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("digest", Digest)
def test_every_digest_is_the_vaults_own(tmp_path: Path, digest: Digest) -> None:
    kind = Totp(digits=7, step_s=60, digest=importers.Digest[digest.name])
    delivered = _first(_file(tmp_path, Order((Tokens(1, kind),))))
    assert delivered.device.parameters == TotpParameters(digest, 7, 60)


def test_every_token_says_on_which_line_it_stands(tmp_path: Path) -> None:
    path = _file(tmp_path, UNDER_KEY)
    lines = [
        number
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "<KeyPackage>" in line
    ]
    assert [delivered.line for delivered in _read(path, GIVEN)] == lines


# --- what is said of a file ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "key", "words"),
    [
        (TOTP, NONE, "PSKC 1.0 · seeds in the clear · no value MACs"),
        (
            UNDER_KEY,
            GIVEN,
            f'PSKC 1.0 · AES-128-CBC under the pre-shared key "transport-key"{MACS}',
        ),
        (
            UNDER_PASSPHRASE,
            SeedFileKey(passphrase=PASSPHRASE),
            f"PSKC 1.0 · AES-128-CBC under a passphrase ({PBKDF2}){MACS}",
        ),
    ],
)
def test_its_protection_is_put_into_words(
    tmp_path: Path, order: Order, key: SeedFileKey, words: str
) -> None:
    with SeedFiles().open(_file(tmp_path, order), key, NOON) as file:
        assert file.summary[0] == words
        assert "no signature is verified" in file.summary[1]


def test_a_key_without_a_name_is_put_into_words(tmp_path: Path) -> None:
    unnamed = _file(tmp_path, UNDER_KEY, (b"    <ds:KeyName>transport-key</ds:KeyName>\n", b""))
    with SeedFiles().open(unnamed, GIVEN, NOON) as file:
        assert file.source.protection == "AES-128-CBC under the pre-shared key"


def test_its_name_and_the_hash_of_its_octets_are_the_source(tmp_path: Path) -> None:
    path = _file(tmp_path, TOTP)
    with SeedFiles().open(path, NONE, NOON) as file:
        assert file.source.file_name == "delivery.pskcxml"
        assert file.source.sha256 == hashlib.sha256(path.read_bytes()).digest()


def test_at_its_end_all_octets_were_read(tmp_path: Path) -> None:
    path = _file(tmp_path, Order((Tokens(1_000),)))
    with SeedFiles().open(path, NONE, NOON) as file:
        assert 0 < file.position < path.stat().st_size
        assert len(list(file)) == 1_000
        assert file.position == path.stat().st_size


def test_what_was_accepted_with_a_warning_is_counted(tmp_path: Path) -> None:
    path = _file(tmp_path, replace(TOTP, seed=lambda serial: serial.encode().ljust(16)[:16]))
    with SeedFiles().open(path, NONE, NOON) as file:
        assert not list(file.warnings)
        list(file)
        assert list(file.warnings) == [
            "seed-under-160-bits (3): a seed is shorter than RFC 4226 recommends (160 bits)"
        ]


def test_the_transport_key_is_wiped_when_the_file_is_closed(tmp_path: Path) -> None:
    with SeedFiles().open(_file(tmp_path, UNDER_KEY), GIVEN, NOON) as file:
        key: object = file.transport_key
        assert isinstance(key, importers.TransportKey)
        with key.expose() as octets:
            assert bytes(octets) == KEY
    with key.expose() as octets:
        assert bytes(octets) == bytes(len(KEY))


def test_a_plain_file_has_no_transport_key(tmp_path: Path) -> None:
    with SeedFiles().open(_file(tmp_path, TOTP), NONE, NOON) as file:
        assert file.transport_key is None


# --- what is refused -------------------------------------------------------------------------


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, Order((Tokens(1_000),)))
    octets = path.read_bytes()
    with SeedFiles().open(path, NONE, NOON) as file:
        # A serial is under no value MAC: nothing but the hash can tell.
        path.write_bytes(octets.replace(b">GALT10000999<", b">GALT66666666<"))
        with pytest.raises(FileRefused, match="changed while it was read") as refused:
            list(file)
    assert refused.value.unchanged == "Nothing was imported."


def test_a_serial_that_only_the_vault_refuses_is_named_by_its_line(tmp_path: Path) -> None:
    filler = "\N{HANGUL CHOSEONG FILLER}"  # a letter to Unicode, invisible to people
    path = _file(tmp_path, TOTP, (b">GALT10000001<", f">GALT{filler}<".encode()))
    before = path.read_text(encoding="utf-8").partition(filler)[0].splitlines()
    line = max(number for number, text in enumerate(before, 1) if "<KeyPackage>" in text)
    with pytest.raises(FileRefused, match=rf"delivery\.pskcxml, line {line}: .*U\+115F"):
        _read(path)


def test_a_start_of_time_that_is_not_1970_is_refused_not_dropped(tmp_path: Path) -> None:
    path = _file(tmp_path, TOTP, (b"<Time><PlainValue>0<", b"<Time><PlainValue>5<"))
    with pytest.raises(FileRefused, match=r"line \d+: the Time of GALT10000000 is 5 steps"):
        _read(path)


def test_a_counter_that_leaves_no_room_to_count_on_is_refused(tmp_path: Path) -> None:
    last = b"<Counter><PlainValue>9223372036854775807<"
    path = _file(tmp_path, HOTP, (b"<Counter><PlainValue>42<", last))
    with pytest.raises(FileRefused, match="the Counter of GALT10000000"):
        _read(path)


def test_an_encrypted_file_without_a_key_asks_for_a_key(tmp_path: Path) -> None:
    with pytest.raises(KeyNeeded, match="transport-key") as needed:
        _read(_file(tmp_path, UNDER_KEY))
    assert not needed.value.passphrase
    assert needed.value.unchanged == "Nothing was imported."


def test_a_file_under_a_passphrase_without_one_asks_for_a_passphrase(tmp_path: Path) -> None:
    with pytest.raises(KeyNeeded) as needed:
        _read(_file(tmp_path, UNDER_PASSPHRASE))
    assert needed.value.passphrase


@pytest.mark.parametrize(
    ("order", "key"),
    [
        (UNDER_KEY, SeedFileKey(key_file=b"00" * 16)),
        (UNDER_KEY, SeedFileKey(key_file=b"00" * 32)),
        (UNDER_KEY, SeedFileKey(key_file=b"no key at all")),
        (UNDER_KEY, SeedFileKey(passphrase=PASSPHRASE)),
        (UNDER_PASSPHRASE, SeedFileKey(passphrase="wrong")),
        (UNDER_PASSPHRASE, GIVEN),
    ],
    ids=["wrong", "too long", "no key", "passphrase for key", "wrong words", "key for passphrase"],
)
def test_a_key_that_does_not_fit_is_refused_and_not_asked_for_again(
    tmp_path: Path, order: Order, key: SeedFileKey
) -> None:
    with pytest.raises(FileRefused) as refused:
        _read(_file(tmp_path, order), key)
    assert not isinstance(refused.value, KeyNeeded)
    assert refused.value.remedy


def test_the_right_passphrase_opens_its_file(tmp_path: Path) -> None:
    assert len(_read(_file(tmp_path, UNDER_PASSPHRASE), SeedFileKey(passphrase=PASSPHRASE))) == 3


def test_a_broken_record_is_refused_with_what_importers_says(tmp_path: Path) -> None:
    broken = replace(UNDER_KEY, fault=Fault.BAD_MAC, fault_at=2)
    with pytest.raises(FileRefused, match=r"serial GALT10000002: .*value MAC") as refused:
        _read(_file(tmp_path, broken), GIVEN)
    assert isinstance(refused.value.__cause__, importers.IntegrityFailure)
    assert "deliver the file again" in refused.value.remedy


def test_a_directory_is_no_seed_file(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=re.escape(str(tmp_path))):
        _read(tmp_path)


def test_a_file_that_cannot_be_opened_is_refused_by_its_path(tmp_path: Path) -> None:
    endless = tmp_path / "endless"
    endless.symlink_to(endless)
    with pytest.raises(FileRefused, match=r"endless: .*symbolic links"):
        _read(endless)


# --- policies that nobody would enforce ------------------------------------------------------


def _under_policy(folder: Path, policy: str) -> Path:
    end = b"</Data>"
    return _file(folder, TOTP, (end, end + f"<Policy>{policy}</Policy>".encode()))


def test_a_limit_of_uses_comes_with_the_token(tmp_path: Path) -> None:
    policy = "<NumberOfTransactions>9</NumberOfTransactions>"
    for delivered in _read(_under_policy(tmp_path, policy)):
        assert isinstance(delivered.token, InStock)
        assert delivered.device.use_limit == 9


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("<New/>", "not understood"),
        ("<KeyUsage>Encrypt</KeyUsage>", "permits Encrypt only"),
        ('<PINPolicy PINUsageMode="Prepend"/>', "a PIN with the code"),
    ],
)
def test_a_key_under_a_policy_that_would_not_be_enforced_is_kept_in_quarantine(
    tmp_path: Path, policy: str, words: str
) -> None:
    for delivered in _read(_under_policy(tmp_path, policy)):
        assert isinstance(delivered.token, Quarantined)
        assert words in delivered.token.reason


def test_a_policy_that_asks_for_nothing_more_is_taken_over(tmp_path: Path) -> None:
    policy = '<PINPolicy PINUsageMode="Local"/><KeyUsage>OTP</KeyUsage>'
    assert all(isinstance(one.token, InStock) for one in _read(_under_policy(tmp_path, policy)))
