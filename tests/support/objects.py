"""What lies on a PKCS#11 token, counted."""

from ctypes import byref, c_ulong

from hsm.connection import Connection
from hsm.session import Session

_MOST = 10_000


def count_objects(connection: Connection) -> int:
    """Every object that a session of this login sees: the PKCS#11 token's, and its sessions'."""
    return connection.run(_count)


def _count(session: Session) -> int:
    handles, count = (c_ulong * _MOST)(), c_ulong()
    session.cryptoki.find_objects_init(session.handle, None, 0)
    try:
        session.cryptoki.find_objects(session.handle, handles, _MOST, byref(count))
    finally:
        session.cryptoki.find_objects_final(session.handle)
    return count.value
