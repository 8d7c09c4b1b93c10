"""SoftHSM, and both databases, for the drills' short forms."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.drills.databases import Databases, Kind, PostgresqlDatabases, SqliteDatabases
from tests.support.databases import postgresql
from tests.support.softhsm import keystore, location

__all__ = ["keystore", "location", "postgresql"]


@pytest.fixture(params=[Kind.SQLITE, Kind.POSTGRESQL], ids=str)
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Databases of the test's own, of either kind."""
    kind: Kind = request.param
    if kind is Kind.SQLITE:
        yield SqliteDatabases(tmp_path)
        return
    server = request.getfixturevalue("postgresql")
    with closing(PostgresqlDatabases(kind, tmp_path, server)) as made:
        yield made
