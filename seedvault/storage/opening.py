"""Making a vault, and opening one."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, select

from seedvault.domain.audit import AuditEvent, milliseconds, moment
from seedvault.domain.errors import Conflict, StorageUnavailable
from seedvault.domain.vault_key import StoredKey
from seedvault.service.ports import Clock, VaultIdentity
from seedvault.storage import chains
from seedvault.storage.engine import Database, sqlite_path
from seedvault.storage.key_rows import key_row
from seedvault.storage.schema import check_schema, known_schema, no_vault
from seedvault.storage.statements import Statements
from seedvault.storage.tables import VAULT, VAULT_KEY
from seedvault.storage.vault import SqlVault


def create_vault(
    place: str | Path, identity: VaultIdentity, keys: Sequence[StoredKey], event: AuditEvent
) -> None:
    """Make the vault that works with `keys`, its first event being `event`: all, or nothing.

    Raises as `claim_vault` does.
    """
    claim_vault(place)
    try:
        fill_vault(place, identity, keys, event)
    except BaseException:
        remove_vault(place)
        raise


def claim_vault(place: str | Path) -> None:
    """Make the empty file of a vault: of several who want to make one there, one succeeds.

    Raises Conflict where there is a file already, StorageUnavailable where none can be made.
    """
    _claim(sqlite_path(place))


def fill_vault(
    place: str | Path, identity: VaultIdentity, keys: Sequence[StoredKey], event: AuditEvent
) -> None:
    """Make the vault in a file that was claimed."""
    # Alembic takes longer to import than a vault takes to open.
    from seedvault.storage.migrations import upgrade  # noqa: PLC0415

    _fill(Database(sqlite_path(place)), upgrade, _Beginning(identity, keys, event))


def open_vault(place: str | Path, clock: Clock) -> SqlVault:
    """The vault at a path or URL. Raises StorageUnavailable where there is none of this schema."""
    path = sqlite_path(place)
    database = Database(path)
    try:
        with database.explained:
            check_schema(database.sql, str(path))
            return SqlVault(database, _identity(database), clock)
    except BaseException:
        database.close()
        raise


def remove_vault(place: str | Path) -> None:
    """Take away the files of a vault that was made a moment ago and never came into use."""
    path = sqlite_path(place)
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def vault_schema(place: str | Path) -> str:
    """The schema of the vault at a path or URL, whichever it is."""
    path = sqlite_path(place)
    database = Database(path)
    try:
        with database.explained:
            return known_schema(database.sql, str(path))
    finally:
        database.close()


def upgrade_vault(place: str | Path) -> None:
    """Bring a vault's schema up to this program's, all of it or nothing."""
    from seedvault.storage.migrations import upgrade  # noqa: PLC0415 - as above

    path = sqlite_path(place)
    database = Database(path)
    try:
        with database.writing() as connection:
            known_schema(connection, str(path))
            upgrade(connection)
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What stands in a new vault."""

    identity: VaultIdentity
    keys: Sequence[StoredKey]
    event: AuditEvent


def _claim(path: Path) -> None:
    """A new, empty file that only its owner reads. SQLite's other files take its permissions."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError as error:
        raise Conflict(
            f"{path}: there is a file already", remedy="See: seedvault status"
        ) from error
    except OSError as error:
        raise StorageUnavailable(
            f"{path}: the vault cannot be made here: {error.strerror}",
            remedy="Name a directory that exists and is writable.",
        ) from error


def _fill(database: Database, upgrade: Callable[[Connection], None], begun: "_Beginning") -> None:
    try:
        with database.writing() as connection:
            upgrade(connection)
            connection.execute(insert(VAULT).values(_row(begun.identity)))
            connection.execute(insert(VAULT_KEY), [key_row(key)._asdict() for key in begun.keys])
            chains.begin_chains(connection)
            chains.append(database.driver, Statements(database.dialect), begun.event)
    finally:
        database.close()


def _identity(database: Database) -> VaultIdentity:
    row = database.sql.execute(select(VAULT)).first()
    if row is None:
        raise no_vault(str(database.path))
    return VaultIdentity(row.vault_id, row.epoch, moment(row.created_ms))


def _row(identity: VaultIdentity) -> dict[str, str | int]:
    return {
        "vault_id": identity.vault_id,
        "epoch": identity.epoch,
        "created_ms": milliseconds(identity.created_at),
    }
