"""When SQLite cannot: nothing is accepted, nothing half-done, and the remedy is named."""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from seedvault.domain.batch import Tier
from seedvault.domain.errors import StorageUnavailable
from seedvault.domain.token import Progress
from seedvault.service.ports import Arrival, Counts, StoredToken
from seedvault.storage import SqlVault, upgrade_vault
from seedvault.storage.sqlite import database as sqlite_database
from tests.support import tmpfs
from tests.support.tokens import NOON, new_token, serial
from tests.support.vaults import (
    SOURCE,
    add_user,
    bind,
    event,
    held_token,
    import_tokens,
    make_vault,
    reopen,
    url,
)

_NOBODY = 65_534


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[SqlVault]:
    """What fails here is a file."""
    with contextlib.closing(make_vault(tmp_path)) as made:
        yield made


def spend(vault: SqlVault) -> None:
    seen = held_token(vault, serial(1))
    factor = seen.token.progress.next_factor
    with vault.transaction() as transaction:
        transaction.advance(seen, Progress(factor + 1, NOON), factor)
        transaction.commit(event(serial(1)))


def stock(vault: SqlVault) -> SqlVault:
    """The vault, with token 1 bound to alice."""
    import_tokens(vault, [new_token(1)])
    add_user(vault)
    bind(vault, serial(1))
    return vault


def spend_until_it_fails(vault: SqlVault) -> tuple[tuple[StoredToken, Counts], Exception]:
    """What the vault held before the factor that could not be spent, and why it could not."""
    for _ in range(500):
        before = held_token(vault, serial(1)), vault.counts()
        try:
            spend(vault)
        except StorageUnavailable as failure:
            return before, failure
    pytest.fail("there was room for everything")


def fill_up(filler: Path) -> None:
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@contextlib.contextmanager
def as_an_ordinary_user() -> Iterator[None]:
    """Root may write anything: where tests run as root, be nobody for a moment."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may enter; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        made.chmod(0o755)
        yield made
        made.chmod(0o755)


def test_a_read_only_file_is_named_with_its_remedy(folder: Path) -> None:
    stock(make_vault(folder)).close()
    (folder / "vault.db").chmod(0o444)
    folder.chmod(0o777)
    with as_an_ordinary_user():
        vault = reopen(folder)
        with pytest.raises(StorageUnavailable, match=r"vault\.db: the database cannot be written"):
            spend(vault)
        vault.close()


def test_a_read_only_folder_is_named_with_its_remedy(folder: Path) -> None:
    stock(make_vault(folder)).close()
    (folder / "vault.db").chmod(0o444)
    folder.chmod(0o555)
    with (
        as_an_ordinary_user(),
        pytest.raises(StorageUnavailable, match=r"vault\.db: the database cannot be"),
    ):
        spend(reopen(folder))


def test_a_vault_that_may_not_be_made_says_why(folder: Path) -> None:
    folder.chmod(0o555)
    with as_an_ordinary_user(), pytest.raises(StorageUnavailable, match="Permission denied"):
        make_vault(folder)


@pytest.fixture
def full(vault: SqlVault) -> SqlVault:
    """A vault whose database may not grow by a page, as on a full disk."""
    stock(vault)
    driver = vault._database.driver
    (pages,) = driver.execute("PRAGMA page_count").fetchone()
    driver.execute(f"PRAGMA max_page_count = {pages}")
    return vault


def test_a_chunk_that_does_not_fit_leaves_nothing_visible(full: SqlVault) -> None:
    before = full.counts()
    tokens = [Arrival(new_token(number), number) for number in range(100, 600)]
    with full.stage(SOURCE, Tier.NARROW, "ingrid", NOON) as staging:
        with pytest.raises(StorageUnavailable, match="the disk is full"):
            staging.add(tokens)
        assert full.counts() == before
        full._database.driver.execute("PRAGMA max_page_count = 1000000")
        staging.add(tokens)


def test_a_commit_that_does_not_fit_accepts_nothing(full: SqlVault) -> None:
    before, failure = spend_until_it_fails(full)
    assert "Free some space" in str(failure)
    assert (held_token(full, serial(1)), full.counts()) == before


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a megabyte."""
    with tmpfs.small_disk(tmp_path / "disk", "512k") as disk:
        yield disk.path


def test_a_disk_that_is_really_full_accepts_nothing_and_recovers(small_disk: Path) -> None:
    vault = stock(make_vault(small_disk))
    filler = small_disk / "filler"
    fill_up(filler)
    before, failure = spend_until_it_fails(vault)
    assert "full" in str(failure)
    assert (held_token(vault, serial(1)), vault.counts()) == before
    filler.unlink()
    spend(vault)
    vault.close()


def test_a_lock_that_is_not_given_back_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_database, "BUSY_TIMEOUT_S", 0.05)
    vault = make_vault(tmp_path)
    hog = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    hog.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="held the database's write lock"):
        add_user(vault)
    hog.close()
    add_user(vault)
    vault.close()


def test_reads_do_not_wait_for_a_writer(vault: SqlVault, tmp_path: Path) -> None:
    hog = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
    hog.execute("BEGIN IMMEDIATE")
    assert vault.counts().events == 1
    hog.close()


def test_a_damaged_file_is_named(vault: SqlVault, tmp_path: Path) -> None:
    import_tokens(vault, [new_token(number) for number in range(500)])
    vault.close()
    file = tmp_path / "vault.db"
    octets = bytearray(file.read_bytes())
    octets[4096 * 4 :] = b"\xa5" * (len(octets) - 4096 * 4)
    file.write_bytes(octets)
    with pytest.raises(StorageUnavailable, match=r"vault\.db: the database is damaged"):
        reopen(tmp_path)


def test_a_table_that_is_gone_is_named(vault: SqlVault, tmp_path: Path) -> None:
    outside = sqlite3.connect(tmp_path / "vault.db")
    outside.execute("DROP TABLE audit_event")
    outside.close()
    with pytest.raises(StorageUnavailable, match="no such table: audit_event"):
        list(vault.chain(0))


def test_a_database_that_cannot_promise_durable_commits_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_vault(tmp_path).close()
    monkeypatch.setattr(sqlite_database, "_FULL", 3)
    with pytest.raises(StorageUnavailable, match="cannot promise durable commits"):
        reopen(tmp_path)


def test_no_message_shows_what_was_to_be_written(vault: SqlVault) -> None:
    broken = "INSERT INTO user (name, added_ms) VALUES ('canary', 0)"
    with (
        pytest.raises(StorageUnavailable, match="NOT NULL constraint failed") as failed,
        vault._database.explained,
    ):
        vault._database.sql.exec_driver_sql(broken)
    assert "canary" not in str(failed.value)


def test_a_missing_vault_is_not_upgraded_into_being(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="cannot be opened"):
        upgrade_vault(url(tmp_path))


@pytest.mark.parametrize("used_before", [True, False])
def test_a_vault_is_not_carried_over_a_fork(vault: SqlVault, *, used_before: bool) -> None:
    if not used_before:
        vault.close()
    child = os.fork()
    if child == 0:
        try:
            vault.counts()
        except AssertionError:
            os._exit(17)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 17
