"""Where a vault lives, and what its settings file may say."""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedvault import config
from seedvault.config import FILE_NAME, Settings
from seedvault.domain.batch import Tier
from seedvault.domain.errors import InvalidInput

TEXTS = st.text(st.characters(min_codepoint=1, exclude_categories=["Cs"]), min_size=1)
PATHS = TEXTS.map(lambda text: Path("/") / text.replace("/", "_"))


def _written(home: Path, text: str) -> Settings:
    (home / FILE_NAME).write_text(text, encoding="utf-8")
    return config.load(home)


# --- the home --------------------------------------------------------------------------------


def test_seedvault_home_names_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEEDVAULT_HOME", "/srv/vault")
    assert config.default_home() == Path("/srv/vault")


def test_without_it_the_home_is_where_the_platform_keeps_data(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SEEDVAULT_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert config.default_home() == Path("/data/seedvault")


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", ".local/share/seedvault"),
        ("darwin", "Library/Application Support/seedvault"),
    ],
)
def test_without_any_setting_it_is_below_the_users_home(
    monkeypatch: pytest.MonkeyPatch, platform: str, expected: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("SEEDVAULT_HOME", "")
    monkeypatch.setenv("XDG_DATA_HOME", "")
    monkeypatch.setenv("HOME", "/users/ann")
    assert config.default_home() == Path("/users/ann") / expected


# --- reading ---------------------------------------------------------------------------------


def test_everything_has_a_default(tmp_path: Path) -> None:
    assert config.load(tmp_path) == Settings(
        home=tmp_path,
        database=tmp_path / "vault.sqlite3",
        module=None,
        token_label="seedvault",
        token_serial=None,
        pin_file=tmp_path / "pin",
    )


def test_a_home_that_is_not_there_has_the_defaults(tmp_path: Path) -> None:
    assert config.load(tmp_path / "none").token_label == "seedvault"


def test_every_setting_can_be_written(tmp_path: Path) -> None:
    settings = _written(
        tmp_path,
        '[storage]\ndatabase = "sqlite:///other.db"\n'
        '[hsm]\nmodule = "/lib/p11.so"\ntoken_label = "L"\ntoken_serial = "S"\npin_file = "/p"\n'
        "require_fips = true\n",
    )
    assert settings == Settings(
        tmp_path, "sqlite:///other.db", Path("/lib/p11.so"), "L", "S", Path("/p"), require_fips=True
    )


def test_the_embedded_softhsm_has_a_place_of_its_own(tmp_path: Path) -> None:
    assert config.load(tmp_path).hsm_home == tmp_path / "hsm"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[hms]\nmodule = "x"\n', r"no section \[hms\]"),
        ('hsm = "x"\n', r"no section \[hsm\]"),
        ('[hsm]\nmodul = "x"\n', r"\[hsm\] has no text setting called modul"),
        ("[hsm]\npin_file = 7\n", r"\[hsm\] has no text setting called pin_file"),
        ('[hsm]\nrequire_fips = "yes"\n', r"\[hsm\] require_fips is true or false"),
        ("[alarm]\nfailures_per_hour = 0\n", r"failures_per_hour is a whole number from 1"),
        ("[alarm]\nfailures_per_hour = true\n", r"failures_per_hour is a whole number from 1"),
        ('[alarm]\nfailures_per_hour = "9"\n', r"failures_per_hour is a whole number from 1"),
        ('[alarm]\nfailures = "9"\n', r"\[alarm\] has no text setting called failures"),
        ('[storage]\nmodule = "x"\n', r"\[storage\] has no text setting called module"),
        ("[hsm\n", "cannot be read"),
    ],
    ids=[
        "section",
        "no section",
        "name",
        "type",
        "switch",
        "no failures",
        "no number",
        "text",
        "no alarm",
        "name of another section",
        "broken",
    ],
)
def test_what_no_settings_file_contains_is_refused_by_its_place(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        _written(tmp_path, text)
    assert str(tmp_path / FILE_NAME) in refused.value.what


def test_a_settings_file_that_is_not_utf_8_is_refused_by_its_place(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b'[hsm]\ntoken_label = "\xe9"\n')
    with pytest.raises(InvalidInput, match=r"seedvault\.toml cannot be read"):
        config.load(tmp_path)


# --- writing ---------------------------------------------------------------------------------


def test_defaults_are_not_written(tmp_path: Path) -> None:
    config.save(config.load(tmp_path))
    assert not (tmp_path / FILE_NAME).exists()


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    config.save(replace(config.load(tmp_path), module=Path("/lib/p11.so"), token_label="vault 7"))
    written = (tmp_path / FILE_NAME).read_text(encoding="utf-8")
    assert written == '[hsm]\nmodule = "/lib/p11.so"\ntoken_label = "vault 7"\n'


def _comes_back(change: Settings) -> None:
    """What `change` sets is loaded again as it was saved, in a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(change, home=Path(folder))
        config.save(settings)
        assert config.load(Path(folder)) == settings


@given(module=PATHS, pin_file=PATHS, label=TEXTS, serial=TEXTS, database=TEXTS)
def test_what_was_saved_is_loaded_whatever_it_is_called(
    module: Path, pin_file: Path, label: str, serial: str, database: str
) -> None:
    _comes_back(Settings(Path(), f"sqlite:///{database}", module, label, serial, pin_file))


@pytest.mark.parametrize("odd", ["\N{KEY}", "\x7f", '"', "\\", "\r\n", "\u2028"])
def test_a_character_that_toml_writes_in_its_own_way_is_loaded_again(
    tmp_path: Path, odd: str
) -> None:
    _comes_back(replace(config.load(tmp_path), pin_file=Path(f"/keys/{odd}.pin")))


def test_a_number_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    _comes_back(replace(config.load(tmp_path), failures_per_hour=20_000))


# --- what a module has to reach --------------------------------------------------------------


def test_the_least_tier_and_accepted_weaknesses_are_read(tmp_path: Path) -> None:
    settings = _written(tmp_path, '[hsm]\nmin_tier = "A"\naccept_weaknesses = true\n')

    assert (settings.min_tier, settings.accept_weaknesses) == (Tier.INSIDE, True)


def test_a_locked_page_is_the_least_unless_it_is_said(tmp_path: Path) -> None:
    settings = config.load(tmp_path)

    assert (settings.min_tier, settings.accept_weaknesses) == (Tier.NARROW, False)


@pytest.mark.parametrize("tier", ["C", "a", ""])
def test_no_other_tier_is_offered(tmp_path: Path, tier: str) -> None:
    with pytest.raises(InvalidInput, match='min_tier is "A" or "B"'):
        _written(tmp_path, f'[hsm]\nmin_tier = "{tier}"\n')


@pytest.mark.parametrize("written", ['"true"', "1"])
def test_a_switch_is_true_or_false_and_nothing_like_it(tmp_path: Path, written: str) -> None:
    with pytest.raises(InvalidInput, match="accept_weaknesses is true or false"):
        _written(tmp_path, f"[hsm]\naccept_weaknesses = {written}\n")


def test_they_come_back_as_they_were_saved(tmp_path: Path) -> None:
    settings = replace(config.load(tmp_path), min_tier=Tier.INSIDE, accept_weaknesses=True)

    config.save(settings)

    assert config.load(tmp_path) == settings
