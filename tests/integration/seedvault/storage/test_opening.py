"""A vault is made once, whole or not at all, and opened only where this program knows it."""

import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from seedvault.domain.errors import Conflict, InvalidInput, StorageUnavailable
from seedvault.service.ports import Counts, EventFilter, VaultIdentity
from seedvault.storage import (
    SqlVault,
    claim_vault,
    create_vault,
    existing_vault,
    open_vault,
    upgrade_vault,
)
from seedvault.storage.opening import identity_of
from tests.integration.seedvault.storage.conftest import Tamper
from tests.support.databases import only_sqlite
from tests.support.tokens import NOON
from tests.support.vaults import FIRST_KEYS, IDENTITY, INITIALISED, make_vault, reopen, url


def test_an_opened_vault_is_the_one_that_was_made(vault: SqlVault) -> None:
    assert vault.identity == IDENTITY


def test_a_new_vault_holds_nothing_but_its_first_event(vault: SqlVault) -> None:
    assert vault.counts() == Counts(
        in_stock=0,
        bound=0,
        suspended=0,
        quarantined=0,
        revoked=0,
        retired=0,
        users=0,
        batches=0,
        events=1,
    )
    assert [logged.event for logged in vault.events(EventFilter())] == [INITIALISED]


@only_sqlite
def test_only_its_owner_reads_the_file(vault: SqlVault, tmp_path: Path) -> None:
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@only_sqlite
def test_commits_are_on_the_disk_before_they_return(vault: SqlVault) -> None:
    driver = vault._database.driver
    assert driver.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert driver.execute("PRAGMA synchronous").fetchone() == (2,)
    assert driver.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert driver.execute("PRAGMA busy_timeout").fetchone() == (10_000,)


def test_a_second_vault_is_not_made_over_the_first(vault: SqlVault, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match=r"there is a (file|vault) already"):
        create_vault(url(tmp_path), VaultIdentity("vault-2", 0, NOON), FIRST_KEYS, INITIALISED)
    again = reopen(tmp_path)
    assert again.identity == IDENTITY
    again.close()


def test_a_creation_that_breaks_off_leaves_no_vault_and_can_be_repeated(
    database: str, tmp_path: Path
) -> None:
    before = list(tmp_path.iterdir())
    unspeakable = replace(INITIALISED, detail="\ud800")  # cannot be encoded: the chain refuses it
    with pytest.raises(UnicodeEncodeError):
        create_vault(url(tmp_path), IDENTITY, FIRST_KEYS, unspeakable)
    assert existing_vault(url(tmp_path)) is None
    assert list(tmp_path.iterdir()) == before
    make_vault(tmp_path).close()


def test_opening_a_missing_file_makes_none(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="seedvault init"):
        reopen(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_something_else_is_no_vault(database: str, tmp_path: Path) -> None:
    claim_vault(url(tmp_path))
    with pytest.raises(StorageUnavailable, match="there is no vault"):
        reopen(tmp_path)


def test_a_vault_without_its_identity_is_no_vault(vault: SqlVault, tamper: Tamper) -> None:
    tamper("DELETE FROM vault")
    with pytest.raises(StorageUnavailable, match="there is no vault"):
        identity_of(vault._database)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "vault.db").write_bytes(b"serial,seed\n" * 1_000)
    with pytest.raises(StorageUnavailable, match=r"vault\.db: this file is no database"):
        reopen(tmp_path)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=r"missing/vault\.db: the vault cannot be made"):
        make_vault(tmp_path / "missing")


@pytest.mark.parametrize("spelled", ["sqlite://", "sqlite:///:memory:", "postgresql://h/db", "x"])
def test_a_database_that_is_not_supported_is_refused(spelled: str) -> None:
    with pytest.raises(InvalidInput, match="sqlite:///FILE"):
        open_vault(spelled, lambda: NOON)


def test_a_path_may_hold_what_urls_escape(tmp_path: Path) -> None:
    folder = tmp_path / "100% #1 vault"
    folder.mkdir()
    make_vault(folder).close()
    assert [file.name for file in folder.iterdir()] == ["vault.db"]


def test_a_newer_schema_asks_for_a_newer_program(
    vault: SqlVault, tamper: Tamper, tmp_path: Path
) -> None:
    tamper("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageUnavailable, match="newer Seedvault"):
        reopen(tmp_path)
    with pytest.raises(StorageUnavailable, match="newer Seedvault"):
        upgrade_vault(url(tmp_path))


def test_an_older_schema_asks_for_an_upgrade(
    vault: SqlVault, tamper: Tamper, tmp_path: Path
) -> None:
    tamper("UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(StorageUnavailable, match="seedvault db upgrade"):
        reopen(tmp_path)


def test_upgrading_a_vault_that_is_current_changes_nothing(vault: SqlVault, tmp_path: Path) -> None:
    upgrade_vault(url(tmp_path))
    again = reopen(tmp_path)
    assert again.counts() == vault.counts()
    again.close()


def test_upgrading_does_not_make_a_vault(database: str, tmp_path: Path) -> None:
    claim_vault(url(tmp_path))
    with pytest.raises(StorageUnavailable, match="there is no vault"):
        upgrade_vault(url(tmp_path))


def test_opening_a_vault_imports_no_alembic() -> None:
    program = "import sys, seedvault.storage; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
