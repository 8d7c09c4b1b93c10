"""What the migrations make is what the tables say, in SQL that PostgreSQL understands too."""

import sqlite3
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import URL
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlmodel import SQLModel

from seedvault.storage import SqlVault, migrations
from seedvault.storage.schema import SCHEMA
from seedvault.storage.statements import tokens


def test_the_schema_that_opening_expects_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]


def test_the_migrations_make_exactly_what_the_tables_say(vault: SqlVault, tmp_path: Path) -> None:
    declared = tmp_path / "declared.db"
    engine = create_engine(f"sqlite:///{declared}")
    SQLModel.metadata.create_all(engine)
    engine.dispose()
    assert _schema(tmp_path / "vault.db") == _schema(declared)


def test_the_tables_and_statements_can_be_written_for_postgresql() -> None:
    dialect = URL.create("postgresql").get_dialect()()
    for table in SQLModel.metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            made = str(CreateIndex(index).compile(dialect=dialect))
            assert made.startswith("CREATE ")
            assert f" {index.name} ON " in made
    assert 'JOIN "user"' in str(tokens().compile(dialect=dialect))


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
