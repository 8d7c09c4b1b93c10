"""Where a drill's vaults lie: which database, and how new and copied ones are got."""

import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from itertools import count
from pathlib import Path


class Kind(Enum):
    """The databases that a vault can be in; the value is what stands on the command line."""

    SQLITE = "sqlite"

    def __str__(self) -> str:
        return self.value

    @property
    def title(self) -> str:
        return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[self.value]


class Databases(ABC):
    """Makes databases, as URLs, that last as long as the block of `databases`."""

    @abstractmethod
    def new(self) -> str:
        """An empty one."""

    @abstractmethod
    def copy(self, url: str) -> str:
        """The same again, of one that nobody uses at the moment."""


class SqliteDatabases(Databases):
    """Files in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)

    def new(self) -> str:
        return f"sqlite:///{self._folder / f'vault-{next(self._numbers)}.sqlite3'}"

    def copy(self, url: str) -> str:
        made = self.new()
        shutil.copy(url.removeprefix("sqlite:///"), made.removeprefix("sqlite:///"))
        return made


@contextmanager
def databases(kind: Kind, folder: Path) -> Iterator[Databases]:
    """Of this kind; files lie in `folder`."""
    assert kind is Kind.SQLITE
    yield SqliteDatabases(folder)
