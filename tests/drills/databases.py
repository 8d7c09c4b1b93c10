"""Where a drill's vaults lie: which database, and how a new, empty one is got."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path


class Kind(Enum):
    """The databases that a vault can be in."""

    SQLITE = "sqlite"

    def __str__(self) -> str:
        return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[self.value]


@contextmanager
def new_database(kind: Kind, folder: Path) -> Iterator[str]:
    """The URL of an empty database, which lasts as long as the block; `folder` is its own."""
    yield f"sqlite:///{folder / 'vault.sqlite3'}"
