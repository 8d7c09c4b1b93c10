"""Rows out of a backup into tables of the schema that they had."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, MetaData, Table, delete, insert

from seedvault.domain.backup import Row, Shape
from seedvault.domain.errors import FileRefused
from seedvault.service.backup_ports import Tables
from seedvault.storage.dump import UNDER_WAY, shape_of

_AT_ONCE = 500


def load(connection: Connection, tables: Tables) -> list[Table]:
    """Write every row into tables that were just made; the tables, in the order of the backup.

    Raises FileRefused where tables or columns are others than this schema's.
    """
    known = MetaData()
    known.reflect(connection)
    loaded = []
    for shape, rows in tables:
        table = known.tables.get(shape.table)
        if table is None or shape.table in UNDER_WAY or not _fits(table, shape):
            raise _foreign(shape)
        _write(connection, table, shape, rows)
        loaded.append(table)
    _refuse_missing(known, loaded)
    return loaded


def _fits(table: Table, shape: Shape) -> bool:
    """The order of columns is the schema's history, and differs."""
    return set(shape_of(table).columns) == set(shape.columns) and len(shape.columns) == len(
        table.columns
    )


def _write(connection: Connection, table: Table, shape: Shape, rows: Iterator[Row]) -> None:
    connection.execute(delete(table))  # what a revision had put there
    names = [column.name for column in shape.columns]
    statement = insert(table)
    while some := _named(names, islice(rows, _AT_ONCE)):
        connection.execute(statement, some)


def _named(names: list[str], rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in rows]


def _refuse_missing(known: MetaData, loaded: list[Table]) -> None:
    ours = {name for name in known.tables if name not in UNDER_WAY and name != "alembic_version"}
    missing = ours - {table.name for table in loaded}
    if missing:
        raise FileRefused(
            f"the backup lacks {', '.join(sorted(missing))}, which a vault of its schema has",
            unchanged="Nothing was restored.",
            remedy="It was not written by seedvault backup: take another.",
        )


def _foreign(shape: Shape) -> FileRefused:
    return FileRefused(
        f"no vault of the backup's schema has a table {shape.table!a} with these columns",
        unchanged="Nothing was restored.",
        remedy="It was not written by seedvault backup, or by a newer one: use that.",
    )
