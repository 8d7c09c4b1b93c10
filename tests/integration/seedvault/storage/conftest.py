"""A second way into the database of a test's vault."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from seedvault.storage import SqlVault
from tests.support.databases import SQLITE
from tests.support.vaults import url

Tamper = Callable[..., None]


@pytest.fixture
def tamper(database: str, tmp_path: Path) -> Tamper:
    """Changes the database from outside, as someone who may write to it could."""
    return _sqlite(tmp_path / "vault.db") if database == SQLITE else _postgresql(tmp_path)


def _sqlite(file: Path) -> Tamper:
    def run(sql: str, *values: object) -> None:
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("PRAGMA ignore_check_constraints=ON")
            assert connection.execute(sql, values).rowcount > 0

    return run


def _postgresql(folder: Path) -> Tamper:
    def run(sql: str, *values: object) -> None:
        conninfo = url(folder).replace("+psycopg", "", 1)
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            for check in ("token_state", "token_kind"):
                connection.execute(f"ALTER TABLE token DROP CONSTRAINT IF EXISTS {check}".encode())
            changed = connection.execute(sql.replace("?", "%s").encode(), values)
            assert changed.rowcount > 0

    return run


_SMALL = ("seqscan", "hashjoin", "mergejoin", "bitmapscan")  # how a small table is read


def plan(vault: SqlVault, statement: Any, never: Sequence[str] = _SMALL) -> list[str]:
    """The steps by which the database would run this, were its tables large."""
    database = vault._database
    sql = statement.compile(dialect=database.dialect, compile_kwargs={"literal_binds": True})
    if database.dialect.name == SQLITE:
        return [step[-1] for step in database.driver.execute(f"EXPLAIN QUERY PLAN {sql}")]
    with database.explained:
        for way in never:
            database.driver.execute(f"SET enable_{way} = off")
        return [str(step) for (step,) in database.driver.execute(f"EXPLAIN {sql}")]
