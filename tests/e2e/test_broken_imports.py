"""Imports that are killed, run out of disk, or meet a database or an HSM that cannot be used."""

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, deliver, serial
from tests.support.tmpfs import small_disk


@pytest.fixture
def large(tmp_path: Path) -> Delivery:
    """A delivery that takes some seconds to import, and some megabytes to hold."""
    return deliver(tmp_path / "large.pskcxml", totp=12_000)


def _staged(home: Path) -> int:
    with closing(sqlite3.connect(home / "vault.sqlite3", timeout=10)) as connection:
        count: int = connection.execute("SELECT count(*) FROM staged_token").fetchone()[0]
    return count


def _nothing_visible(seedvault: CommandLine) -> bool:
    status = seedvault.ok("status", "--json").document
    return (status["in_stock"], status["batches"]) == (0, 0)


def test_a_killed_import_shows_nothing_and_the_same_command_then_succeeds(
    seedvault: CommandLine, large: Delivery
) -> None:
    importing = seedvault.start("batch", "import", *large.arguments)
    while not _staged(seedvault.home) and importing.poll() is None:
        time.sleep(0.05)
    importing.kill()
    importing.communicate()
    assert importing.returncode == -9
    assert _staged(seedvault.home)
    assert _nothing_visible(seedvault)
    again = seedvault.ok("batch", "import", *large.arguments)
    assert again.out == "B-0001: 12002 tokens in stock\n"
    assert _staged(seedvault.home) == 0
    assert seedvault.ok("audit", "verify").code == 0


def test_a_full_disk_shows_nothing_and_with_room_the_same_command_succeeds(
    seedvault: CommandLine, large: Delivery, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        shutil.copytree(seedvault.home, disk.path / "home")
        crowded = CommandLine(disk.path / "home")
        full = crowded("batch", "import", *large.arguments)
        assert full.code == 7
        assert "full" in full.err
        assert _nothing_visible(crowded)
        disk.remount("size=64m")
        assert crowded.ok("batch", "import", *large.arguments).out.startswith("B-0001: 12002")


def test_a_read_only_database_is_named_as_such(
    seedvault: CommandLine, delivery: Delivery, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", "8m") as disk:
        shutil.copytree(seedvault.home, disk.path / "home")
        frozen = CommandLine(disk.path / "home")
        disk.remount("ro")
        refused = frozen("batch", "import", *delivery.arguments)
        assert refused.code == 7
        assert "vault.sqlite3" in refused.err
        assert "read" in refused.err


def test_a_missing_database_is_answered_with_the_remedy(tmp_path: Path) -> None:
    missing = CommandLine(tmp_path / "nowhere")("token", "list")
    assert missing.code == 7
    assert "seedvault init" in missing.err


def test_a_wrong_pin_is_tried_once_and_changes_nothing(
    seedvault: CommandLine, delivery: Delivery
) -> None:
    pin = seedvault.home / "pin"
    right = pin.read_text()
    pin.write_text("0" * 32 + "\n")
    refused = seedvault("batch", "import", *delivery.arguments)
    assert refused.code == 6
    assert "PIN" in refused.err
    assert "tried once" in refused.err
    assert seedvault("status").code == 6
    pin.write_text(right)
    assert _nothing_visible(seedvault)


def test_a_missing_pkcs11_module_is_named(seedvault: CommandLine, delivery: Delivery) -> None:
    (seedvault.home / "seedvault.toml").write_text('[hsm]\nmodule = "/nowhere/libnone.so"\n')
    refused = seedvault("batch", "import", *delivery.arguments)
    assert refused.code == 6
    assert "/nowhere/libnone.so" in refused.err


def test_a_setting_that_does_not_exist_is_named(seedvault: CommandLine) -> None:
    (seedvault.home / "seedvault.toml").write_text('[hsm]\nmodul = "x"\n')
    refused = seedvault("status")
    assert refused.code == 2
    assert "modul" in refused.err


def test_a_tampered_owner_is_found_before_the_seed_is_opened(
    seedvault: CommandLine, delivery: Delivery
) -> None:
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("user", "add", "mallory")
    seedvault.ok("token", "assign", serial(0), "alice")
    with closing(sqlite3.connect(seedvault.home / "vault.sqlite3")) as connection, connection:
        connection.execute(
            "UPDATE token SET owner = (SELECT id FROM user WHERE name = 'mallory')"
            " WHERE owner IS NOT NULL"
        )
    refused = seedvault("token", "verify", serial(0), "123456")
    assert refused.code == 7
    assert "changed by something other than Seedvault" in refused.err
    assert seedvault("token", "unassign", serial(0)).code == 7
    events = seedvault.ok("token", "history", serial(0), "--json").document["events"]
    assert [event["kind"] for event in events][:2] == ["seal.broken", "seal.broken"]
    assert seedvault.ok("token", "show", serial(0), "--json").document["failures"] == 0


def test_a_tampered_audit_log_is_found(seedvault: CommandLine) -> None:
    seedvault.ok("user", "add", "alice")
    with closing(sqlite3.connect(seedvault.home / "vault.sqlite3")) as connection, connection:
        connection.execute("UPDATE audit_event SET actor = 'os:nobody' WHERE kind = 'user.added'")
    broken = seedvault("audit", "verify")
    assert broken.code == 1
    assert "BROKEN  chain 0, event 2" in broken.out


@pytest.mark.parametrize("chain", [5, 99])
def test_an_event_slipped_into_the_log_is_found(seedvault: CommandLine, chain: int) -> None:
    with closing(sqlite3.connect(seedvault.home / "vault.sqlite3")) as connection, connection:
        connection.execute(
            "INSERT INTO audit_event (chain, sequence, at_ms, kind, actor, digest)"
            " VALUES (?, 1, 0, 'user.added', 'os:nobody', zeroblob(32))",
            (chain,),
        )
    broken = seedvault("audit", "verify")
    assert broken.code == 1
    assert f"BROKEN  chain {chain}, event 1" in broken.out
