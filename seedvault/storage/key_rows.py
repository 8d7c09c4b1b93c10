"""The rows of the vault's keys, and the one function each way."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from seedvault.domain.audit import milliseconds, moment
from seedvault.domain.vault_key import KeyPurpose, StoredKey


class KeyRow(NamedTuple):
    """A key of the vault's."""

    name: str
    purpose: str
    in_use: bool
    created_ms: int
    check_value: str | None
    copy_blob: bytes | None
    recovery: str | None


def key_row(key: StoredKey) -> KeyRow:
    """The columns of a key."""
    return KeyRow(
        key.name,
        key.purpose.code,
        key.in_use,
        milliseconds(key.created_at),
        key.check_value,
        key.copy,
        key.recovery,
    )


def stored_key(values: Iterable[Any]) -> StoredKey:
    """The key in the columns of a `KeyRow`."""
    row = KeyRow._make(values)
    return StoredKey(
        row.name,
        KeyPurpose.coded(row.purpose),
        bool(row.in_use),
        moment(row.created_ms),
        row.check_value,
        row.copy_blob,
        row.recovery,
    )
