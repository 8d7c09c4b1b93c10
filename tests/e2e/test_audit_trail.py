"""The audit log signed, copied out, and verified by somebody who has nothing but the copy."""

import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import CommandLine


@pytest.fixture
def copied(seedvault: CommandLine, tmp_path: Path) -> Path:
    """A vault whose log is copied to this file by every checkpoint."""
    file = tmp_path / "witness" / "audit.jsonl"
    file.parent.mkdir()
    with (seedvault.home / "seedvault.toml").open("a") as settings:
        settings.write(f'\n[audit]\nexport_file = "{file}"\n')
    return file


@pytest.fixture
def public_key(seedvault: CommandLine, tmp_path: Path) -> Path:
    file = tmp_path / "c1.pem"
    seedvault.ok("audit", "public-key", file)
    return file


def add_users(seedvault: CommandLine, *names: str) -> None:
    for name in names:
        seedvault.ok("user", "add", name)


def tamper(seedvault: CommandLine, *statements: str) -> None:
    with closing(sqlite3.connect(seedvault.home / "vault.sqlite3")) as database, database:
        for statement in statements:
            database.execute(statement)


def test_a_vault_s_log_is_signed_from_its_first_event(seedvault: CommandLine) -> None:
    report = seedvault.ok("audit", "verify", "--json").document
    assert (report["events"], report["checkpoints"], report["uncovered"]) == (1, 1, 0)
    assert report["last_checkpoint"]["number"] == 1
    assert (report["breaks"], report["unvouched"], report["export"]) == ([], [], None)


def test_what_no_checkpoint_covers_yet_is_counted(seedvault: CommandLine) -> None:
    add_users(seedvault, "alice")
    assert "; 1 events after it are not covered yet\n" in seedvault.ok("audit", "verify").out
    said = seedvault.ok("audit", "checkpoint").out
    assert said == "checkpoint 2: 2 events, signed by c1\n"
    assert seedvault.ok("audit", "checkpoint").out == "nothing is new since checkpoint 2\n"
    assert "; 0 events after it" in seedvault.ok("audit", "verify").out


def test_a_command_that_has_the_hsm_at_hand_covers_what_it_did(
    seedvault: CommandLine, copied: Path
) -> None:
    add_users(seedvault, "alice")
    time.sleep(1.1)  # the last checkpoint, from `init`, is older than a second
    refused = seedvault("token", "unlock", "NOBODY")
    assert refused.code == 4
    report = seedvault.ok("audit", "verify", "--json").document
    assert report["uncovered"] == 1, "what changed nothing signs nothing"
    seedvault.ok("key", "rotate", "seal", "--json")
    report = seedvault.ok("audit", "verify", "--json").document
    assert report["uncovered"] == 0
    assert len(copied.read_bytes().splitlines()) == report["events"] + report["checkpoints"]


def test_an_export_is_verified_where_there_is_neither_vault_nor_hsm(
    seedvault: CommandLine, copied: Path, public_key: Path
) -> None:
    add_users(seedvault, "alice", "bob")
    seedvault.ok("audit", "checkpoint")
    elsewhere = CommandLine(copied.parent / "no-home", {"SEEDVAULT_SOFTHSM": "/nowhere"})
    offline = ("audit", "verify", "--export", copied, "--public-key", public_key)
    report = elsewhere.ok(*offline, "--json").document
    assert (report["events"], report["checkpoints"], report["uncovered"]) == (3, 2, 0)
    assert not elsewhere.home.exists()

    copied.write_bytes(copied.read_bytes().replace(b'"alice"', b'"mallory"'))
    broken = elsewhere(*offline)
    assert broken.code == 1
    assert broken.out.startswith("BROKEN  line 3, chain 0, event 2: the event")


def test_a_database_that_was_rewritten_is_found_by_its_export(
    seedvault: CommandLine, copied: Path, public_key: Path
) -> None:
    add_users(seedvault, "alice", "bob")
    seedvault.ok("audit", "checkpoint")
    compare = ("audit", "verify", "--export", copied)
    assert seedvault.ok(*compare, "--json").document["export"]["breaks"] == []

    tamper(
        seedvault,
        "DELETE FROM audit_event WHERE sequence > 1",
        "UPDATE audit_head SET sequence = 1, digest = (SELECT digest FROM audit_event)"
        " WHERE chain = 0",
        "DELETE FROM checkpoint WHERE number > 1",
    )
    assert seedvault("audit", "verify").code == 0, "the chains and what is left of checkpoints hold"
    found = seedvault(*compare)
    assert found.code == 1
    assert "export: BROKEN  line 5, checkpoint 2: the database has another checkpoint" in found.out
    assert (
        "export: BROKEN  line 5, checkpoint 2, chain 0, event 3: the database has not" in found.out
    )
    with_key = (*compare, "--public-key", public_key, "--with-database")
    assert seedvault(*with_key).code == 1

    add_users(seedvault, "carl")
    signing = seedvault("audit", "checkpoint")
    assert "which is not the database's" in signing.err, "what was exported is not overwritten"
    assert seedvault("audit", "export").code == 4


