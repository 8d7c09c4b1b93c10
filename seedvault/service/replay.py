"""Doing again, in a vault that was put back, what its exported audit log tells of the time since.

Codes that were accepted are spent again. What took something from a token is done again: it was
taken back, suspended, revoked or retired, and nobody should have it back by a restore. What gave
something is listed, for staff to decide.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from seedvault.domain import life, restoring
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import Conflict, InvalidInput, SealBroken
from seedvault.domain.life import Step
from seedvault.domain.token import Bound, InStock, Suspended, Token, owner_of
from seedvault.service.ports import StoredToken
from seedvault.service.restore_ports import Restoration, RestoringHsm

_SPENT = frozenset(
    {EventKind.CODE_ACCEPTED, EventKind.TOKEN_RESYNCHRONISED, EventKind.TOKEN_ASSIGNED}
)
_HARMLESS = frozenset(
    {
        EventKind.CODE_ACCEPTED,
        EventKind.CODE_REJECTED,
        EventKind.RESYNC_REJECTED,
        EventKind.TOKEN_RESYNCHRONISED,
        EventKind.CHALLENGE_ISSUED,
        EventKind.CHALLENGE_REFUSED,
        EventKind.TOKEN_SOUGHT,
        EventKind.TOKEN_FOUND,
        EventKind.TOKEN_REFUSED,
        EventKind.SEARCH_REFUSED,
        EventKind.CLOCK_ACCEPTED,
        EventKind.VAULT_BACKED_UP,
        EventKind.BATCH_UNCHANGED,
        EventKind.BATCH_REFUSED,
        EventKind.EXPORT_REFUSED,
    }
)
"""What left nothing that staff would have to do again."""


def _taken_back(token: Token, _now: datetime, _reason: str) -> InStock:
    return life.unassign(life.owned(token))


_TAKEN: dict[EventKind, Step] = {
    EventKind.TOKEN_UNASSIGNED: _taken_back,
    EventKind.TOKEN_SUSPENDED: life.suspend,
    EventKind.TOKEN_REVOKED: life.revoke,
    EventKind.TOKEN_RETIRED: life.retire,
}


class Fate(Enum):
    """What became of an event of the time since."""

    REDONE = "done again"
    LEFT = "to be done again by staff"
    UNKNOWN_TOKEN = "its token is not in the backup: import its file again"  # noqa: S105 - words


@dataclass(frozen=True, slots=True)
class Since:
    """An event of the time since that changed something."""

    event: AuditEvent
    fate: Fate


@dataclass(slots=True)
class Replay:
    """Takes the events since, in their order in each chain; `since` are those that changed more.

    `replayed` counts the codes that were spent again, `restores` how often the vault was restored
    since: of what was accepted before that, this log knows nothing.
    """

    restoration: Restoration
    hsm: RestoringHsm | None
    actor: str
    now: datetime
    replayed: int = field(default=0, init=False)
    restores: int = field(default=0, init=False)
    since: list[Since] = field(default_factory=list, init=False)

    def __call__(self, event: AuditEvent) -> None:
        """Do it again as far as that is ours to do."""
        if event.kind is EventKind.VAULT_RESTORED:
            self.restores += 1
            return
        stored = self._token(event)
        if stored is not None and event.factor is not None and event.kind in _SPENT:
            stored = self._spend(stored, event.factor, event)
        if event.kind in _HARMLESS and (stored is not None or event.serial is None):
            return
        fate = Fate.LEFT
        if event.serial is not None and stored is None:
            fate = Fate.UNKNOWN_TOKEN
        elif stored is not None and event.kind in _TAKEN and self._redo(stored, event):
            fate = Fate.REDONE
        self.since.append(Since(event, fate))

    def _token(self, event: AuditEvent) -> StoredToken | None:
        """None, too, for a row that does not hold together: it is held back anyway."""
        try:
            return None if event.serial is None else self.restoration.token(event.serial)
        except SealBroken:
            return None

    def _spend(self, stored: StoredToken, factor: int, event: AuditEvent) -> StoredToken:
        token = stored.token
        if not isinstance(token, InStock | Bound | Suspended):
            return stored
        spent = restoring.spent_since(token.device, token.progress, factor, event.at)
        if spent == token.progress:
            return stored
        if event.kind is EventKind.TOKEN_RESYNCHRONISED:
            spent = replace(spent, must_resync=False)
        self.restoration.move(stored, spent)
        self.replayed += 1
        return replace(stored, token=replace(token, progress=spent), version=stored.version + 1)

    def _redo(self, stored: StoredToken, event: AuditEvent) -> bool:
        """Whether it could be; else two codes must be shown, until staff have decided."""
        try:
            token = _TAKEN[event.kind](stored.token, event.at, event.detail or "")
        except (Conflict, InvalidInput):
            token = None
        if token is None or self.hsm is None or not self.hsm.is_sealed(stored):
            held = replace(stored.token.progress, must_resync=True)
            self.restoration.move(stored, held)
            return False
        revision = stored.revision + 1
        groups = stored.standing.groups if owner_of(token) else ()
        standing = replace(stored.standing, groups=groups)
        seal = self.hsm.seal(token, stored.wrapped, revision, standing)
        changed = replace(stored, token=token, seal=seal, revision=revision, standing=standing)
        self.restoration.replace(stored, changed)
        why = f"{event.detail}; " if event.detail else ""
        again = f"{why}done again after a restore: {event.at:%Y-%m-%d %H:%M:%S} UTC"
        self.restoration.append(replace(event, at=self.now, actor=self.actor, detail=again))
        return True
