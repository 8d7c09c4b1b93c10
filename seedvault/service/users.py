"""The people tokens are bound to."""

from collections.abc import Sequence
from dataclasses import dataclass

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict
from seedvault.domain.names import GroupName, UserName
from seedvault.service.ports import Clock, Vault


@dataclass(frozen=True, slots=True)
class AddUser:
    """Make a name known, so that tokens can be bound to it."""

    vault: Vault
    clock: Clock

    def __call__(self, name: UserName, actor: str, groups: Sequence[GroupName] = ()) -> None:
        """Raises Conflict where the name, whatever its case and spaces, is taken."""
        self.check(name)
        now = self.clock()
        in_groups = f"in {', '.join(map(str, groups))}" if groups else None
        event = AuditEvent(EventKind.USER_ADDED, now, actor, user=name.verbatim, detail=in_groups)
        with self.vault.transaction() as transaction:
            transaction.add_user(name, now, groups)
            transaction.commit(event)

    def check(self, name: UserName) -> None:
        """Raises what adding would raise, and changes nothing."""
        taken = self.vault.user(name)
        if taken is not None:
            raise Conflict(f"there is a user called {taken.name} already")
