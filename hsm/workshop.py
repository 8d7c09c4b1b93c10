"""Where keys are made and looked at: python-pkcs11 and our own calls, on one writing session.

python-pkcs11 makes the keys and reads their attributes back; what is wrapped and unwrapped goes
through the calls that seeds go through. Two witnesses see more than one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pkcs11 import Attribute, ObjectClass, PKCS11Error, _pkcs11
from pkcs11.attributes import AttributeMapper

from hsm.connection import Connection
from hsm.session import Session
from hsm.translate import pkcs11_failure
from hsm.vault_key import VaultKey


@dataclass(frozen=True, slots=True)
class Workshop:
    """One session twice: as python-pkcs11 sees it, and as this package does."""

    view: Any
    session: Session

    def objects(self, key: VaultKey) -> list[Any]:
        """Every object that passes for `key`, as python-pkcs11's."""
        return list(
            self.view.get_objects(
                {
                    Attribute.CLASS: ObjectClass(key.purpose.object_class),
                    Attribute.TOKEN: True,
                    Attribute.ID: key.identifier,
                }
            )
        )


@contextmanager
def workshop(connection: Connection) -> Iterator[Workshop]:
    """A session that may write, on the login of `connection`. What it does not keep ends with it.

    Raises:
        HsmError: whatever python-pkcs11 raises inside, translated.
    """
    library = _uninitialised(connection.location.library)
    try:
        slot = next(slot for slot in library.get_slots() if slot.slot_id == connection.slot)
        with connection.module.gate.passed():  # nobody restarts the module under its feet
            view = slot.get_token().open(rw=True, attribute_mapper=_mapper())
            try:
                yield Workshop(view, Session(connection.module.cryptoki, view.handle))
            finally:
                view.close()
    except PKCS11Error as error:
        raise pkcs11_failure(error, "key ceremony") from error


def _uninitialised(library: Path) -> Any:
    """python-pkcs11's view of a library that we have initialised already.

    Its constructor would call C_Initialize(NULL): refused, or worse, without locks.
    """
    view: Any = _pkcs11.lib
    return view.__new__(view, str(library))


def _mapper() -> AttributeMapper:
    """python-pkcs11's attributes, and the nested one it has no handler for."""
    mapper = AttributeMapper()
    mapper.register_handler(
        Attribute.UNWRAP_TEMPLATE, lambda template: bytes(template.array), bytes
    )
    return mapper
