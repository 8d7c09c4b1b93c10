"""An older copy of the database, put back by hand, is not taken for the latest."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, hotp_code, serial


def raise_epoch(database: Path) -> None:
    """What a restore does to the database, as far as the HSM can tell."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE vault SET epoch = epoch + 1")


def test_a_new_vault_is_of_the_first_epoch_in_database_and_hsm(seedvault: CommandLine) -> None:
    epoch = seedvault.ok("status", "--json").document["epoch"]

    assert epoch == "1, kept in the HSM as well"


def test_an_older_copy_of_the_database_is_refused(
    seedvault: CommandLine, delivery: Delivery, tmp_path: Path
) -> None:
    database = seedvault.home / "vault.sqlite3"
    _in_use(seedvault, delivery)
    shutil.copy(database, tmp_path / "copy")
    seedvault.ok("token", "verify", serial(20), hotp_code(20, 1))
    raise_epoch(database)
    seedvault.ok("status")
    shutil.copy(tmp_path / "copy", database)

    replayed = seedvault("token", "verify", serial(20), hotp_code(20, 1))

    assert replayed.code == 5
    assert "an older copy, from before a restore" in replayed.err
    assert "NOT USED: this database is of epoch 1" in seedvault("status").out


def test_a_database_that_is_ahead_raises_the_hsms_epoch(seedvault: CommandLine) -> None:
    raise_epoch(seedvault.home / "vault.sqlite3")

    assert seedvault.ok("status", "--json").document["epoch"] == "2, kept in the HSM as well"


def _in_use(seedvault: CommandLine, delivery: Delivery) -> None:
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("token", "assign", serial(20), "alice", "--code", hotp_code(20, 0))
