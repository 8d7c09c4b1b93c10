"""What the migrations make is what the tables say, on both databases."""

import sqlite3
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlmodel import SQLModel

from seedvault.storage import SqlVault, migrations
from seedvault.storage.schema import SCHEMA
from tests.support.databases import only_postgresql, only_sqlite

_DESCRIBED = """
SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
  FROM information_schema.columns WHERE table_schema = :schema
UNION ALL
SELECT relname, conname, pg_get_constraintdef(c.oid), NULL, NULL, NULL
  FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid
 WHERE connamespace = CAST(:schema AS regnamespace)
UNION ALL
SELECT tablename, indexname, indexdef, NULL, NULL, NULL
  FROM pg_indexes WHERE schemaname = :schema
"""


def test_the_schema_that_opening_expects_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]


@only_sqlite
def test_the_migrations_make_exactly_what_the_tables_say(vault: SqlVault, tmp_path: Path) -> None:
    declared = tmp_path / "declared.db"
    engine = create_engine(f"sqlite:///{declared}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    assert _schema(tmp_path / "vault.db") == _schema(declared)


@only_postgresql
def test_the_migrations_make_on_postgresql_what_the_tables_say(vault: SqlVault) -> None:
    with vault._database.writing() as connection:
        connection.exec_driver_sql("CREATE SCHEMA declared")
        connection.exec_driver_sql("SET LOCAL search_path = declared")
        SQLModel.metadata.create_all(connection)
        assert _described(connection, "public") == _described(connection, "declared")


def _described(connection: Connection, schema: str) -> set[tuple[str, ...]]:
    """Every column, constraint and index of a schema, but for Alembic's own."""
    rows = connection.execute(text(_DESCRIBED), {"schema": schema}).fetchall()
    return {
        tuple(str(value).replace(f"{schema}.", "") for value in row)
        for row in rows
        if row[0] != "alembic_version"
    }


def _schema(file: Path) -> dict[str, set[str]]:
    """Every table and index with its parts, whatever their order."""
    connection = sqlite3.connect(file)
    rows = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        " AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'alembic%'"
    ).fetchall()
    connection.close()
    return {name: _parts(sql) for name, sql in rows}


def _parts(sql: str) -> set[str]:
    """What stands between the outer brackets, split at its commas; how it is laid out is no part.

    A column that was added to a table stands at its end, on the last line.
    """
    before, _, rest = sql.replace('"', "").partition("(")
    parts, depth, part = {" ".join(before.split())}, 0, ""
    for character in rest:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0 or (character == "," and not depth):
            parts.add(" ".join(part.split()).replace("( ", "(").replace(" )", ")"))
            part, depth = "", max(depth, 0)
        else:
            part += character
    return parts | {" ".join(part.split())}
