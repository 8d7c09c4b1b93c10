"""A list of assignments as CSV, and the report beside it of the lines that failed."""

import csv
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from seedvault.domain.errors import InvalidInput
from seedvault.service.bulk import Failed, Wanted

MAX_LINES = 100_000
MAX_OCTETS = 64 << 20
_REASON = "reason"
# A spreadsheet runs a cell that starts with one of these; after an apostrophe it is text.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class AssignmentList:
    """A whole list: its columns, what separates them, and its rows by line."""

    columns: list[str]
    delimiter: str
    rows: dict[int, list[str]]

    def wanted(self) -> list[Wanted]:
        """What each row asks for."""
        names = [name.strip().casefold() for name in self.columns]
        serial, user = names.index("serial"), names.index("user")
        code = names.index("code") if "code" in names else None
        return [
            Wanted(
                line,
                row[serial].strip(),
                row[user].strip(),
                (row[code].strip() or None) if code is not None else None,
            )
            for line, row in self.rows.items()
        ]

    def write_failed(self, report: TextIO, failed: Iterable[Failed]) -> None:
        """The rows that failed, ready to mend and run again: the same columns plus `reason`.

        Raises OSError where they cannot be written, to the last.
        """
        kept = [i for i, name in enumerate(self.columns) if name.strip().casefold() != _REASON]
        writer = csv.writer(report, delimiter=self.delimiter)
        writer.writerow([*(_inert(self.columns[i]) for i in kept), _REASON])
        for each in failed:
            row = self.rows[each.wanted.line]
            writer.writerow([_inert(cell) for cell in (*(row[i] for i in kept), each.reason)])
        report.flush()


def read_list(path: Path) -> AssignmentList:
    """The whole list, checked. Commas separate its cells, or semicolons where the header does.

    Raises InvalidInput, naming the line where there is one.
    """
    text = _text(path)
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns(path, next(reader, []))
        rows: dict[int, list[str]] = {}
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows[reader.line_num] = _row(path, reader.line_num, cells, len(columns))
            if len(rows) > MAX_LINES:
                raise InvalidInput(
                    f"{path} has more than {MAX_LINES} lines", remedy="Split it into several lists."
                )
    except csv.Error as error:
        raise InvalidInput(
            f"{path}, line {reader.line_num}: cannot be read as CSV: {error}"
        ) from error
    return AssignmentList(columns, delimiter, rows)


@contextmanager
def report_beside(path: Path, *, dry_run: bool) -> Iterator[TextIO]:
    """The list's FILE.failed.csv, open for writing before anything is done; removed if left empty.

    An older report is overwritten; by a dry run only where there is something to report.
    Raises InvalidInput where it cannot be opened.
    """
    place = path_of_report(path)
    written = place.with_name(f".{place.name}.{os.getpid()}") if dry_run else place
    try:
        report = written.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidInput(
            f"{place}, for the lines that fail, cannot be written: {error.strerror}",
            remedy="Move what is in its way, or put the list into a folder you can write to.",
        ) from error
    try:
        yield report
    finally:
        with suppress(OSError):  # of what was written, `write_failed` has told
            report.close()
        if written.stat().st_size == 0:
            written.unlink()
        elif dry_run:
            written.replace(place)


def path_of_report(path: Path) -> Path:
    """Where the lines of a list go that failed."""
    return path.with_suffix(".failed.csv")


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            octets = stream.read(MAX_OCTETS + 1)
        if len(octets) > MAX_OCTETS:
            raise InvalidInput(
                f"{path} is longer than {MAX_OCTETS} octets", remedy="Split it into several lists."
            )
        return octets.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{path} cannot be read as CSV: {error}", remedy="Save it as CSV in UTF-8."
        ) from error


def _delimiter(text: str) -> str:
    """A semicolon where only that stands in the header: what Excel writes in much of Europe."""
    header = next(iter(text.splitlines()), "")
    return ";" if ";" in header and "," not in header else ","


def _columns(path: Path, header: list[str]) -> list[str]:
    names = [name.strip().casefold() for name in header]
    once = all(names.count(name) == 1 for name in ("serial", "user"))
    if not once or names.count("code") > 1:
        raise InvalidInput(
            f"{path}: the first line must name the columns serial and user, each once",
            remedy="Optional: code. Separated by commas, or all by semicolons.",
        )
    return header


def _row(path: Path, line: int, cells: list[str], width: int) -> list[str]:
    """The cells, as many as there are columns, without the guard that a report gave them."""
    if any(cell.strip() for cell in cells[width:]):
        raise InvalidInput(
            f"{path}, line {line}: more cells than the first line names columns",
            remedy="Put a cell that contains the separator between quotation marks.",
        )
    padded = cells[:width] + [""] * (width - len(cells))
    return [cell[1:] if _is_guarded(cell) else cell for cell in padded]


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell


def _is_guarded(cell: str) -> bool:
    return cell.startswith("'") and cell[1:].startswith(_FORMULA_STARTS)
