"""Which imports are under way.

A claim is a row, which says whose the staged tokens are, and a lock, which says whether that import
is still alive: however its process ends, the lock is let go of. Where the lock is, the database
knows. Claims are taken and judged by one program at a time: see `Database.exclude`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from seedvault.domain.audit import milliseconds
from seedvault.domain.batch import Source, Tier
from seedvault.domain.errors import Conflict
from seedvault.domain.vault_key import KeyPurpose
from seedvault.storage.engine import ATTEMPTS, Database, Held, hammered
from seedvault.storage.tables import STAGED_TOKEN, STAGING, TOKEN, VAULT_KEY


@dataclass(frozen=True, slots=True)
class Import:
    """What is known of an import when it begins."""

    source: Source
    tier: Tier
    by: str
    at: datetime
    dry_run: bool = False


class Claim:
    """One import's right to what it stages, from `take_claim` to `release`."""

    __slots__ = ("_lock", "number")

    def __init__(self, number: int, lock: Held) -> None:
        self.number = number
        self._lock = lock

    def touch(self, connection: Connection, now: datetime) -> bool:
        """Note that the import goes on; whether the claim still stands."""
        touched = (
            update(STAGING)
            .where(STAGING.c.id == self.number)
            .values(touched_ms=milliseconds(now))
            .returning(STAGING.c.id)
        )
        return bool(connection.execute(touched).fetchall())

    def give_up(self, connection: Connection) -> bool:
        """Remove the row; whether the claim still stood. The lock holds until `release`."""
        ended = delete(STAGING).where(STAGING.c.id == self.number).returning(STAGING.c.id)
        return bool(connection.execute(ended).fetchall())

    def release(self) -> None:
        """Let go of the lock: a row that is still there is a dead import's."""
        self._lock.release()


def take_claim(database: Database, begun: Import, now: datetime) -> Claim:
    """Claim a number, and end the claims of the dead.

    Raises Conflict where the same file is being imported. A dry run publishes nothing, so it
    neither waits for an import nor is waited for: its claim names no file.
    """
    for _ in range(ATTEMPTS):
        number = database.settle(lambda connection: _enter(database, connection, begun, now))
        # Between the row and its lock, another import may have taken this one for dead.
        lock = database.hold_import(number)
        if lock is not None:
            return Claim(number, lock)
    raise hammered(database.place)


def _enter(database: Database, connection: Connection, begun: Import, now: datetime) -> int:
    """The number of a new claim."""
    sha256 = None if begun.dry_run else begun.source.sha256
    claim = {
        "sha256": sha256,
        "started_ms": milliseconds(begun.at),
        "started_by": begun.by,
        "touched_ms": milliseconds(now),
    }
    database.exclude()
    _refuse_while_remarking(connection)
    for other in _living(database):
        if sha256 is not None and other.sha256 == sha256:
            raise _under_way(begun.source, other, now)
    empty_unclaimed(connection)
    inserted = insert(STAGING).values(claim).returning(STAGING.c.id)
    number: int = connection.execute(inserted).scalar_one()
    return number


def refuse_while_importing(database: Database) -> None:
    """Raises Conflict where any import is under way, in the caller's transaction.

    What it has compared with the vault's fingerprints would not hold under another key, and which
    transport key it used shows only when it ends.
    """
    database.exclude()
    for claim in _living(database):
        raise Conflict(
            f"{claim.started_by} is importing a file: the key cannot be changed or destroyed "
            "meanwhile",
            unchanged="Nothing was changed.",
            remedy="Wait for that import to end: seedvault batch list",
        )


def _living(database: Database) -> list[Any]:
    """The claims of imports that go on; those of the dead end here."""
    living = []
    for claim in database.sql.execute(select(STAGING)).fetchall():
        if database.is_alive(claim.id):
            living.append(claim)
        else:
            database.sql.execute(delete(STAGING).where(STAGING.c.id == claim.id))
    return living


def _refuse_while_remarking(connection: Connection) -> None:
    """Raises Conflict where tokens have fingerprints by a key that is not in use any more.

    A seed that the vault holds already would not be recognised.
    """
    in_use = (
        select(VAULT_KEY.c.name)
        .where(VAULT_KEY.c.purpose == KeyPurpose.FINGERPRINT.code, VAULT_KEY.c.in_use)
        .scalar_subquery()
    )
    retired = select(VAULT_KEY.c.name).where(
        VAULT_KEY.c.purpose == KeyPurpose.FINGERPRINT.code, VAULT_KEY.c.in_use.is_(False)
    )
    if connection.execute(retired).first() is None:
        return  # and so no token need be looked at
    left = select(TOKEN.c.serial).where(TOKEN.c.fingerprint_key != in_use).limit(1)
    if connection.execute(left).first() is not None:
        raise Conflict(
            "the fingerprint key is being rotated: seeds that are held already would not be "
            "recognised",
            unchanged="Nothing was imported.",
            remedy="Finish it, then import: seedvault key rotate --resume",
        )


def empty_unclaimed(connection: Connection) -> None:
    """Remove every staged row at once where no claim remains; none is taken meanwhile."""
    if connection.execute(select(func.count()).select_from(STAGING)).scalar_one() == 0:
        # SQLite empties a table in no time; row by row it takes 17 us each.
        connection.execute(delete(STAGED_TOKEN))


def _under_way(source: Source, other: Any, now: datetime) -> Conflict:
    began, active = (_ago(ms, now) for ms in (other.started_ms, other.touched_ms))
    return Conflict(
        f"{source.file_name} is being imported already: by {other.started_by}, "
        f"begun {began}, last active {active}",
        remedy="Wait for that import to end: seedvault batch list",
    )


def _ago(ms: int, now: datetime) -> str:
    """How long ago, which is the same in every time zone: a message is read in any."""
    seconds = max(0, milliseconds(now) - ms) // 1000
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"
