"""Seeds taken from files into SoftHSM and opened again, and what is heard when that fails."""

import hmac
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

import hsm
import importers
from hsm import Keystore
from hsm.translate import Rv
from seedvault.domain.batch import Tier
from seedvault.domain.errors import FileRefused, HsmUnavailable
from seedvault.domain.policy_rule import Standing
from seedvault.domain.token import InStock, Progress
from seedvault.intake import SeedFiles
from seedvault.keys import HsmKeys, taking, translated
from seedvault.service.ports import StoredToken, TakenSeed, WrappedSeed
from seedvault.service.seed_files import Delivered, DeliveredSeed, OpenedSeedFile, SeedFileKey
from tests.support.pskc_maker import Order, Tokens, published_seed, write_pskc
from tests.support.sealed_maker import SEED, Sealed, key_for, sealed
from tests.support.softhsm import pin, returning, vault_location
from tests.support.tokens import NOON, device

KEY = b"1234567890123456"
SEEDS = 10
TOKEN = InStock(device(1), Progress(0, NOON))
ENCRYPTED, PLAIN = KEY, None


@contextmanager
def _opened(path: Path, key: bytes | None) -> Iterator[OpenedSeedFile]:
    """A file of ten tokens, encrypted where there is a key."""
    with path.open("wb") as target:
        write_pskc(Order((Tokens(SEEDS),), key=key), target)
    given = SeedFileKey(key_file=key.hex().encode() if key else None)
    with SeedFiles().open(path, given, NOON) as file:
        yield file


def _taken(keys: HsmKeys, file: OpenedSeedFile) -> list[tuple[Delivered, TakenSeed]]:
    with keys.taking_from(file) as taker:
        sound = [each for each in file if isinstance(each, Delivered)]
        return [(each, taker.take(each.seed, each.device)) for each in sound]


def _stored(keys: HsmKeys, token: InStock, wrapped: WrappedSeed) -> StoredToken:
    """A row as an import writes it, sealed."""
    seal = keys.seal(token, wrapped, 0)
    return StoredToken(1, token, wrapped, seal, 0, 0, Standing(1), policy_revision=0)


def _held(keys: HsmKeys) -> StoredToken:
    """A token whose seed was taken over."""
    key = keys.keystore.wrap(bytearray(b"12345678901234567890"), hsm.Digest.SHA256).key
    return _stored(keys, TOKEN, WrappedSeed(int(key.format), key.kek_id, key.length, key.blob))


# --- taking over -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", [ENCRYPTED, PLAIN], ids=["encrypted", "plain"])
def test_a_seed_taken_over_computes_what_the_makers_seed_does(
    keys: HsmKeys, tmp_path: Path, key: bytes | None
) -> None:
    with _opened(tmp_path / "f.xml", key) as file:
        delivered, taken = _taken(keys, file)[3]
    with keys.open(
        _stored(keys, InStock(delivered.device, delivered.token.progress), taken.wrapped)
    ) as mac:
        seed = published_seed(delivered.device.serial.verbatim)
        assert mac(b"m") == hmac.digest(seed, b"m", "sha1")


@pytest.mark.parametrize("key", [ENCRYPTED, PLAIN], ids=["encrypted", "plain"])
def test_the_module_is_restarted_while_a_file_is_taken_and_every_seed_is_right(
    keys: HsmKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: bytes | None
) -> None:
    monkeypatch.setattr(taking, "_TAKEN_BEFORE_RECYCLING", 3)
    module = keys.keystore._connection.module
    before = module.generation
    with _opened(tmp_path / "f.xml", key) as file:
        taken = _taken(keys, file)
    assert module.generation - before == SEEDS // 3
    for delivered, seed in taken:
        token = InStock(delivered.device, delivered.token.progress)
        expected = published_seed(delivered.device.serial.verbatim)
        with keys.open(_stored(keys, token, seed.wrapped)) as mac:
            assert mac(b"m") == hmac.digest(expected, b"m", "sha1")


def test_a_seed_has_one_fingerprint_however_it_was_delivered(keys: HsmKeys, tmp_path: Path) -> None:
    with (
        _opened(tmp_path / "e.xml", ENCRYPTED) as encrypted,
        _opened(tmp_path / "p.xml", PLAIN) as p,
    ):
        marks = [[taken.fingerprint for _, taken in _taken(keys, file)] for file in (encrypted, p)]
    assert marks[0] == marks[1]
    assert len(set(marks[0])) == SEEDS


def test_it_says_which_module_it_is_and_how_seeds_come_in(keys: HsmKeys) -> None:
    assert keys.module.startswith("SoftHSM 2.")
    assert keys.import_tier is Tier.NARROW


@pytest.mark.parametrize("cipher", [cipher for cipher in importers.Cipher if cipher.key_octets])
def test_a_seed_under_any_cipher_is_taken_over(
    keys: HsmKeys, tmp_path: Path, cipher: importers.Cipher
) -> None:
    path = tmp_path / "f.xml"
    path.write_text(sealed(Sealed(cipher)))
    given = SeedFileKey(key_file=key_for(cipher).hex().encode())
    with SeedFiles().open(path, given, NOON) as file:
        ((delivered, taken),) = _taken(keys, file)
    token = InStock(delivered.device, delivered.token.progress)
    with keys.open(_stored(keys, token, taken.wrapped)) as mac:
        assert mac(bytes(8)) == hmac.digest(SEED, bytes(8), "sha1")


def test_every_cipher_of_a_seed_file_is_the_modules_as_well() -> None:
    def said(cipher: importers.Cipher | hsm.Cipher) -> tuple[str, str, int, str]:
        return cipher.name, cipher.mode.name, cipher.key_octets, cipher.hash

    assert list(map(said, importers.Cipher)) == list(map(said, hsm.Cipher))


