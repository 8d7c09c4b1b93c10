"""What custodians do, from the first share to the certificate of destruction."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.seed_files import deliver, hotp_code, serial

CARD = serial(1)  # the event-based one


@pytest.fixture(scope="module")
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a vault whose custodians hold 2-of-3 shares, with a card of alice's."""
    folder = tmp_path_factory.mktemp("custodians")
    made = CommandLine(folder / "home")
    made.ok("init", *_share_options(*_shares_in(folder)))
    made.ok("batch", "import", *deliver(folder / "d.xml", totp=1, hotp=1).arguments)
    made.ok("user", "add", "alice")
    made.ok("token", "assign", CARD, "alice")
    made.ok("token", "verify", CARD, hotp_code(1, 0))
    return folder


@pytest.fixture
def seedvault(_made_once: Path, tmp_path: Path) -> CommandLine:
    """That vault and its shares, to be changed by one test."""
    shutil.copytree(_made_once, tmp_path, dirs_exist_ok=True)
    return CommandLine(tmp_path / "home")


@pytest.fixture
def shares(seedvault: CommandLine) -> list[Path]:
    """A share of each custodian's."""
    return _shares_in(seedvault.home.parent)


def _shares_in(folder: Path) -> list[Path]:
    return [folder / f"{name}.share" for name in ("anna", "ben", "cleo")]


def _share_options(*files: Path) -> list[str | Path]:
    return [word for file in files for word in ("--share-file", file)]


def test_the_shares_are_files_for_their_custodians_alone(
    seedvault: CommandLine, shares: list[Path]
) -> None:
    for number, share in enumerate(shares, 1):
        assert share.stat().st_mode & 0o777 == 0o600
        *notes, words = share.read_text().splitlines()
        assert f"share {number} of 3" in notes[0]
        assert "2-of-3" in notes[0]
        assert len(words.split()) == 33
        assert words not in str(list(seedvault.home.rglob("*")))


def test_keys_are_rotated_and_the_old_one_destroyed(
    seedvault: CommandLine, shares: list[Path]
) -> None:
    done = seedvault.ok("key", "rotate", *_share_options(*shares[:2]), "--json").document
    assert (done["new"], done["tokens"], done["left"]) == (["k2", "s2", "f2"], 2, 0)
    assert seedvault("token", "verify", CARD, hotp_code(1, 0)).code == 1
    seedvault.ok("token", "verify", CARD, hotp_code(1, 1))

    alone = seedvault("key", "destroy", "k1", "--approved-by", "ben")
    assert (alone.code, "--yes" in alone.err) == (2, True)
    gone = seedvault.ok("key", "destroy", "k1", "--approved-by", "ben", "--yes", "--json").document

    assert _openssl_verifies(gone["record"])
    certificate = Path(gone["record"]["text"]).read_text()
    assert "CERTIFICATE OF DESTRUCTION" in certificate
    assert f"check value {gone['check_value']}" in certificate
    assert max(map(len, certificate.splitlines())) <= 80
    listed = seedvault.ok("key", "list", "--json").document["keys"]
    assert [key["name"] for key in listed] == ["c1", "f1", "f2", "k2", "s1", "s2", "x1"]
    seedvault.ok("token", "verify", CARD, hotp_code(1, 2))
    seedvault.ok("audit", "verify")


def test_a_record_that_was_altered_is_not_the_one_that_was_signed(
    seedvault: CommandLine, shares: list[Path]
) -> None:
    record = seedvault.ok("key", "rotate", "seal", *_share_options(*shares[1:]), "--json").document
    document = Path(record["records"][0]["json"])
    assert _openssl_verifies(record["records"][0])
    document.write_text(document.read_text().replace("s1", "s0"))
    assert not _openssl_verifies(record["records"][0])


