"""The restores that the log itself proves: an export of before one goes on beyond the database.

What proves one is its event, under the first signed checkpoint of a higher epoch. A database that
was cut off has neither, whatever epoch it calls itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.checkpoint import Checkpoint, succession
from seedvault.domain.errors import SealBroken
from seedvault.domain.trust import Trust, Verifies
from seedvault.service.audit_export import covered_by
from seedvault.service.audit_ports import AuditVault


@dataclass(frozen=True, slots=True)
class ProvenRestore:
    """A restore by which the vault came to `epoch`; `first` is the number of its first checkpoint.

    Checkpoints of an earlier epoch, of that number or a higher one, are of what was replaced.
    """

    epoch: int
    first: int
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class EndedExport:
    """The vault that was exported ended by a restore.

    From checkpoint `beyond` on, `checkpoints` of them, only the export tells of it.
    """

    restore: ProvenRestore
    beyond: int
    checkpoints: int


class RestoresOnRecord:
    """Reads a database's checkpoints, once it is asked; by the public keys that are known."""

    def __init__(
        self, vault: AuditVault, anchors: Callable[[], Sequence[bytes]], verifies: Verifies
    ) -> None:
        self._vault = vault
        self._anchors = anchors
        self._verifies = verifies

    @property
    def epoch(self) -> int:
        """The database's own word."""
        return self._vault.identity.epoch

    def that_ended(self, exported: Checkpoint) -> ProvenRestore | None:
        """The restore that left out a checkpoint of the vault before, if there was one."""
        for restore in self._proven:
            if restore.epoch > exported.epoch:
                return restore if exported.number >= restore.first else None
        return None

    @cached_property
    def _proven(self) -> tuple[ProvenRestore, ...]:
        trust = Trust(self._anchors(), self._verifies)
        found = tuple(self._believed(trust))
        return () if trust.end() else found

    def _believed(self, trust: Trust) -> Iterator[ProvenRestore]:
        """Those up to the first checkpoint that does not hold, in their order."""
        before: Checkpoint | None = None
        for signed in self._vault.checkpoints():
            now = signed.checkpoint
            if trust.check(signed) or any(succession(before, now)):
                return
            if before is None or now.epoch > before.epoch:
                event = self._restored(before, now)
                if event is not None:
                    yield ProvenRestore(now.epoch, now.number, event)
            before = now

    def _restored(self, before: Checkpoint | None, now: Checkpoint) -> AuditEvent | None:
        """The last restore's event of those that `now` is the first to cover."""
        last = None
        try:
            for logged in covered_by(self._vault, before, now):
                if logged.event.kind is EventKind.VAULT_RESTORED:
                    last = logged.event
        except SealBroken:
            return None
        return last