# --- seeds that cannot be taken over ---------------------------------------------------------


def test_a_plain_seed_under_128_bits_is_refused_by_its_serial(
    keys: HsmKeys, tmp_path: Path
) -> None:
    seed = DeliveredSeed(importers.PlainSeed(bytes(15)))
    with _opened(tmp_path / "f.xml", PLAIN) as file, keys.taking_from(file) as taker:
        with pytest.raises(FileRefused, match=r"GALT10000001 .* 15 octets") as refused:
            taker.take(seed, TOKEN.device)
        assert refused.value.unchanged == "Nothing was imported."
        assert "Ask the maker" in refused.value.remedy


def test_an_encrypted_seed_that_does_not_decrypt_is_refused_by_its_serial(
    keys: HsmKeys, tmp_path: Path
) -> None:
    seed = DeliveredSeed(importers.EncryptedSeed(bytes(48), importers.Cipher.AES_128_CBC))
    with (
        _opened(tmp_path / "f.xml", ENCRYPTED) as file,
        keys.taking_from(file) as taker,
        pytest.raises(FileRefused, match="GALT10000001 cannot be taken over"),
    ):
        taker.take(seed, TOKEN.device)


def test_a_module_lost_while_a_file_is_taken_is_no_fault_of_the_file(
    keys: HsmKeys, tmp_path: Path
) -> None:
    cryptoki = keys.keystore._connection.module.cryptoki
    lost = (Rv.DEVICE_REMOVED, Rv.DEVICE_REMOVED)
    with (
        _opened(tmp_path / "f.xml", ENCRYPTED) as file,
        returning(cryptoki, "wrap_key", *lost),
        pytest.raises(HsmUnavailable, match="DEVICE_REMOVED"),
    ):
        _taken(keys, file)


def test_an_encrypted_seed_of_a_plain_file_is_a_bug_and_said_to_be_one(
    keys: HsmKeys, tmp_path: Path
) -> None:
    seed = DeliveredSeed(importers.EncryptedSeed(bytes(48), importers.Cipher.AES_128_CBC))
    with (
        _opened(tmp_path / "f.xml", PLAIN) as file,
        keys.taking_from(file) as taker,
        pytest.raises(TypeError, match="no way to take over a EncryptedSeed"),
    ):
        taker.take(seed, TOKEN.device)


# --- what the vault hears of the module's troubles -------------------------------------------


def test_a_refused_pin_was_tried_once_and_the_pin_file_is_named() -> None:
    with pytest.raises(HsmUnavailable, match="refused the PIN") as refused, translated():
        Keystore.connect(vault_location(), pin("0000"))
    assert "tried once" in refused.value.unchanged
    assert "--pin-file" in refused.value.remedy


def test_a_kek_that_is_not_here_points_to_another_pkcs11_token(keys: HsmKeys) -> None:
    held = _held(keys)
    elsewhere = _stored(keys, TOKEN, replace(held.wrapped, kek_id="k9"))
    with pytest.raises(HsmUnavailable, match="k9") as refused, keys.open(elsewhere):
        pass
    assert "seedvault init" in refused.value.remedy


def test_a_damaged_blob_points_to_a_backup(keys: HsmKeys) -> None:
    held = _held(keys)
    blob = held.wrapped.blob
    damaged = _stored(keys, TOKEN, replace(held.wrapped, blob=blob[:-1] + bytes([blob[-1] ^ 1])))
    with pytest.raises(HsmUnavailable, match="damaged") as refused, keys.open(damaged):
        pass
    assert "from a backup" in refused.value.remedy


def test_a_module_that_does_not_answer_points_to_the_status() -> None:
    with pytest.raises(HsmUnavailable, match="its words") as refused, translated():
        raise hsm.Unavailable("its words")
    assert "seedvault status" in refused.value.remedy


def test_a_module_taken_away_points_to_the_status(keys: HsmKeys) -> None:
    held = _held(keys)
    cryptoki = keys.keystore._connection.module.cryptoki
    with (
        returning(cryptoki, "verify", Rv.DEVICE_REMOVED, Rv.DEVICE_REMOVED),
        pytest.raises(HsmUnavailable, match="DEVICE_REMOVED") as refused,
    ):
        keys.check(held)
    assert "seedvault status" in refused.value.remedy


def test_a_module_lost_while_codes_are_computed_is_told_as_such(keys: HsmKeys) -> None:
    held = _held(keys)
    cryptoki = keys.keystore._connection.module.cryptoki
    with (
        returning(cryptoki, "sign", Rv.DEVICE_REMOVED, Rv.DEVICE_REMOVED),
        pytest.raises(HsmUnavailable, match="DEVICE_REMOVED"),
        keys.open(held) as mac,
    ):
        mac(b"m")


@pytest.mark.parametrize("error", [hsm.Unsupported, hsm.Policy, hsm.HsmError])
def test_any_other_error_keeps_its_words(error: type[hsm.HsmError]) -> None:
    with pytest.raises(HsmUnavailable, match="cannot be used: its words"), translated():
        raise error("its words")


def test_an_error_of_another_kind_passes_as_it_is() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        1 / 0  # noqa: B018 - any failure


def test_an_error_of_ours_while_a_seed_is_open_passes_as_it_is(keys: HsmKeys) -> None:
    with pytest.raises(ZeroDivisionError), keys.open(_held(keys)):
        1 / 0  # noqa: B018 - any failure


def test_verifying_loads_no_reader_of_seed_files() -> None:
    program = "import sys, seedvault.keys; sys.exit('importers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
