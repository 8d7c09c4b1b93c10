"""Every row of a vault, table after table, as a backup holds them."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Table, TypeDecorator, select, tuple_
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

from seedvault.domain.backup import TYPES, Column, Kind, Row, Shape
from seedvault.storage.rows import altered
from seedvault.storage.tables import LATCH, STAGED_TOKEN, STAGING

UNDER_WAY = frozenset({STAGING.name, STAGED_TOKEN.name, LATCH.name})
"""Imports that have not come to their end, and locks: nobody goes on with them elsewhere."""

_PAGE = 1_000
_KINDS = {of: kind for kind, of in TYPES.items()}


def dump(connection: Connection) -> Iterator[tuple[Shape, Iterator[Row]]]:
    """What a row refers to comes before it. Raises SealBroken for what no column holds."""
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in UNDER_WAY:
            shape = shape_of(table)
            yield shape, _rows(connection, table, shape)


def shape_of(table: Table) -> Shape:
    """A table as a backup knows it, whichever database it is in."""
    return Shape(table.name, tuple(Column(c.name, _kind(c.type)) for c in table.columns))


def _kind(of: TypeEngine[Any]) -> Kind:
    inner: TypeEngine[Any] = of.impl_instance if isinstance(of, TypeDecorator) else of
    python: Any = inner.python_type  # through SQLModel's text, which is a TypeDecorator
    return _KINDS[python]


def _rows(connection: Connection, table: Table, shape: Shape) -> Iterator[Row]:
    """A page at a time, from where the one before it ended in the primary key."""
    key = list(table.primary_key.columns)
    places = [table.columns.keys().index(column.name) for column in key]
    types = [TYPES[column.kind] for column in shape.columns]
    page = select(table).order_by(*key).limit(_PAGE)
    found: Sequence[Row] = [tuple(row) for row in connection.execute(page)]
    while found:
        for row in found:
            _check(shape, row, types)
            yield row
        if len(found) < _PAGE:
            return
        last = [found[-1][place] for place in places]
        beyond = page.where(tuple_(*key) > tuple_(*last))
        found = [tuple(row) for row in connection.execute(beyond)]


def _check(shape: Shape, row: Row, types: list[type]) -> None:
    """SQLite lets any value stand in any column; no restored vault should have to."""
    for cell, expected in zip(row, types, strict=True):
        if cell is not None and type(cell) is not expected:
            raise altered(f"table {shape.table}")
