"""What storage needs of a database, whichever it is."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Table

from seedvault.domain.errors import StorageUnavailable
from seedvault.storage.failures import Contended

ATTEMPTS = 200
"""How often a transaction is begun anew: each lost attempt means that another one was committed."""

T = TypeVar("T")


class Held(ABC):
    """Keeps a claim or a ceremony alive until `release`, or until its process is gone."""

    @abstractmethod
    def release(self) -> None:
        """Harmless when repeated."""


class Database(ABC):
    """Reads see what is committed; writes stand between `begin` and `commit`.

    Any thread may use it, and has a connection of its own while it does. What stands in an
    `explained` block leaves it as StorageUnavailable, Clash, StillNeeded or Contended.
    """

    place: str
    """Where it is, in words; never a password."""

    commits = 0
    """How many events this process has committed."""

    dialect: Dialect
    explained: AbstractContextManager[None]

    @property
    @abstractmethod
    def sql(self) -> Connection:
        """This thread's connection, for SQLAlchemy."""

    @property
    @abstractmethod
    def driver(self) -> Any:
        """This thread's connection, as the driver's own: for statements that are compiled once."""

    @abstractmethod
    def own_clock(self) -> datetime | None:
        """The time by a clock that is not this node's; None where there is no other."""

    @abstractmethod
    def begin(self) -> None:
        """Begin to write; ends with `commit` or `rollback`."""

    @abstractmethod
    def commit(self) -> None:
        """Everything since `begin` is durable when this returns.

        Raises StorageUnavailable where nobody can tell whether it is.
        """

    @abstractmethod
    def rollback(self) -> None:
        """Undo what was not committed, if there is anything."""

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[None]:
        """A block in which every read of this thread sees the same moment."""

    @abstractmethod
    def exclude(self) -> None:
        """From here to its end, this transaction is the only one that has called this.

        For decisions about the vault as a whole: which imports are under way, which keys it works
        with. It comes before the rows that are then looked at.
        """

    @abstractmethod
    def hold_import(self, number: int) -> Held | None:
        """Show that the import with this claim is alive; None where the claim is gone."""

    @abstractmethod
    def is_alive(self, number: int) -> bool:
        """Whether an import holds this claim. What is left of a dead one is taken away."""

    @abstractmethod
    def ceremony(self, patience_s: float) -> AbstractContextManager[None]:
        """A block that no other node holds a ceremony in. Raises Conflict after `patience_s`."""

    @abstractmethod
    def claim(self) -> None:
        """Make the place of a vault: of several who want to make one there, one succeeds.

        Raises Conflict where there is one already, StorageUnavailable where none can be made.
        """

    @abstractmethod
    def remove(self) -> None:
        """Take away a vault that was made a moment ago and never came into use."""

    @abstractmethod
    def unborn(self) -> AbstractContextManager["Database"]:
        """A block over a database with nothing in it, which nobody sees before it has committed.

        It is in this place at the end of the block; where that raises, nothing of it is. Raises
        Conflict where a vault is there already.
        """

    @abstractmethod
    def count_on(self, tables: Iterable[Table]) -> None:
        """After rows were written with their numbers: the next are numbered beyond them."""

    @abstractmethod
    def existing(self, home: Path | None) -> str | None:
        """What stands where a vault would be made, in words; None where nothing does.

        Raises StorageUnavailable where none can be made. A directory `home` will be made.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connections of all threads."""

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A block that becomes durable at its end, or not at all if it raises."""
        with self.explained:
            self.begin()
            try:
                yield self.sql
                self.commit()
            finally:
                self.rollback()

    def settle(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, committed; done anew where the database asks for that."""
        for _ in range(ATTEMPTS):
            try:
                with self.writing() as connection:
                    return work(connection)
            except Contended:
                continue
        raise hammered(self.place)


def hammered(place: str) -> StorageUnavailable:
    """The error for a transaction that never came through."""
    return StorageUnavailable(
        f"{place}: {ATTEMPTS} times, another transaction changed what this one had read",
        remedy="Try again when fewer are at work.",
    )
