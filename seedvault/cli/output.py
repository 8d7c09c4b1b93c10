"""What a command says: tables for people, documents for programs, notes on standard error."""

import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import click

_NARROWEST = 20  # characters in which a sentence can still be read
_BELOW = 4


def document(schema: str, fields: Mapping[str, object]) -> None:
    """One JSON document on standard output, its `schema` with a version."""
    click.echo(json.dumps({"schema": f"seedvault.{schema}/1", **fields}, indent=2))


def lines(schema: str, rows: Iterable[Mapping[str, object]]) -> None:
    """A JSON document a line (JSONL) on standard output."""
    for row in rows:
        click.echo(json.dumps({"schema": f"seedvault.{schema}/1", **row}))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; on a terminal, the last is wrapped to its width."""
    if not rows:
        note("nothing to list")
        return
    widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings) - 1)]
    for row in [headings, *rows]:
        cells = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)]
        click.echo(_wrapped("".join(f"{cell}  " for cell in cells), row[-1]))


def _wrapped(begun: str, last: str) -> str:
    """A row whose last cell has as many lines as it needs, below where its column is narrow.

    One line where a program or a file takes it.
    """
    whole = (begun + last).rstrip()
    width = shutil.get_terminal_size().columns
    if len(whole) <= width or not sys.stdout.isatty():
        return whole
    fits_beside = width - len(begun) >= _NARROWEST
    indent = len(begun) if fits_beside else _BELOW
    lines = textwrap.wrap(last, max(width - indent, _NARROWEST), break_on_hyphens=False)
    first = begun + lines.pop(0) if fits_beside else begun.rstrip()
    return f"\n{' ' * indent}".join([first, *lines])


def fields(pairs: Iterable[tuple[str, str]]) -> None:
    """A name and a value a line, aligned."""
    shown = list(pairs)
    width = max(len(name) for name, _ in shown)
    for name, value in shown:
        click.echo(f"{name.ljust(width)}  {value}")


def note(text: str) -> None:
    """A line for whoever watches, on standard error."""
    click.echo(text, err=True)


def instant(moment: datetime | None) -> str | None:
    """A moment as RFC 3339 in UTC, for documents."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")


def local(moment: datetime | None) -> str:
    """A moment as people here read it, for tables."""
    return "-" if moment is None else moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
