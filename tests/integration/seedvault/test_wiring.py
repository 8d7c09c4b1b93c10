"""A vault is made whole or not at all, and its parts are opened where its settings say."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC
from pathlib import Path

import pytest

from hsm.module import Module
from hsm.place import _create_token
from hsm.softhsm import LIBRARY_VARIABLE
from seedvault import config, wiring
from seedvault.config import FILE_NAME, Settings
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict, HsmUnavailable, StorageUnavailable
from seedvault.domain.token import InStock, Progress
from seedvault.service.ports import EventFilter, WrappedSeed
from seedvault.wiring import Application, initialise
from tests.support.cli import CommandLine, environment
from tests.support.softhsm import (
    TEST_PIN,
    TEST_SO_PIN,
    fresh_location,
    library,
    pin,
    vault_location,
)
from tests.support.tokens import NOON, device

ROOT = Path(__file__).parents[3]
TOKEN, WRAPPED = InStock(device(1), Progress(0, NOON)), WrappedSeed(1, "k1", 20, bytes(72))
NOWHERE = "sqlite:////nowhere/at/all.sqlite3"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where a vault is to be; not there yet."""
    return tmp_path / "home"


def _on(home: Path, label: str, secret: str = TEST_PIN) -> Settings:
    """Settings for a PKCS#11 token of this process's SoftHSM, as for a real HSM."""
    pin_file = home.parent / "custodians.pin"
    pin_file.write_text(f"{secret}\n", encoding="ascii")
    pin_file.chmod(0o600)
    return replace(config.load(home), module=library(), token_label=label, pin_file=pin_file)


def _custodians() -> str:
    """The label of a PKCS#11 token that its custodian made, without keys."""
    location = fresh_location("custodian")
    _create_token(Module.load(library()), location, pin(), pin(TEST_SO_PIN))
    return location.token_label


# --- init ------------------------------------------------------------------------------------


def test_keys_are_made_on_the_pkcs11_token_that_was_named(home: Path) -> None:
    made = initialise(_on(home, _custodians()), "os:ann")
    assert made is not None
    assert made.is_software
    assert made.import_tier == "B"
    assert made.created[0] == "KEK k1 (AES-256)"


def test_later_commands_find_what_init_was_told(home: Path) -> None:
    initialise(_on(home, _custodians()), "os:ann")
    with Application(config.load(home)) as application:
        assert application.keys.module.startswith("SoftHSM")
        events = application.vault.events(EventFilter())
    assert [logged.event.kind for logged in events] == [EventKind.VAULT_INITIALISED]
    assert events[0].event.actor == "os:ann"


def test_a_pin_is_in_no_file_that_init_writes(home: Path) -> None:
    initialise(_on(home, _custodians()), "os:ann")
    assert not any(TEST_PIN.encode() in path.read_bytes() for path in home.iterdir())


@pytest.mark.parametrize("held", ["vault.sqlite3", "hsm"])
def test_a_home_that_holds_a_vault_is_refused_and_left_alone(home: Path, held: str) -> None:
    home.mkdir()
    (home / held).touch()
    with pytest.raises(Conflict, match=held):
        initialise(config.load(home), "os:ann")
    assert [path.name for path in home.iterdir()] == [held]


def test_a_pkcs11_token_with_keys_of_a_vault_is_refused(home: Path) -> None:
    with pytest.raises(HsmUnavailable, match="already"):
        initialise(_on(home, vault_location().token_label), "os:ann")
    assert not home.exists()


def test_a_database_that_cannot_be_made_leaves_the_home_as_it_was(home: Path) -> None:
    home.mkdir()
    (home / "notes.txt").write_text("the custodian's")
    seedvault = CommandLine(home)
    assert seedvault("init", "--database", NOWHERE).code == 7
    assert [path.name for path in home.iterdir()] == ["notes.txt"]
    seedvault.ok("init")


def test_a_pin_file_that_is_there_is_not_overwritten(home: Path) -> None:
    home.mkdir()
    (home / "pin").write_text("4711")
    with pytest.raises(StorageUnavailable, match="File exists"):
        initialise(config.load(home), "os:ann")
    assert (home / "pin").read_text() == "4711"
    assert [path.name for path in home.iterdir()] == ["pin"]


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable, match=re.escape(str(tmp_path / "file/home"))):
        initialise(config.load(tmp_path / "file/home"), "os:ann")


def test_a_dry_run_checks_and_makes_nothing(home: Path) -> None:
    assert initialise(config.load(home), "os:ann", dry_run=True) is None
    with pytest.raises(HsmUnavailable):
        initialise(replace(config.load(home), module=Path("/no/lib.so")), "os:ann", dry_run=True)
    assert not home.exists()


def test_the_secrets_of_the_embedded_softhsm_are_for_their_owner_alone(home: Path) -> None:
    CommandLine(home).ok("init")
    modes = {path.name: path.stat().st_mode & 0o777 for path in home.rglob("*")}
    assert (home.stat().st_mode & 0o777, modes["hsm"]) == (0o700, 0o700)
    assert (modes["pin"], modes["so-pin"]) == (0o600, 0o600)
    assert not (home / FILE_NAME).exists()


# --- opening ---------------------------------------------------------------------------------


def test_a_module_that_is_not_there_is_named_with_the_settings_file(home: Path) -> None:
    settings = replace(_on(home, "any"), module=Path("/no/lib.so"))
    with pytest.raises(HsmUnavailable, match=r"no PKCS#11 module at /no/lib\.so") as refused:
        wiring.location(settings)
    assert FILE_NAME in refused.value.remedy