def test_a_rotation_is_foreseen_and_changes_nothing(seedvault: CommandLine) -> None:
    foreseen = seedvault.ok("key", "rotate", "kek", "--dry-run", "--json").document
    assert (foreseen["new"], foreseen["tokens"], foreseen["dry_run"]) == (["k2"], 2, True)
    names = [key["name"] for key in seedvault.ok("key", "list", "--json").document["keys"]]
    assert "k2" not in names


def test_a_dry_run_refuses_what_the_rotation_would(
    seedvault: CommandLine, shares: list[Path], tmp_path: Path
) -> None:
    other = CommandLine(tmp_path / "other")
    other.ok("init")
    for command in (["rotate"], ["reshare", "--new-share-file", tmp_path / "new"], ["restore"]):
        foreign = _share_options(other.home / "recovery-share")
        refused = seedvault("key", *command, *foreign, "--dry-run")
        assert refused.code in {4, 5}, (command, refused)


def test_under_require_fips_a_ceremony_is_refused_before_it_begins(
    seedvault: CommandLine, shares: list[Path]
) -> None:
    (seedvault.home / "seedvault.toml").write_text("[hsm]\nrequire_fips = true\n")
    shutil.rmtree(seedvault.home / "hsm")
    events = seedvault.ok("audit", "list", "--json").document["events"]
    for command in (["restore"], ["reshare", "--new-share-file", seedvault.home / "new"]):
        assert seedvault("key", *command, *_share_options(*shares)).code in {5, 6}
    refused = seedvault.ok("audit", "list", "--json").document["events"][: -len(events)]
    assert {event["kind"] for event in refused} == {"key.refused"}
    assert not (seedvault.home / "hsm").exists()


def test_too_few_shares_and_those_of_another_vault_change_nothing(
    seedvault: CommandLine, shares: list[Path], tmp_path: Path
) -> None:
    few = seedvault("key", "rotate", *_share_options(shares[0]))
    assert (few.code, "2 different ones are needed" in few.err) == (2, True)
    other = CommandLine(tmp_path / "other")
    other.ok("init")
    foreign = seedvault("key", "rotate", *_share_options(other.home / "recovery-share"))
    assert (foreign.code, "do not open the copies" in foreign.err) == (5, True)
    assert len(seedvault.ok("key", "list", "--json").document["keys"]) == 5


def test_without_terminal_and_shares_the_shares_are_asked_for(seedvault: CommandLine) -> None:
    refused = seedvault("key", "rotate")
    assert (refused.code, "--share-file FILE" in refused.err) == (2, True)


def test_the_keys_come_back_on_a_fresh_module_and_codes_verify(
    seedvault: CommandLine, shares: list[Path], tmp_path: Path
) -> None:
    """The module is lost; the database, and two custodians, are there."""
    copies = tmp_path / "keys.json"
    seedvault.ok("key", "backup", copies)
    shutil.rmtree(seedvault.home / "hsm")
    assert seedvault("token", "verify", CARD, hotp_code(1, 1)).code == 6

    done = seedvault.ok("key", "restore", "--from", copies, *_share_options(*shares[1:]), "--json")

    assert done.document["keys"] == ["f1", "k1", "s1", "x1", "c2"]
    assert seedvault("token", "verify", CARD, hotp_code(1, 0)).code == 1
    seedvault.ok("token", "verify", CARD, hotp_code(1, 1))
    keys = seedvault.ok("key", "list", "--json").document["keys"]
    assert all(key["check_value"] == key["check_value_on_record"] for key in keys)


def test_the_database_alone_brings_the_keys_back_too(
    seedvault: CommandLine, shares: list[Path]
) -> None:
    shutil.rmtree(seedvault.home / "hsm")
    (seedvault.home / "pin").unlink()
    seedvault.ok("key", "restore", *_share_options(shares[0], shares[2]))
    seedvault.ok("token", "verify", CARD, hotp_code(1, 1))


