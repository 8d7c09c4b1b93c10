"""The vault in a SQL database: SQLite for one node, PostgreSQL for several."""

from seedvault.storage.opening import (
    claim_vault,
    create_vault,
    existing_vault,
    fill_vault,
    open_vault,
    remove_vault,
    upgrade_vault,
    vault_schema,
)
from seedvault.storage.restoring import SqlPlace
from seedvault.storage.schema import SCHEMA
from seedvault.storage.vault import SqlVault

__all__ = [
    "SCHEMA",
    "SqlPlace",
    "SqlVault",
    "claim_vault",
    "create_vault",
    "existing_vault",
    "fill_vault",
    "open_vault",
    "remove_vault",
    "upgrade_vault",
    "vault_schema",
]
