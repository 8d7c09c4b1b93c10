"""The vault's keys, and which tokens need which of them."""

from typing import Any

from sqlalchemy import Connection, Select, Table, func, or_, select

from seedvault.domain.vault_key import KeysInUse, StoredKey
from seedvault.storage.key_rows import KeyRow, stored_key
from seedvault.storage.tables import STAGED_TOKEN, TOKEN, VAULT_KEY

_MADE_WITH = ("kek_id", "seal_key", "fingerprint_key")


def keys(connection: Connection) -> list[StoredKey]:
    """Every key that is not destroyed."""
    found = select(*(VAULT_KEY.c[name] for name in KeyRow._fields)).order_by(VAULT_KEY.c.name)
    return [stored_key(row) for row in connection.execute(found)]


def references(connection: Connection) -> dict[str, int]:
    """How many tokens, visible or staged, were made with each key."""
    counted: dict[str, int] = {}
    for table in (TOKEN, STAGED_TOKEN):
        for column in _MADE_WITH:
            for name, tokens in connection.execute(_counted(table, column)):
                counted[name] = counted.get(name, 0) + tokens
    return counted


def to_rekey(
    connection: Connection, target: KeysInUse, after: int, limit: int
) -> list[tuple[int, str]]:
    """Row and serial of the next visible tokens that were made with other keys than `target`."""
    other = or_(
        TOKEN.c.kek_id != target.kek,
        TOKEN.c.seal_key != target.seal,
        TOKEN.c.fingerprint_key != target.fingerprint,
    )
    found = select(TOKEN.c.id, TOKEN.c.serial).where(TOKEN.c.id > after, other)
    rows = connection.execute(found.order_by(TOKEN.c.id).limit(limit))
    return [(row.id, row.serial) for row in rows]


def _counted(table: Table, column: str) -> Select[Any]:
    return select(table.c[column], func.count()).group_by(table.c[column])