def test_without_softhsm_the_remedy_is_to_install_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(LIBRARY_VARIABLE, str(home / "none.so"))
    with pytest.raises(HsmUnavailable, match="SoftHSM is in none") as refused:
        initialise(config.load(home), "os:ann")
    assert "apt-get install softhsm2" in refused.value.remedy
    assert not home.exists()


def test_a_pin_file_that_is_gone_is_named(home: Path) -> None:
    settings = _on(home, vault_location().token_label)
    settings.pin_file.unlink()
    with pytest.raises(HsmUnavailable, match=r"custodians\.pin cannot be read: No such file"):
        initialise(settings, "os:ann")


def test_a_pin_file_that_everyone_may_read_is_refused(home: Path) -> None:
    settings = _on(home, vault_location().token_label)
    settings.pin_file.chmod(0o644)
    with pytest.raises(HsmUnavailable, match="chmod 600"):
        initialise(settings, "os:ann")


def test_a_wrong_pin_makes_nothing(home: Path) -> None:
    with pytest.raises(HsmUnavailable, match="refused the PIN"):
        initialise(_on(home, vault_location().token_label, "000000"), "os:ann")
    assert not home.exists()


def test_the_keys_are_closed_with_the_application(home: Path) -> None:
    initialise(_on(home, _custodians()), "os:ann")
    with Application(config.load(home)) as application:
        keys = application.keys
        keys.seal(TOKEN, WRAPPED, 0)
    with pytest.raises(HsmUnavailable):
        keys.seal(TOKEN, WRAPPED, 0)


def test_the_clock_is_aware_and_no_finer_than_what_is_stored() -> None:
    now = wiring.system_clock()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0


# --- whose packages they are -----------------------------------------------------------------


def test_packages_of_others_with_our_names_are_refused_by_their_places(tmp_path: Path) -> None:
    stranger = tmp_path / "site"
    (stranger / "importers").mkdir(parents=True)
    (stranger / "importers/__init__.py").touch()
    ran = subprocess.run(
        [sys.executable, "-m", "seedvault", "--home", str(tmp_path / "home"), "init"],
        capture_output=True,
        text=True,
        check=False,
        cwd=stranger,
        env=environment() | {"PYTHONPATH": os.pathsep.join([str(stranger), str(ROOT)])},
    )
    assert ran.returncode == 2
    assert f"different places: {', '.join(sorted([str(ROOT), str(stranger)]))}" in ran.stderr
    assert "environment of its own" in ran.stderr
    assert not (tmp_path / "home").exists()


def test_a_database_that_cannot_be_made_leaves_no_keys_on_the_pkcs11_token(home: Path) -> None:
    settings = _on(home, _custodians())
    with pytest.raises(StorageUnavailable):
        initialise(replace(settings, database=NOWHERE), "os:ann")
    assert initialise(settings, "os:ann") is not None


def test_keys_that_cannot_be_made_leave_no_database(home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.sqlite3"
    settings = replace(_on(home, "nobody-made-it"), database=f"sqlite:///{elsewhere}")
    with pytest.raises(HsmUnavailable):
        initialise(settings, "os:ann")
    assert not list(tmp_path.glob("elsewhere*"))


def test_settings_that_say_so_already_stay_as_their_author_wrote_them(home: Path) -> None:
    settings = _on(home, _custodians())
    home.mkdir()
    config.save(settings)
    written = f"# ours\n{(home / FILE_NAME).read_text(encoding='utf-8')}"
    (home / FILE_NAME).write_text(written, encoding="utf-8")
    initialise(config.load(home), "os:ann")
    assert (home / FILE_NAME).read_text(encoding="utf-8") == written


def test_of_two_inits_at_once_one_makes_the_vault_and_the_other_leaves_it_whole(home: Path) -> None:
    seedvault = CommandLine(home)
    both = [seedvault.start("init") for _ in range(2)]
    for process in both:
        process.communicate(timeout=60)
    assert sorted(process.returncode for process in both) == [0, 4]
    assert seedvault.ok("status", "--json").document["audit_events"] == 1


def test_what_others_put_into_the_home_while_init_fails_stays(home: Path) -> None:
    settings = _on(home, "nobody-made-it")
    home.mkdir()
    (home / "thesis").mkdir()
    with pytest.raises(HsmUnavailable):
        initialise(settings, "os:ann")
    assert [path.name for path in home.iterdir()] == ["thesis"]


def test_a_home_that_softhsm_would_misread_is_refused(tmp_path: Path) -> None:
    refused = CommandLine(tmp_path / "c#d")("init")
    assert refused.code == 6
    assert "without # and =" in refused.err
    assert not list(tmp_path.iterdir())


def test_a_home_may_be_called_anything_else(tmp_path: Path) -> None:
    seedvault = CommandLine(tmp_path / "c?d e%20;")
    seedvault.ok("init")
    seedvault.ok("user", "add", "alice")
    assert (seedvault.home / "vault.sqlite3").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["c?d e%20;"]


def test_keys_that_were_taken_away_are_asked_back_and_no_store_is_made_in_their_place(
    home: Path,
) -> None:
    seedvault = CommandLine(home)
    seedvault.ok("init")
    (home / "hsm").rename(home / "away")
    assert "is missing" in seedvault("status").out
    (home / "away").rename(home / "hsm")
    seedvault.ok("status")
