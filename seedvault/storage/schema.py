"""Which schema this program works with, and whether a vault has it.

Opening a vault compares one string; Alembic is imported only where a schema is written.
"""

from sqlalchemy import Connection, column, inspect, select, table

from seedvault.domain.errors import StorageUnavailable

SCHEMA = "0011"
"""The newest revision under `migrations`. Revisions are numbered, so that older is less."""

_VERSION_TABLE = "alembic_version"


def schema_of(connection: Connection) -> str | None:
    """The revision of the schema in a database; None where there is no vault."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    version: str | None = connection.execute(
        select(column("version_num")).select_from(table(_VERSION_TABLE))
    ).scalar()
    return version


def check_schema(connection: Connection, place: str) -> None:
    """Raises StorageUnavailable unless the database at `place` has exactly this schema."""
    found = known_schema(connection, place)
    if found < SCHEMA:
        raise StorageUnavailable(
            f"{place}: the vault has schema {found}, this program needs {SCHEMA}",
            remedy="Make a backup, then: seedvault db upgrade",
        )


def known_schema(connection: Connection, place: str) -> str:
    """The vault's schema. Raises StorageUnavailable where it is newer, or there is no vault."""
    found = schema_of(connection)
    if found is None:
        raise no_vault(place)
    if found > SCHEMA:
        raise StorageUnavailable(
            f"{place}: the vault has schema {found}, this program knows up to {SCHEMA}",
            remedy="Use the newer Seedvault that upgraded it.",
        )
    return found


def no_vault(place: str) -> StorageUnavailable:
    """The error for a database that holds none."""
    return StorageUnavailable(f"{place}: there is no vault", remedy="Make one: seedvault init")
