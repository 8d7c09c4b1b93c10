"""A vault in a real SQLite file for each test, and a second way into the same file."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seedvault.storage import SqlVault
from tests.support.vaults import make_vault

Tamper = Callable[..., None]


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[SqlVault]:
    made = make_vault(tmp_path)
    yield made
    made.close()


@pytest.fixture
def tamper(tmp_path: Path) -> Tamper:
    """Changes the database from outside, as someone with its file could."""

    def run(sql: str, *values: object) -> None:
        connection = sqlite3.connect(tmp_path / "vault.db", isolation_level=None)
        try:
            connection.execute("PRAGMA ignore_check_constraints=ON")
            assert connection.execute(sql, values).rowcount > 0
        finally:
            connection.close()

    return run