def test_new_custodians_take_over_and_the_old_ones_are_of_no_more_use(
    seedvault: CommandLine, shares: list[Path], tmp_path: Path
) -> None:
    new = tmp_path / "dora.share"
    done = seedvault.ok(
        "key", "reshare", *_share_options(*shares[:2]), "--new-share-file", new, "--json"
    ).document
    assert (done["keys"], done["shares_needed"]) == (["f1", "k1", "s1", "x1"], 1)
    assert seedvault("key", "rotate", *_share_options(*shares[:2])).code == 5
    seedvault.ok("key", "rotate", *_share_options(new))
    seedvault.ok("token", "verify", CARD, hotp_code(1, 1))


def test_wrong_shares_make_no_new_ones(seedvault: CommandLine, tmp_path: Path) -> None:
    other = CommandLine(tmp_path / "other")
    other.ok("init")
    new = tmp_path / "dora.share"
    foreign = other.home / "recovery-share"
    refused = seedvault("key", "reshare", "--share-file", foreign, "--new-share-file", new)
    assert (refused.code, new.exists()) == (5, False)


def test_wrong_shares_restore_nothing_and_leave_no_store(
    seedvault: CommandLine, tmp_path: Path
) -> None:
    other = CommandLine(tmp_path / "other")
    other.ok("init")
    shutil.rmtree(seedvault.home / "hsm")
    foreign = seedvault("key", "restore", *_share_options(other.home / "recovery-share"))
    assert foreign.code == 5
    assert not (seedvault.home / "hsm").exists()


def test_keys_that_are_there_are_not_restored_over(
    seedvault: CommandLine, shares: list[Path]
) -> None:
    refused = seedvault("key", "restore", *_share_options(*shares))
    assert (refused.code, "already" in refused.err) == (4, True)
    seedvault.ok("token", "verify", CARD, hotp_code(1, 1))


def test_the_backup_of_another_vault_is_refused(
    seedvault: CommandLine, shares: list[Path], tmp_path: Path
) -> None:
    copies = tmp_path / "keys.json"
    seedvault.ok("key", "backup", copies)
    document = json.loads(copies.read_text())
    copies.write_text(json.dumps(document | {"vault": "another"}))
    refused = seedvault("key", "restore", "--from", copies, *_share_options(*shares))
    assert (refused.code, "no backup of this vault" in refused.err) == (2, True)


def test_a_backup_from_before_a_rotation_is_refused_and_says_so(
    seedvault: CommandLine, shares: list[Path], tmp_path: Path
) -> None:
    copies = tmp_path / "keys.json"
    seedvault.ok("key", "backup", copies)
    seedvault.ok("key", "rotate", "seal", *_share_options(*shares[:2]))
    refused = seedvault("key", "restore", "--from", copies, *_share_options(*shares[:2]))
    assert (refused.code, "no copy of s2 in the file" in refused.err) == (5, True)


def test_keys_made_without_copies_are_named_where_one_would_be_needed(tmp_path: Path) -> None:
    seedvault = CommandLine(tmp_path / "bare")
    seedvault.ok("init", "--no-recovery")
    refused = seedvault("key", "backup", tmp_path / "keys.json")
    assert (refused.code, "without a copy" in refused.err) == (5, True)
    assert not (tmp_path / "keys.json").exists()


def test_a_share_is_not_written_over_a_file(tmp_path: Path) -> None:
    taken = tmp_path / "anna.share"
    taken.write_text("mine")
    seedvault = CommandLine(tmp_path / "home")
    refused = seedvault("init", "--share-file", taken)
    assert (refused.code, taken.read_text()) == (4, "mine")
    assert not seedvault.home.exists()


def _openssl_verifies(record: dict[str, str]) -> bool:
    command = ["openssl", "dgst", "-sha256", "-verify", record["public_key"], "-signature"]
    ran = subprocess.run(
        [*command, record["signature"], record["json"]],
        check=False,
        capture_output=True,
        text=True,
    )
    return ran.stdout.strip() == "Verified OK"
