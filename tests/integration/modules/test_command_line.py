"""The command line on each real module: examine it, make a vault on it, take a delivery over."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hsm import BlobFormat, Ceremony, Demands, Location, Tier
from hsm.vault_key import FIRST
from tests.integration.modules.expectations import Expected
from tests.support.cli import CommandLine
from tests.support.seed_files import deliver, hotp_code, serial
from tests.support.softhsm import TEST_PIN, pin


@pytest.fixture
def where(place: tuple[str, Location], tmp_path: Path) -> Iterator[list[str | Path]]:
    """The options that name the module; a vault's keys that a test makes on it go with the test."""
    location, pin_file = place[1], tmp_path / "custodians.pin"
    pin_file.write_text(f"{TEST_PIN}\n")
    pin_file.chmod(0o600)
    yield [
        "--module", location.library, "--token-label", location.token_label,
        "--pin-file", pin_file,
    ]  # fmt: skip
    with Ceremony(location, pin(), Demands(accept_weaknesses=True)) as ceremony:
        ceremony.remove(FIRST.objects)


@pytest.fixture
def seedvault(tmp_path: Path) -> CommandLine:
    """A command line whose vault is not there yet; it is told of the named SoftHSM's files."""
    own = {name: os.environ[name] for name in ("SOFTHSM2_CONF",) if name in os.environ}
    return CommandLine(tmp_path / "home", own)


def _init(seedvault: CommandLine, where: list[str | Path], *more: str) -> None:
    seedvault.ok("init", *where, "--no-recovery", *more)


def test_the_report_can_be_filed(
    seedvault: CommandLine, where: list[str | Path], expected: Expected
) -> None:
    report = seedvault.ok("doctor", *where).out

    assert max(map(len, report.splitlines())) <= 80
    for each in expected.weaknesses:
        assert each.word in report
        assert each.meaning in " ".join(report.split())
    assert f"tier {expected.tier.value}: " in report
    assert "Signature ____" in report


def test_the_report_is_a_document_for_programs(
    seedvault: CommandLine, where: list[str | Path], expected: Expected
) -> None:
    report = seedvault.ok("doctor", *where, "--json").document

    assert report["fit"] is True
    assert report["import_tier"] == expected.tier.value
    assert {each["word"] for each in report["weaknesses"]} == {
        each.word for each in expected.weaknesses
    }


def test_weaknesses_are_refused_until_they_are_accepted_and_then_on_record(
    seedvault: CommandLine, where: list[str | Path], expected: Expected
) -> None:
    if expected.weaknesses:
        refused = seedvault("init", *where, "--no-recovery")
        assert refused.code == 5
        assert all(each.word in refused.err for each in expected.weaknesses)
        assert not seedvault.home.exists()

    _init(seedvault, where, "--accept-weaknesses")

    accepted = "accepted" if expected.weaknesses else "none accepted"
    assert seedvault.ok("status", "--json").document["weaknesses"].startswith(accepted)
    (event,) = seedvault.ok("audit", "list", "--json").document["events"]
    assert all(each.word in event["detail"] for each in expected.weaknesses)
    assert ("weaknesses" in event["detail"]) is bool(expected.weaknesses)


def test_a_delivery_comes_in_by_the_best_tier_and_its_codes_are_right(
    seedvault: CommandLine, where: list[str | Path], expected: Expected, tmp_path: Path
) -> None:
    delivery = deliver(tmp_path / "tokens.pskcxml", totp=3, hotp=1)
    _init(seedvault, where, "--accept-weaknesses")

    seedvault.ok("batch", "import", *delivery.arguments)

    assert seedvault.ok("batch", "show", "1", "--json").document["tier"] == expected.tier.value
    seedvault.ok("user", "add", "alice")
    seedvault.ok("token", "assign", serial(3), "alice", "--code", hotp_code(3, 0))
    assert seedvault("token", "verify", serial(3), hotp_code(3, 0)).code == 1
    seedvault.ok("token", "verify", serial(3), hotp_code(3, 1))


def test_a_batch_that_may_be_handed_on_is_tier_b_or_refused(
    seedvault: CommandLine, where: list[str | Path], expected: Expected, tmp_path: Path
) -> None:
    delivery = deliver(tmp_path / "tokens.pskcxml", totp=1, hotp=1)
    _init(seedvault, where, "--accept-weaknesses")

    imported = seedvault("batch", "import", *delivery.arguments, "--exportable")

    if expected.exports:
        assert seedvault.ok("batch", "show", "1", "--json").document["tier"] == "B"
    else:
        assert imported.code == 3
        assert "does not encrypt AES-GCM" in imported.err


def test_blobs_without_a_key_wrap_are_named_under_require_fips(
    seedvault: CommandLine, where: list[str | Path], expected: Expected
) -> None:
    seedvault.home.mkdir()
    (seedvault.home / "seedvault.toml").write_text("[hsm]\nrequire_fips = true\n")

    unapproved = seedvault("doctor", *where, "--json").document["unapproved"]

    named = any("AES-CBC-PAD is no approved way" in each for each in unapproved)
    assert named is (expected.format is BlobFormat.AES_CBC_PAD)


def test_a_module_below_the_least_tier_holds_no_vault(
    seedvault: CommandLine, where: list[str | Path], expected: Expected
) -> None:
    seedvault.home.mkdir()
    (seedvault.home / "seedvault.toml").write_text('[hsm]\nmin_tier = "A"\n')

    made = seedvault("init", *where, "--no-recovery", "--accept-weaknesses")

    if expected.tier is Tier.INSIDE:
        assert made.code == 0, made.err
        return
    assert made.code == 5
    assert 'imports by tier B, and min_tier = "A" asks for better' in made.err
    examined = seedvault("doctor", *where)
    assert examined.code == 1
    assert "VERDICT  unfit here: it imports by tier B" in examined.out


def test_a_least_tier_that_was_raised_later_refuses_imports(
    seedvault: CommandLine, where: list[str | Path], expected: Expected, tmp_path: Path
) -> None:
    delivery = deliver(tmp_path / "tokens.pskcxml", totp=2, hotp=1)
    _init(seedvault, where, "--accept-weaknesses")
    settings = seedvault.home / "seedvault.toml"
    settings.write_text(f'{settings.read_text()}min_tier = "A"\n')

    imported = seedvault("batch", "import", *delivery.arguments)

    if expected.tier is Tier.INSIDE:
        assert imported.code == 0, imported.err
        other = deliver(tmp_path / "others.pskcxml", totp=5, hotp=1)
        refused = seedvault("batch", "import", *other.arguments, "--exportable")
        assert refused.code == 3
        assert "allows no other way" in refused.err
    else:
        assert imported.code == 5
        assert 'min_tier = "A" asks for better' in imported.err
        assert seedvault.ok("status", "--json").document["batches"] == 0
