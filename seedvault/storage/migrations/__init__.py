"""The schema's history, and bringing a database to its newest revision."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run what is missing, up to a revision, inside the caller's transaction."""
    config = Config(attributes={"connection": connection})
    # The parser behind this option reads a % as the start of a reference.
    here = str(Path(__file__).parent).replace("%", "%%")
    config.set_main_option("script_location", here)
    if not connection.in_transaction():
        connection.begin()  # else Alembic begins one of its own, and commits ours with it
    command.upgrade(config, revision)
