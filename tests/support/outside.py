"""A second way into a test's database: what somebody does who may write to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg

from tests.support.vaults import url

_SQLITE = "sqlite:///"


def tamper(folder: Path, sql: str) -> None:
    """Run a statement that changes something, past the constraints and past Seedvault."""
    place = url(folder)
    if place.startswith(_SQLITE):
        file = place.removeprefix(_SQLITE)
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("PRAGMA ignore_check_constraints=ON")
            assert connection.execute(sql).rowcount > 0
        return
    with psycopg.connect(place.replace("+psycopg", "", 1), autocommit=True) as server:
        server.execute("SET session_replication_role = replica")
        assert server.execute(sql.encode()).rowcount > 0