def test_the_hsm_does_not_sign_a_log_that_is_not_the_one_it_signed(seedvault: CommandLine) -> None:
    add_users(seedvault, "alice", "bob")
    seedvault.ok("audit", "checkpoint")
    tamper(seedvault, "UPDATE audit_event SET digest = zeroblob(32) WHERE sequence = 3")
    add_users(seedvault, "carl")
    refused = seedvault("audit", "checkpoint")
    assert refused.code == 7
    assert "event 3 of chain 0 is not the one that checkpoint 2 says" in refused.err


def test_an_export_may_go_on_in_another_file(
    seedvault: CommandLine, tmp_path: Path, public_key: Path
) -> None:
    first, second = tmp_path / "2026.jsonl", tmp_path / "2027.jsonl"
    assert seedvault.ok("audit", "export", first).out.startswith("1 events and 1 checkpoints added")
    add_users(seedvault, "alice")
    seedvault.ok("audit", "checkpoint")
    seedvault.ok("audit", "export", second, "--after-checkpoint", "1")
    verify = ("audit", "verify", "--public-key", public_key, "--json")
    both = seedvault.ok(*verify, "--export", first, "--export", second).document
    assert (both["events"], both["begun_after"]) == (2, 0)
    alone = seedvault.ok(*verify, "--export", second).document
    assert (alone["events"], alone["begun_after"]) == (1, 1)


def test_a_log_that_is_followed_is_copied_until_it_is_told_to_end(
    seedvault: CommandLine, copied: Path
) -> None:
    following = seedvault.start("audit", "checkpoint", "--follow")
    for number in range(3):
        add_users(seedvault, f"user-{number}")
    deadline = time.monotonic() + 60
    while not (copied.exists() and b"user-2" in copied.read_bytes()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    following.send_signal(signal.SIGTERM)
    _, complained = following.communicate(timeout=60)
    assert (following.returncode, complained) == (0, "")
    report = seedvault.ok("audit", "verify", "--export", copied, "--json").document
    assert report["uncovered"] == 0
    assert report["export"]["events"] == report["events"] == 4


def test_two_that_follow_one_log_write_each_checkpoint_once(
    seedvault: CommandLine, copied: Path
) -> None:
    both = [seedvault.start("audit", "checkpoint", "--follow") for _ in range(2)]
    add_users(seedvault, *(f"user-{number}" for number in range(8)))
    for each in both:
        each.send_signal(signal.SIGINT)
    assert [each.communicate(timeout=60)[1] for each in both] == ["", ""]
    assert [each.returncode for each in both] == [0, 0]
    seedvault.ok("audit", "export")
    report = seedvault.ok("audit", "verify", "--export", copied, "--json").document
    assert report["export"]["breaks"] == report["breaks"] == []
    assert report["export"]["checkpoints"] == report["checkpoints"]


def test_syslog_that_is_not_there_stops_nobody(seedvault: CommandLine) -> None:
    with (seedvault.home / "seedvault.toml").open("a") as settings:
        settings.write('\n[audit]\nsyslog = "unix:///nowhere/log"\n')
    add_users(seedvault, "alice")
    signed = seedvault.ok("audit", "checkpoint")
    assert "unix:///nowhere/log: syslog cannot be reached" in signed.err
    assert signed.out.startswith("checkpoint 2")


def test_a_rotated_checkpoint_key_is_trusted_by_whoever_trusts_the_first(
    seedvault: CommandLine, copied: Path, public_key: Path
) -> None:
    rotated = seedvault.ok("key", "rotate", "checkpoint", "--json").document
    assert rotated["new"] == ["c2"]
    seedvault.ok("key", "destroy", "c1", "--approved-by", "eve", "--yes")
    add_users(seedvault, "alice")
    seedvault.ok("audit", "checkpoint")
    offline = ("audit", "verify", "--export", copied, "--public-key")
    report = seedvault.ok(*offline, public_key, "--json").document
    assert (report["unvouched"], report["uncovered"]) == ([], 0)
    assert report["checkpoints"] >= 4
    alone = seedvault.ok("audit", "verify", "--json").document
    assert alone["unvouched"] == ["c1"], "its public half is in no HSM any more"


def test_lists_are_filtered_and_come_in_pages(seedvault: CommandLine) -> None:
    add_users(seedvault, *(f"user-{number}" for number in range(4)))
    every = seedvault.ok("audit", "list", "--jsonl").out.splitlines()
    assert len(every) == 5
    pages = seedvault.ok("audit", "list", "--limit", "2", "--jsonl").out.splitlines()
    while len(pages) < len(every):
        last = json.loads(pages[-1])
        before = f"{last['chain']}:{last['sequence']}"
        page = seedvault.ok("audit", "list", "--limit", "2", "--before", before, "--jsonl")
        pages += page.out.splitlines()
    assert pages == every

    def kinds(*words: str) -> list[str]:
        listed = seedvault.ok("audit", "list", *words, "--json").document["events"]
        return sorted({each["kind"] for each in listed})

    assert kinds("--kind", "user.") == ["user.added"]
    assert kinds("--kind", "user.*", "--kind", "vault.initialised") == [
        "user.added",
        "vault.initialised",
    ]
    assert kinds("--chain", "3") == []
    assert kinds("--until", "2020-01-01") == []
    assert seedvault("audit", "list", "--kind", "nonsense").code == 2
    assert seedvault("audit", "list", "--before", "0:99").code == 2
    assert "--before 0:4" in seedvault.ok("audit", "list", "--limit", "2").err
