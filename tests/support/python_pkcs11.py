"""python-pkcs11 on a library that we have initialised: another program, as it were."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pkcs11 import Attribute, ObjectClass, _pkcs11

from hsm.connection import Connection
from hsm.vault_key import VaultKey


@contextmanager
def library_session(connection: Connection) -> Iterator[Any]:
    """A session of python-pkcs11 that may write, on the login of `connection`."""
    library = uninitialised(connection.location.library)
    slot = next(slot for slot in library.get_slots() if slot.slot_id == connection.slot)
    session = slot.get_token().open(rw=True)
    try:
        yield session
    finally:
        session.close()


def uninitialised(library: Path) -> Any:
    """python-pkcs11's view of a library that we have initialised already.

    Its constructor would call C_Initialize(NULL): refused, or worse, without locks.
    """
    view: Any = _pkcs11.lib
    return view.__new__(view, str(library))


def objects(session: Any, key: VaultKey) -> list[Any]:
    """Every object that passes for `key`."""
    wanted = {
        Attribute.CLASS: ObjectClass(key.purpose.object_class),
        Attribute.TOKEN: True,
        Attribute.ID: key.identifier,
    }
    return list(session.get_objects(wanted))
