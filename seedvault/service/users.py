"""The people tokens are bound to."""

from dataclasses import dataclass

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict
from seedvault.domain.names import UserName
from seedvault.service.ports import Clock, Vault


@dataclass(frozen=True, slots=True)
class AddUser:
    """Make a name known, so that tokens can be bound to it."""

    vault: Vault
    clock: Clock

    def __call__(self, name: UserName, actor: str) -> None:
        """Raises Conflict where the name, whatever its case and spaces, is taken."""
        self.check(name)
        now = self.clock()
        with self.vault.transaction() as transaction:
            transaction.add_user(name, now)
            transaction.commit(AuditEvent(EventKind.USER_ADDED, now, actor, user=name.verbatim))

    def check(self, name: UserName) -> None:
        """Raises what adding would raise, and changes nothing."""
        taken = self.vault.user(name)
        if taken is not None:
            raise Conflict(f"there is a user called {taken.name} already")
