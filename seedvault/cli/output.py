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
_CLOCK = "%Y-%m-%d %H:%M:%S"


def document(schema: str, fields: Mapping[str, object]) -> None:
    """One JSON document on standard output, its `schema` with a version; moments are in UTC."""
    _echo_json(schema, fields, indent=2)


def lines(schema: str, rows: Iterable[Mapping[str, object]]) -> None:
    """A JSON document a line (JSONL) on standard output."""
    for row in rows:
        _echo_json(schema, row)


def table(headings: Sequence[str], rows: Sequence[Sequence[str | datetime]]) -> None:
    """Columns as wide as their widest cell; on a terminal, the last is wrapped to its width.

    Moments are in local time; their heading names its zone.
    """
    if not rows:
        note("nothing to list")
        return
    columns = [_column(heading, [row[i] for row in rows]) for i, heading in enumerate(headings)]
    widths = [max(map(len, column)) for column in columns[:-1]]
    for *cells, last in zip(*columns, strict=True):
        begun = [f"{cell.ljust(width)}  " for cell, width in zip(cells, widths, strict=True)]
        click.echo(_wrapped("".join(begun), last))


def _column(heading: str, cells: Sequence[str | datetime]) -> list[str]:
    zones = {f"{_here(cell):%Z}": None for cell in cells if isinstance(cell, datetime)}
    named = f"{heading} ({'/'.join(zones)})" if zones else heading
    return [
        named,
        *(cell if isinstance(cell, str) else f"{_here(cell):{_CLOCK}}" for cell in cells),
    ]


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


def fields(pairs: Iterable[tuple[str, object]]) -> None:
    """A name and a value a line, aligned; a moment in local time."""
    shown = list(pairs)
    width = max(len(name) for name, _ in shown)
    for name, value in shown:
        told = local(value) if isinstance(value, datetime) else str(value)
        click.echo(_wrapped(f"{name.ljust(width)}  ", told))


def note(text: str) -> None:
    """A line for whoever watches, on standard error; on a terminal, wrapped between words."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns
        lines = (textwrap.wrap(line, width, break_on_hyphens=False) for line in text.splitlines())
        text = "\n".join("\n".join(wrapped) for wrapped in lines)
    click.echo(text, err=True)


def local(moment: datetime) -> str:
    """A moment as people here read it, its zone named."""
    return f"{_here(moment):{_CLOCK} %Z}"


def _here(moment: datetime) -> datetime:
    try:
        return moment.astimezone()
    except OverflowError:  # 9999-12-31, which makers write for "never", east of Greenwich
        return moment


def _echo_json(schema: str, fields: Mapping[str, object], indent: int | None = None) -> None:
    named = {"schema": f"seedvault.{schema}/1", **fields}
    click.echo(json.dumps(named, indent=indent, default=_instant))


def _instant(value: object) -> str:
    """A moment as RFC 3339 in UTC; TypeError for whatever else JSON has no type for."""
    if not isinstance(value, datetime):
        raise TypeError(f"no document holds a {type(value).__name__}")
    return value.astimezone(UTC).isoformat(timespec="milliseconds")
