"""An exported log read line by line, however large it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from seedvault.domain.audit import LoggedEvent
from seedvault.domain.checkpoint import SignedCheckpoint
from seedvault.domain.errors import InvalidInput
from seedvault.witness.lines import read_line

LONGEST_LINE = 1 << 20
"""Octets; the longest that is written has some thousands."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line by its number, and what stands on it; text says why it is none of ours."""

    number: int
    content: LoggedEvent | SignedCheckpoint | str


class ExportReader:
    """The lines of a file, read once. `unfinished`: its last one has no end, and was left out."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidInput where it cannot be read."""
        self._path = path
        self.unfinished = False
        with self._explained(), path.open("rb"):
            pass

    def __iter__(self) -> Iterator[Line]:
        number = 0
        with self._explained(), self._path.open("rb") as file:
            while octets := file.readline(LONGEST_LINE):
                number += 1
                if not octets.endswith(b"\n") and len(octets) < LONGEST_LINE:
                    self.unfinished = True
                    return
                yield Line(number, _content(octets))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InvalidInput(f"{self._path} cannot be read: {error.strerror}") from error


def _content(octets: bytes) -> LoggedEvent | SignedCheckpoint | str:
    try:
        return read_line(octets)
    except ValueError as error:
        return str(error)
