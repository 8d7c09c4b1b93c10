"""What a path or a URL means."""

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from seedvault.domain.errors import InvalidInput, StorageUnavailable
from seedvault.storage.engine import Database
from seedvault.storage.sqlite import SqliteDatabase

_POSTGRESQL = "postgresql+psycopg://"
_REMEDY = f"Use sqlite:///FILE, or {_POSTGRESQL}USER@HOST/DATABASE."


def database_at(place: str | Path) -> Database:
    """The database, not yet connected to. Raises InvalidInput where there can be none."""
    if isinstance(place, str) and place.startswith(_POSTGRESQL):
        return _postgresql("postgresql://" + place.removeprefix(_POSTGRESQL))
    return SqliteDatabase(_sqlite_path(place))


def _postgresql(uri: str) -> Database:
    try:
        # Only who uses it needs the driver, which also takes long to load.
        from seedvault.storage.postgresql import PostgresqlDatabase  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise StorageUnavailable(
            f"the driver for PostgreSQL is missing: {error.name}",
            remedy="Install it: pip install 'seedvault[postgresql]'",
        ) from error
    return PostgresqlDatabase(uri)


def _sqlite_path(place: str | Path) -> Path:
    """The file that is meant by a path, or by the URL `sqlite:///FILE`."""
    if isinstance(place, Path):
        return place.absolute()
    try:
        parsed = make_url(place)
    except ArgumentError as error:
        raise InvalidInput(f"{place!r} is no database URL", remedy=_REMEDY) from error
    if parsed.drivername != "sqlite" or parsed.database in {None, "", ":memory:"} or parsed.query:
        raise InvalidInput(
            f"{parsed.render_as_string()} is not a database that this version can use",
            remedy=_REMEDY,
        )
    return Path(str(parsed.database)).absolute()
