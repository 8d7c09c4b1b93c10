"""Where keys are made and looked at: a session of its own that may write.

Through our own calls: python-pkcs11 fetches its own function list, and p11-kit's proxy gives each
who asks another one, which knows nothing of the first one's login.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from hsm.connection import Connection
from hsm.cryptoki import CKF_RW_SESSION, CKF_SERIAL_SESSION
from hsm.errors import HsmError
from hsm.link import open_session
from hsm.session import Session
from hsm.templates import Cka
from hsm.vault_key import VaultKey


@dataclass(frozen=True, slots=True)
class HeldObject:
    """An object on the PKCS#11 token."""

    session: Session
    handle: int

    def __getitem__(self, kind: Cka) -> bool:
        """An attribute that is true or false, as the module gives it."""
        return self.session.attribute(self.handle, kind) != b"\0"

    def destroy(self) -> None:
        """End the object."""
        self.session.destroy(self.handle)


@dataclass(frozen=True, slots=True)
class Workshop:
    """The session, and what is found through it."""

    session: Session

    def objects(self, key: VaultKey) -> list[HeldObject]:
        """The objects that pass for `key`, two at most: more than one is too many."""
        return [HeldObject(self.session, handle) for handle in self.session.search(key.locator)]


@contextmanager
def workshop(connection: Connection) -> Iterator[Workshop]:
    """A session that may write, on the login of `connection`. What it does not keep ends with it.

    Raises:
        HsmError: whatever the module answers.
    """
    cryptoki = connection.module.cryptoki
    with connection.inside() as link:  # nobody restarts the module under its feet
        handle = open_session(cryptoki, link.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
        try:
            yield Workshop(Session(cryptoki, handle))
        except BaseException:
            with suppress(HsmError):  # what went wrong first is what is told
                cryptoki.close_session(handle)
            raise
        cryptoki.close_session(handle)
