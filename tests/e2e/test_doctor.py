"""`seedvault doctor` on the SoftHSM that a vault without hardware has."""

from pathlib import Path

import pytest

from tests.support.cli import CommandLine


def test_a_module_is_examined_before_there_is_a_vault_and_nothing_stays(tmp_path: Path) -> None:
    seedvault = CommandLine(tmp_path / "home")

    report = seedvault.ok("doctor").out

    assert "import         tier B: " in report
    assert "VERDICT  fit to hold a vault." in report
    assert not (tmp_path / "home").exists()


def test_the_vaults_own_module_is_examined_and_the_vault_goes_on(seedvault: CommandLine) -> None:
    before = seedvault.ok("status", "--json").document

    assert seedvault.ok("doctor", "--json").document["module"]["token_label"] == "seedvault"

    assert seedvault.ok("status", "--json").document == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("--token-label", "otp"),
        ("--pin-file", "pin"),
        ("--module", "/lib.so"),
        ("--module", "/lib.so", "--token-label", "otp"),
    ],
)
def test_half_of_a_place_is_no_place(seedvault: CommandLine, arguments: tuple[str, ...]) -> None:
    refused = seedvault("doctor", *arguments)

    assert refused.code == 2
    assert "--module" in refused.err


def test_a_library_that_is_not_there_is_no_verdict(seedvault: CommandLine, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.so"

    failed = seedvault(
        "doctor", "--module", nowhere, "--token-label", "otp", "--pin-file", tmp_path / "pin"
    )

    assert failed.code == 6
    assert f"there is no PKCS#11 module at {nowhere}" in failed.err


def test_under_require_fips_the_report_says_what_stands_against_the_module(tmp_path: Path) -> None:
    seedvault = CommandLine(tmp_path / "home")
    seedvault.home.mkdir()
    (seedvault.home / "seedvault.toml").write_text("[hsm]\nrequire_fips = true\n")

    examined = seedvault("doctor")

    assert examined.code == 1
    told = " ".join(examined.out.split())
    assert "VERDICT unfit here, under require_fips: SoftHSM keeps keys in software" in told
