"""Where a drill's vaults lie: which database, and how new and copied ones are got."""

import argparse
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import count
from pathlib import Path

from tests.support.databases import POSTGRESQL, SERIALIZABLE, SQLITE, isolate
from tests.support.postgresql import Server, running

_numbers = count(1)


class Kind(Enum):
    """The databases that a vault can be in; the value is what stands on the command line."""

    SQLITE = SQLITE
    POSTGRESQL = POSTGRESQL
    SERIALIZABLE = SERIALIZABLE
    """PostgreSQL that asks for transactions to be begun anew."""

    def __str__(self) -> str:
        return self.value

    @property
    def title(self) -> str:
        return _TITLES[self]


_TITLES = {
    Kind.SQLITE: "SQLite",
    Kind.POSTGRESQL: "PostgreSQL",
    Kind.SERIALIZABLE: "PostgreSQL, serializable",
}


class Databases(ABC):
    """Makes databases of one kind, as URLs; `folder` is for whatever goes with them."""

    def __init__(self, kind: Kind, folder: Path) -> None:
        self.kind = kind
        self.folder = folder

    @abstractmethod
    def new(self) -> str:
        """An empty one."""

    @abstractmethod
    def copy(self, url: str) -> str:
        """The same again, of one that nobody uses at the moment."""

    @abstractmethod
    def drop(self, url: str) -> None:
        """Take one away before the end."""


class SqliteDatabases(Databases):
    """Files in the folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Kind.SQLITE, folder)

    def new(self) -> str:
        return f"sqlite:///{self.folder / f'vault-{next(_numbers)}.sqlite3'}"

    def copy(self, url: str) -> str:
        made = self.new()
        shutil.copy(_path(url), _path(made))
        return made

    def drop(self, url: str) -> None:
        _path(url).unlink()


class PostgresqlDatabases(Databases):
    """Databases of a server of our own."""

    def __init__(self, kind: Kind, folder: Path, server: Server) -> None:
        super().__init__(kind, folder)
        self._server = server
        self._made: dict[str, str] = {}

    def new(self) -> str:
        return self._made_from("template1")

    def copy(self, url: str) -> str:
        return self._made_from(self._made[url])

    def drop(self, url: str) -> None:
        self._server.execute(f"DROP DATABASE {self._made.pop(url)} WITH (FORCE)")

    def close(self) -> None:
        """Take away all that were made."""
        for url in list(self._made):
            self.drop(url)

    def _made_from(self, template: str) -> str:
        name = f"drill_{next(_numbers)}"
        self._server.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        url = self._server.url(name)
        self._made[url] = name
        isolate(self._server, url, self.kind.value)
        return url


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@contextmanager
def databases(kind: Kind) -> Iterator[Databases]:
    """Of this kind, with a server of their own where they need one; all gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="seedvault-drill-") as folder:
        if kind is Kind.SQLITE:
            yield SqliteDatabases(Path(folder))
            return
        with running() as server:
            yield PostgresqlDatabases(kind, Path(folder), server)


def add_option(parser: argparse.ArgumentParser, usual: Sequence[Kind]) -> None:
    """`--database`, whose value is always a list."""
    parser.add_argument(
        "--database",
        type=lambda value: [Kind(value)],
        default=list(usual),
        metavar="|".join(map(str, usual)),
        help="all of them, one after the other, if none is named",
    )
