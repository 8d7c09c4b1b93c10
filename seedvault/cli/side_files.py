"""Lists that a command leaves beside the file it was given, such as FILE.refused.csv."""

import csv
import os
from itertools import count
from pathlib import Path
from typing import IO, Any

from seedvault.domain.errors import StorageUnavailable


class SideFile:
    """A CSV list, written as it grows and visible only once it is whole. It never holds a seed."""

    def __init__(
        self,
        beside: Path,
        what: str,
        columns: tuple[str, ...],
        unchanged: str = "Nothing was imported.",
    ) -> None:
        self.path = beside.with_suffix(f".{what}.csv")
        self._fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        self._columns = columns
        self._unchanged = unchanged
        self._stream: IO[str] | None = None
        self._writer: Any = None
        self.kept: str | None = None

    @property
    def told(self) -> str:
        """Where the list is, as the end of a sentence; empty where it was not kept."""
        return f": see {self.kept}" if self.kept else ""

    def add(self, *values: object) -> None:
        """Write one row; a value that a spreadsheet would execute is marked as text."""
        if self._stream is None:
            try:
                self._stream = self._fresh.open("w", encoding="utf-8", newline="")
            except OSError as error:
                raise StorageUnavailable(
                    f"{self.path} cannot be written: {error.strerror}",
                    unchanged=self._unchanged,
                    remedy="Put the file where its list may stand beside it.",
                ) from error
            self._writer = csv.writer(self._stream)
            self._writer.writerow(self._columns)
        self._writer.writerow(map(_shown, values))

    def keep(self) -> None:
        """Put the list in a place where none is yet, if there is anything in it."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
            place = self._free_place()
            self._fresh.rename(place)
            self.kept = str(place)

    def _free_place(self) -> Path:
        """An older list may have been edited: the next is X.2.csv, then X.3.csv."""
        numbers = count(2)
        place = self.path
        while place.exists():
            place = self.path.with_suffix(f".{next(numbers)}.csv")
        return place

    def discard(self) -> None:
        """Leave nothing behind of a list that was not kept."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
            self._fresh.unlink(missing_ok=True)


FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def inert(cell: str) -> str:
    """The cell, marked as text where a spreadsheet would execute it."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell


def _shown(value: object) -> str:
    return "" if value is None else inert(str(value))
