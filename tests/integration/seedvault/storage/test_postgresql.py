"""A server that does not keep what it commits is refused; what is lost is told as lost."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict, InvalidInput, StorageUnavailable
from seedvault.domain.names import UserName
from seedvault.domain.token import Progress
from seedvault.storage import SqlVault, claim_vault, existing_vault, open_vault
from seedvault.storage.address import database_at
from seedvault.storage.postgresql import pool
from seedvault.storage.postgresql.database import PostgresqlDatabase
from tests.support.databases import only_postgresql
from tests.support.postgresql import Server, running
from tests.support.tokens import HOTP, NOON, new_token, serial
from tests.support.vaults import (
    add_user,
    bind,
    event,
    held_token,
    import_tokens,
    make_vault,
    place_elsewhere,
    reopen,
    url,
)

CARD = serial(1)
USER_ADDED = AuditEvent(EventKind.USER_ADDED, NOON, "root", user="carol")
CAROL = UserName("carol")


@pytest.fixture(scope="module")
def own() -> Iterator[Server]:
    """A server whose settings a test may change."""
    with running() as server:
        yield server


@pytest.fixture
def place(own: Server) -> Iterator[str]:
    """An empty database there."""
    with own.database() as made:
        yield made
        own.execute("ALTER SYSTEM RESET ALL")
        own.execute("SELECT pg_reload_conf()")


@pytest.fixture
def there(place: str, tmp_path: Path) -> Iterator[SqlVault]:
    """A vault there, with token 1 bound to alice."""
    place_elsewhere(tmp_path, place)
    with closing(make_vault(tmp_path)) as made:
        import_tokens(made, [new_token(1, HOTP)])
        add_user(made)
        bind(made, CARD)
        yield made


def spend(vault: SqlVault, factor: int) -> None:
    seen = held_token(vault, CARD)
    with vault.transaction() as transaction:
        transaction.advance(seen, Progress(factor + 1, NOON), factor)
        transaction.commit(event(CARD))


def configure(server: Server, name: str, value: str) -> None:
    server.execute(f"ALTER SYSTEM SET {name} = {value}")
    server.execute("SELECT pg_reload_conf()")
    server.until(f"SELECT current_setting('{name}') = '{value.strip(chr(39))}'")


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_may_lose_what_it_committed_is_refused(
    own: Server, there: SqlVault, tmp_path: Path, setting: str
) -> None:
    configure(own, setting, "off")
    with pytest.raises(
        StorageUnavailable, match=rf"not promise durable .*{setting} off"
    ) as refused:
        reopen(tmp_path)
    assert "postgresql.conf" in refused.value.remedy


@pytest.mark.parametrize(
    ("given", "used"), [("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")]
)
def test_a_commit_is_durable_whatever_the_user_s_default_is(
    own: Server, there: SqlVault, tmp_path: Path, given: str, used: str
) -> None:
    configure(own, "synchronous_commit", f"'{given}'")
    with closing(reopen(tmp_path)) as vault, vault._database.explained:
        assert vault._database.driver.execute("SHOW synchronous_commit").fetchone() == (used,)


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ("ENCODING 'SQL_ASCII' LOCALE 'C'", "encoding is SQL_ASCII"),
        ("ENCODING 'UTF8' ICU_LOCALE 'en' LOCALE_PROVIDER icu LOCALE 'C'", "sorts text by ICU"),
    ],
)
def test_a_database_whose_text_would_be_in_doubt_is_refused(
    own: Server, made: str, why: str
) -> None:
    own.execute(f"CREATE DATABASE doubtful TEMPLATE template0 {made}")
    try:
        for errand in (existing_vault, claim_vault):
            with pytest.raises(StorageUnavailable, match=why):
                errand(own.url("doubtful"))
    finally:
        own.execute("DROP DATABASE doubtful")


def test_a_database_that_is_not_there_is_named(own: Server) -> None:
    with pytest.raises(StorageUnavailable, match=r'database "nowhere" does not exist'):
        existing_vault(own.url("nowhere"))


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="cannot be reached"):
        open_vault(f"postgresql+psycopg://u@/db?host={tmp_path}", lambda: NOON)


@pytest.mark.parametrize(
    "spelled", ["u:hunter2@h/db", "u@h/db?password=hunter2", "u@h/db?sslpassword=hunter2"]
)
def test_a_password_in_a_url_is_refused_and_not_repeated(spelled: str) -> None:
    with pytest.raises(InvalidInput, match="a password stands in") as refused:
        database_at(f"postgresql+psycopg://{spelled}")
    assert "hunter2" not in str(refused.value)
    assert "PGPASSFILE" in refused.value.remedy


def test_a_url_that_cannot_be_read_is_not_repeated() -> None:
    with pytest.raises(InvalidInput, match="no PostgreSQL URL") as refused:
        database_at("postgresql+psycopg://u:hunter2@h/db?nonsense=1")
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_vault_is_made_once(place: str) -> None:
    claim_vault(place)
    with pytest.raises(Conflict, match="there is a vault already"):
        claim_vault(place)


# --- what is lost ----------------------------------------------------------------------------


def leave(server: Server) -> None:
    """End every session of the vault, as a restart of the server would."""
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'seedvault' AND pid <> pg_backend_pid()"
    )
    server.until("SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'seedvault'")


def test_a_connection_that_was_ended_between_two_uses_is_replaced(
    own: Server, there: SqlVault
) -> None:
    leave(own)
    spend(there, 7)
    leave(own)
    assert held_token(there, CARD).token.progress.next_factor == 8


def test_a_connection_that_is_lost_in_a_transaction_changes_nothing(
    own: Server, there: SqlVault
) -> None:
    before = there.counts()
    with there.transaction() as transaction:
        transaction.add_user(CAROL, NOON)
        leave(own)
        with pytest.raises(StorageUnavailable, match="stopping, starting or gone"):
            transaction.commit(USER_ADDED)
    assert there.counts() == before
    spend(there, 7)


def test_a_read_that_breaks_off_gives_its_connection_back(there: SqlVault) -> None:
    with pytest.raises(StorageUnavailable), there._database.explained:
        there._database.sql.exec_driver_sql("SELECT nonsense")
    assert pool_of(there)._own.sql is None
    assert there.counts().users == 1


@pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
def test_a_commit_that_no_standby_confirmed_is_told_to_nobody(
    own: Server, there: SqlVault, how: str
) -> None:
    """It stands on this server, and is lost with it: a code in it might be accepted again."""
    configure(own, "synchronous_standby_names", "'nobody'")
    breaking = Thread(target=lambda: break_off_commit(own, how))
    breaking.start()
    with pytest.raises(StorageUnavailable, match="while a change was being committed") as lost:
        spend(there, 7)
    breaking.join()
    assert "not known which" in lost.value.unchanged
    configure(own, "synchronous_standby_names", "''")
    assert held_token(there, CARD).token.progress.next_factor == 8
    spend(there, 8)


def break_off_commit(server: Server, how: str) -> None:
    """End the wait for a standby, as statement_timeout or an administrator would."""
    waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
    server.until(f"SELECT count(*) > 0 {waiting}")
    server.execute(f"SELECT {how}(pid) {waiting}")


def test_a_lock_that_is_not_given_back_is_reported(there: SqlVault) -> None:
    with psycopg.connect(url_of(there)) as hog:
        hog.execute("SELECT * FROM audit_head WHERE chain = 0 FOR UPDATE")
        with there.transaction() as transaction:
            transaction.add_user(CAROL, NOON)
            there._database.driver.execute("SET LOCAL lock_timeout = '50ms'")
            with pytest.raises(StorageUnavailable, match="another transaction held a lock"):
                transaction.commit(USER_ADDED)


def test_when_all_connections_are_in_use_the_next_waits_and_is_told(
    there: SqlVault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "CONNECTIONS", 1)
    monkeypatch.setattr(pool, "LOCK_TIMEOUT_S", 0.05)
    raised: list[StorageUnavailable] = []

    def count() -> None:
        try:
            vault.counts()
        except StorageUnavailable as error:
            raised.append(error)

    with closing(reopen(tmp_path)) as vault, vault.snapshot():
        other = Thread(target=count)
        other.start()
        other.join()
    assert "all 1 connections of this process are in use" in raised[0].what


def test_threads_that_come_and_go_use_the_same_connections(there: SqlVault) -> None:
    for _ in range(5):
        thread = Thread(target=there.counts)
        thread.start()
        thread.join()
    assert pool_of(there)._engine.pool.checkedin() == 1  # type: ignore[attr-defined]


def pool_of(vault: SqlVault) -> pool.Pool:
    database = vault._database
    assert isinstance(database, PostgresqlDatabase)
    return database._pool


def url_of(vault: SqlVault) -> str:
    database = vault._database
    assert isinstance(database, PostgresqlDatabase)
    return " ".join(
        f"{name}={value}"
        for name, value in database._given.items()
        if name in {"user", "host", "dbname"}
    )


@only_postgresql
def test_a_transaction_inside_another_is_a_bug(vault: SqlVault) -> None:
    with vault.snapshot(), pytest.raises(AssertionError, match="inside another"):
        add_user(vault)


@only_postgresql
def test_what_a_vault_was_made_of_is_gone_when_it_is_removed(
    vault: SqlVault, tmp_path: Path
) -> None:
    vault._database.remove()
    assert existing_vault(url(tmp_path)) is None
    make_vault(tmp_path).close()
