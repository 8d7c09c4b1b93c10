"""The transport keys that a ceremony made or brought in."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from seedvault.domain.audit import milliseconds, moment
from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import KeyLabel
from seedvault.domain.transport_key import StoredTransportKey, TransportKind
from seedvault.storage.rows import altered
from seedvault.storage.tables import TRANSPORT_KEY


def transport_keys(connection: Connection) -> list[StoredTransportKey]:
    """Every one there ever was, by label. Raises SealBroken for a row that nobody here wrote."""
    rows = connection.execute(select(TRANSPORT_KEY).order_by(TRANSPORT_KEY.c.label))
    return [_transport_key(row) for row in rows]


def add(connection: Connection, key: StoredTransportKey) -> None:
    """The column `check_value` holds both: what people compare, and what the HSM answers."""
    row = {
        "label": key.label.text,
        "kind": key.kind.code,
        "origin": key.origin,
        "check_value": f"{key.check_value}/{key.answer}",
        "created_ms": milliseconds(key.created_at),
        "created_by": key.created_by,
        "destroyed_ms": None,
    }
    connection.execute(insert(TRANSPORT_KEY).values(row))


def end(connection: Connection, label: KeyLabel, at: datetime) -> bool:
    """Whether it had not ended before."""
    ended = (
        update(TRANSPORT_KEY)
        .where(TRANSPORT_KEY.c.label == label.text, TRANSPORT_KEY.c.destroyed_ms.is_(None))
        .values(destroyed_ms=milliseconds(at))
        .returning(TRANSPORT_KEY.c.label)
    )
    return len(connection.execute(ended).fetchall()) == 1


def _transport_key(row: Any) -> StoredTransportKey:
    try:
        check_value, answer = row.check_value.split("/")
        return StoredTransportKey(
            KeyLabel(row.label),
            TransportKind.coded(row.kind),
            row.origin,
            check_value,
            answer,
            moment(row.created_ms),
            row.created_by,
            None if row.destroyed_ms is None else moment(row.destroyed_ms),
        )
    except (ValueError, TypeError, AttributeError, OverflowError, InvalidInput) as error:
        raise altered(f"transport key {row.label!a}") from error
