"""A vault in use, in either database, and places to restore it to."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.support.databases import POSTGRESQL, SQLITE
from tests.support.postgresql import Server
from tests.support.restorable import InUse, NewPlace, in_use


@pytest.fixture
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewPlace]:
    numbers = count(1)
    with ExitStack() as held:

        def make(kind: str) -> str:
            if kind == SQLITE:
                return f"sqlite:///{tmp_path / f'vault-{next(numbers)}.db'}"
            server: Server = request.getfixturevalue("postgresql")
            return held.enter_context(server.database())

        yield make


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def kind(request: pytest.FixtureRequest) -> str:
    """Which database."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def world(tmp_path: Path, new_place: NewPlace, kind: str) -> Iterator[InUse]:
    with in_use(tmp_path, new_place(kind)) as made:
        yield made
