"""A vault that requires FIPS, on a module that is software."""

from pathlib import Path

from tests.support.cli import CommandLine
from tests.support.seed_files import serial

REQUIRED = "[hsm]\nrequire_fips = true\n"


def test_a_vault_on_softhsm_verifies_nothing_once_fips_is_required(seedvault: CommandLine) -> None:
    (seedvault.home / "seedvault.toml").write_text(REQUIRED)

    refused = seedvault("token", "verify", serial(0), "123456")

    assert refused.code == 5
    assert "SoftHSM keeps keys in software" in refused.err
    assert "FIPS 140-3" in refused.err


def test_status_says_what_is_required_and_why_the_hsm_is_not_used(seedvault: CommandLine) -> None:
    assert seedvault.ok("status", "--json").document["fips"] == "not required"
    (seedvault.home / "seedvault.toml").write_text(REQUIRED)

    status = seedvault("status", "--json")

    assert status.code == 5
    assert status.document["fips"].startswith("required")
    assert status.document["hsm"].startswith("NOT USED: this vault requires FIPS")


def test_no_vault_is_made_on_softhsm_where_fips_is_required(tmp_path: Path) -> None:
    seedvault = CommandLine(tmp_path / "home")
    seedvault.home.mkdir()
    (seedvault.home / "seedvault.toml").write_text(REQUIRED)

    refused = seedvault("init")

    assert refused.code == 5
    assert "SoftHSM" in refused.err
    assert [path.name for path in seedvault.home.iterdir()] == ["seedvault.toml"]
