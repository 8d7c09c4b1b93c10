"""A vault is backed up, lost and restored by the command line, as staff do it."""

import csv
import shutil
from pathlib import Path

import pyrage
import pytest

from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, hotp_code, serial


class Desk:
    """The command line on a vault in use, and what its staff keep elsewhere."""

    def __init__(self, seedvault: CommandLine, folder: Path) -> None:
        self.run = seedvault
        self.folder = folder
        self.export = folder / "audit.jsonl"
        self.backup = folder / "otp.age"
        self.identity = folder / "backup.key"
        key = pyrage.x25519.Identity.generate()
        self.identity.write_text(f"# for backups\n{key}\n")
        self.recipient = str(key.to_public())

    def lose(self) -> None:
        """The database, moved away."""
        lost = self.folder / "lost"
        lost.mkdir()
        for file in self.run.home.glob("vault.sqlite3*"):
            shutil.move(file, lost)

    def restore(self, *more: str | Path) -> list[str | Path]:
        opens: list[str | Path] = ["--identity", self.identity, "--approved-by", "bob"]
        return ["restore", self.backup, *opens, *more]


@pytest.fixture
def desk(seedvault: CommandLine, delivery: Delivery, tmp_path: Path) -> Desk:
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("token", "assign", serial(20), "alice", "--code", hotp_code(20, 0))
    seedvault.ok("token", "assign", serial(0), "alice")
    desk = Desk(seedvault, tmp_path)
    made = seedvault.ok("backup", desk.backup, "--recipient", desk.recipient)
    assert "not in it" in made.err
    return desk


def test_a_lost_vault_comes_back_and_knows_what_was_spent(desk: Desk) -> None:
    run = desk.run
    run.ok("token", "verify", serial(20), hotp_code(20, 1))
    run.ok("token", "suspend", serial(0), "--reason", "lost")
    run.ok("user", "add", "carol")
    run.ok("audit", "checkpoint")  # only what one covers is believed
    run.ok("audit", "export", desk.export)
    refused = run(*desk.restore("--audit-export", desk.export))
    desk.lose()

    foreseen = run.ok(*desk.restore("--audit-export", desk.export, "--dry-run", "--json")).document
    told = run.ok(
        *desk.restore("--audit-export", desk.export, "--export-complete", "--json")
    ).document

    assert refused.code == 4
    assert (foreseen["dry_run"], told["epoch"], told["must_resync"]) == (True, 2, 0)
    assert (told["spent_again"], told["done_again"]) == (1, 1)
    with Path(told["since_file"]).open(encoding="utf-8", newline="") as file:
        listed = {row["event"]: row["outcome"] for row in csv.DictReader(file)}
    assert listed["token.suspended"] == "done again"
    assert listed["user.added"] == "to be done again by staff"
    assert "already used" in run("token", "verify", serial(20), hotp_code(20, 1)).out
    run.ok("token", "verify", serial(20), hotp_code(20, 2))
    assert run.ok("token", "show", serial(0), "--json").document["state"] == "suspended"
    run.ok("audit", "verify")


def test_vault_and_hsm_are_lost_and_both_come_back(desk: Desk) -> None:
    run = desk.run
    desk.lose()
    shutil.rmtree(run.home / "hsm")
    (public,) = (run.home / "ceremonies").glob("c1.pem")

    without = run(*desk.restore("--audit-lost"))
    run.ok(*desk.restore("--audit-lost", "--hsm-lost", "--public-key", public))
    run.ok("key", "restore")

    assert without.code == 6
    assert "--hsm-lost" in without.err
    run.ok("token", "resync", serial(20), hotp_code(20, 1), hotp_code(20, 2))
    assert run.ok("status", "--json").document["epoch"] == "2, kept in the HSM as well"


def test_a_replica_that_was_promoted_goes_on_in_another_epoch(desk: Desk) -> None:
    promote = ("restore", "--promoted", "--approved-by", "bob", "--audit-lost")

    told = desk.run.ok(*promote, "--json").document

    assert (told["epoch"], told["epoch_before"]) == (2, 1)
    held = desk.run("token", "verify", serial(20), hotp_code(20, 1))
    assert "needs resynchronisation" in held.out


@pytest.mark.parametrize(
    "words",
    [
        ("--approved-by", "bob"),
        ("--approved-by", "bob", "--audit-lost"),
        ("--approved-by", "bob", "--audit-lost", "--export-complete"),
        ("otp.age", "--promoted", "--approved-by", "bob", "--audit-lost"),
    ],
)
def test_half_of_an_order_is_none(seedvault: CommandLine, words: tuple[str, ...]) -> None:
    assert seedvault("restore", *words).code == 2


@pytest.mark.parametrize(
    "words", [(), ("--recipient", "age1no"), ("--recipient", "AGE-SECRET-KEY-1X")]
)
def test_a_backup_needs_a_public_key(
    seedvault: CommandLine, tmp_path: Path, words: tuple[str, ...]
) -> None:
    refused = seedvault("backup", tmp_path / "otp.age", *words)

    assert refused.code == 2
    assert "SECRET" not in refused.err
    assert not (tmp_path / "otp.age").exists()


def test_an_export_of_before_a_restore_is_told_from_one_of_a_log_that_was_cut_off(
    desk: Desk,
) -> None:
    run = desk.run
    run.ok("audit", "export", desk.export)
    run.ok("user", "add", "carol")
    run.ok("audit", "checkpoint")
    run.ok("audit", "export", desk.export)
    desk.lose()
    run.ok(*desk.restore("--audit-export", desk.export))

    before = run("audit", "verify", "--export", desk.export)
    run.ok("audit", "checkpoint")
    told = run.ok("audit", "verify", "--export", desk.export)
    document = run.ok("audit", "verify", "--export", desk.export, "--json").document

    assert before.code == 1
    assert "if it was just restored" in before.out
    assert "export: RESTORED" in told.out
    assert "approved by bob" in told.out
    assert document["export"]["ended"]["epoch"] == 2
