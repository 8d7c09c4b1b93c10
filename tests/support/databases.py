"""The databases that tests run on: an SQLite file beside the test, and a PostgreSQL of our own."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from seedvault.storage import SqlVault, create_vault
from tests.support.postgresql import Server, running
from tests.support.vaults import FIRST_KEYS, IDENTITY, INITIALISED, place_elsewhere, reopen

SQLITE, POSTGRESQL, SERIALIZABLE = "sqlite", "postgresql", "postgresql-serializable"
_TEMPLATE = "with_vault"

only_sqlite = pytest.mark.parametrize("database", [SQLITE], indirect=True)
"""For what only SQLite has: files beside it, its pragmas, values of any type in any column."""

only_postgresql = pytest.mark.parametrize("database", [POSTGRESQL], indirect=True)

every_isolation = pytest.mark.parametrize(
    "database", [SQLITE, POSTGRESQL, SERIALIZABLE], indirect=True
)
"""For what several do at once. Serializable: the database asks for transactions to be repeated."""


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A server for all tests of this process."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def template(postgresql: Server) -> str:
    """A database with a new vault, to be copied: a tenth of the time that making one takes."""
    postgresql.execute(f"CREATE DATABASE {_TEMPLATE}")
    create_vault(postgresql.url(_TEMPLATE), IDENTITY, FIRST_KEYS, INITIALISED)
    return _TEMPLATE


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Which database the vault of `tmp_path` is in; an empty one, made for this test."""
    kind: str = request.param
    if kind == SQLITE:
        yield kind
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database() as made:
        isolate(server, made, kind)
        place_elsewhere(tmp_path, made)
        yield kind


def isolate(server: Server, made: str, kind: str) -> None:
    """Give a database the isolation level of its kind."""
    if kind == SERIALIZABLE:
        name = made.split("@/")[1].split("?", maxsplit=1)[0]
        server.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = serializable")


@pytest.fixture
def vault(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlVault]:
    """A new vault in a database of its own."""
    if database == SQLITE:
        create_vault(f"sqlite:///{tmp_path / 'vault.db'}", IDENTITY, FIRST_KEYS, INITIALISED)
        with closing(reopen(tmp_path)) as opened:
            yield opened
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database(request.getfixturevalue("template")) as made:
        isolate(server, made, database)
        place_elsewhere(tmp_path, made)
        with closing(reopen(tmp_path)) as opened:
            yield opened
