"""Locks on rows of the latch table, each held by a transaction on a connection of its own.

However a process ends, the server lets go of its locks: at once where the process is killed, after
half a minute of silence where its machine is cut off. Advisory locks would do the same, and are not
portable.
"""

import psycopg
from sqlalchemy import Connection, delete, select

from seedvault.domain.errors import Conflict
from seedvault.storage.engine import Held
from seedvault.storage.postgresql.session import Session
from seedvault.storage.tables import LATCH

VAULT, CEREMONY = "vault", "ceremony"

_INSERT = "INSERT INTO latch (name) VALUES (%s)"
_LOCK = "SELECT name FROM latch WHERE name = %s FOR UPDATE"
_DELETE = "DELETE FROM latch WHERE name = %s"
# The session's own level: a lock that was waited for is had, whatever was committed meanwhile.
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"


class RowLock(Held):
    """Held by the session's transaction until `release`, or until its process is gone."""

    def __init__(self, session: Session, name: str, *, is_once: bool) -> None:
        self._session = session
        self._name = name
        self._is_once = is_once

    def release(self) -> None:
        """A row that was made for this lock goes with it, or with the next import."""
        if self._session.closed:
            return
        try:
            if self._is_once:
                self._session.execute(_DELETE, [self._name])
            self._session.execute("COMMIT")
        except psycopg.OperationalError:
            pass  # the server is gone, and the lock with it
        finally:
            self._session.close()


def hold_import(session: Session, number: int) -> RowLock | None:
    """The lock that shows an import to be alive; None where it was judged dead meanwhile."""
    name = _of_import(number)
    try:
        session.execute(_INSERT, [name])
        session.execute(_BEGIN)
        if session.execute(_LOCK, [name]).fetchone() is not None:
            return RowLock(session, name, is_once=True)
    except BaseException:
        session.close()
        raise
    session.close()
    return None


def is_held(connection: Connection, number: int) -> bool:
    """Whether somebody holds the lock of this import. The row of a dead one is removed."""
    named = LATCH.c.name == _of_import(number)
    free = select(LATCH.c.name).where(named).with_for_update(skip_locked=True)
    if connection.execute(free).first() is not None:
        connection.execute(delete(LATCH).where(named))
        return False
    return connection.execute(select(LATCH.c.name).where(named)).first() is not None


def hold_ceremony(session: Session, patience_s: float) -> RowLock:
    """The lock of whoever holds a ceremony. Raises Conflict where another stays in it too long."""
    try:
        session.execute(_BEGIN)
        session.execute(f"SET LOCAL lock_timeout = '{max(1, int(patience_s * 1000))}ms'")
        session.execute(_LOCK, [CEREMONY])
    except psycopg.errors.LockNotAvailable as error:
        session.close()
        raise Conflict(
            "another ceremony over this vault's keys is under way, on this node or another",
            remedy="Wait for it to end, then run the same again.",
        ) from error
    except BaseException:
        session.close()
        raise
    return RowLock(session, CEREMONY, is_once=False)


def _of_import(number: int) -> str:
    return f"import-{number}"
