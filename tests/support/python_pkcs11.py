"""python-pkcs11 on a library that we have initialised: another program, as it were."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pkcs11 import Attribute, ObjectClass, _pkcs11

from hsm.connection import Connection
from hsm.errors import HsmError, KeyNotFound
from hsm.translate import Rv, Unlisted, failure
from hsm.vault_key import VaultKey

# python-pkcs11 names its classes after the values: SlotIDInvalid is CKR_SLOT_ID_INVALID.
_BY_CLASS = {value.name.replace("_", "").lower(): value for value in Rv}
# What it says of searches; and of two values, for which it has words but no class.
_NOT_THERE = {"NoSuchKey", "NoSuchToken", "MultipleObjectsReturned"}
_INITIALISATION = {
    "already": Rv.CRYPTOKI_ALREADY_INITIALIZED,
    "not": Rv.CRYPTOKI_NOT_INITIALIZED,
}


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


def pkcs11_failure(error: Exception, call: str) -> HsmError:
    """What `hsm.translate.failure` makes of the value behind an exception of python-pkcs11."""
    name = type(error).__name__
    if name.lower() in _BY_CLASS:
        return failure(_BY_CLASS[name.lower()], call)
    if name in _NOT_THERE:
        return KeyNotFound(f"{call}: not exactly one is there ({error})")
    number = re.search(r"0x[0-9a-f]+", str(error))
    if number:  # "Unmapped error code 0x68"
        return failure(int(number[0], 16), call)
    said = re.search(r"\((already|not) initialized\)", str(error))
    if said:
        return failure(_INITIALISATION[said[1]], call)
    return Unlisted(f"{call}: {name}")
