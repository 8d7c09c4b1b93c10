"""Making a vault, and opening one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, insert, select

from seedvault.domain.audit import AuditEvent, milliseconds, moment
from seedvault.domain.vault_key import StoredKey
from seedvault.service.ports import Clock, VaultIdentity
from seedvault.storage import chains
from seedvault.storage.address import database_at
from seedvault.storage.engine import Database
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
    """Make the empty place of a vault: of several who want to make one there, one succeeds.

    Raises Conflict where there is one already, StorageUnavailable where none can be made.
    """
    with _database(place) as database:
        database.claim()


def fill_vault(
    place: str | Path, identity: VaultIdentity, keys: Sequence[StoredKey], event: AuditEvent
) -> None:
    """Make the vault in a place that was claimed."""
    with _database(place) as database:
        database.settle(_Beginning(database, identity, keys, event).fill)


def open_vault(place: str | Path, clock: Clock) -> SqlVault:
    """The vault at a path or URL. Raises StorageUnavailable where there is none of this schema."""
    database = database_at(place)
    try:
        with database.explained:
            check_schema(database.sql, database.place)
            return SqlVault(database, identity_of(database), clock)
    except BaseException:
        database.close()
        raise


def remove_vault(place: str | Path) -> None:
    """Take away a vault that was made a moment ago and never came into use."""
    with _database(place) as database:
        database.remove()


def existing_vault(place: str | Path, home: Path | None = None) -> str | None:
    """What stands where a vault would be made, in words; None where nothing does.

    Raises StorageUnavailable where none can be made, but for a `home` that is yet to be made.
    """
    with _database(place) as database:
        return database.existing(home)


def vault_schema(place: str | Path) -> str:
    """The schema of the vault at a path or URL, whichever it is."""
    with _database(place) as database, database.explained:
        return known_schema(database.sql, database.place)


def upgrade_vault(place: str | Path) -> None:
    """Bring a vault's schema up to this program's, all of it or nothing."""
    # Alembic takes longer to import than a vault takes to open.
    from seedvault.storage.migrations import upgrade  # noqa: PLC0415

    with _database(place) as database, database.writing() as connection:
        known_schema(connection, database.place)
        upgrade(connection)


@contextmanager
def _database(place: str | Path) -> Iterator[Database]:
    """A database for one errand."""
    database = database_at(place)
    try:
        yield database
    finally:
        database.close()


@dataclass(frozen=True, slots=True)
class _Beginning:
    """What stands in a new vault."""

    database: Database
    identity: VaultIdentity
    keys: Sequence[StoredKey]
    event: AuditEvent

    def fill(self, connection: Connection) -> None:
        from seedvault.storage.migrations import upgrade  # noqa: PLC0415 - as above

        upgrade(connection)
        connection.execute(insert(VAULT).values(_row(self.identity)))
        connection.execute(insert(VAULT_KEY), [key_row(key)._asdict() for key in self.keys])
        chains.begin_chains(connection)
        statements = Statements(self.database.dialect)
        chains.append(self.database.driver, statements, self.event)


def identity_of(database: Database) -> VaultIdentity:
    """Raises StorageUnavailable where no vault says which it is."""
    row = database.sql.execute(select(VAULT)).first()
    if row is None:
        raise no_vault(database.place)
    return VaultIdentity(row.vault_id, row.epoch, moment(row.created_ms))


def _row(identity: VaultIdentity) -> dict[str, str | int]:
    return {
        "vault_id": identity.vault_id,
        "epoch": identity.epoch,
        "created_ms": milliseconds(identity.created_at),
    }
