"""The schema of a vault's database: which it is, and bringing it up to date."""

# ruff: noqa: PLC0415 - adapters are imported when they are first used

from dataclasses import dataclass

from seedvault.config import Settings


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The schema that the database has, and the one that this program works with."""

    found: str
    needed: str

    @property
    def is_current(self) -> bool:
        """Whether there is nothing to upgrade."""
        return self.found == self.needed


def schema_of(settings: Settings) -> SchemaState:
    """Raises StorageUnavailable where there is no vault, or a newer program's."""
    from seedvault.storage import SCHEMA, vault_schema

    return SchemaState(vault_schema(settings.database), SCHEMA)


def upgrade(settings: Settings) -> SchemaState:
    """Bring the database up to this program's schema. Raises as `schema_of` does."""
    from seedvault.storage import upgrade_vault

    upgrade_vault(settings.database)
    return schema_of(settings)
