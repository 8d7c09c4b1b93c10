"""The exported audit log as evidence of what happened after a backup."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from seedvault.domain.audit import GENESIS, AuditEvent, Break, ChainHead, LoggedEvent
from seedvault.domain.checkpoint import Checkpoint, SignedCheckpoint
from seedvault.domain.errors import FileRefused, NotAllowed
from seedvault.domain.restoring import Coverage
from seedvault.domain.trail import Trail
from seedvault.domain.trust import Trust, Verifies
from seedvault.service.audit import followed
from seedvault.service.audit_ports import ExportedLine
from seedvault.service.evidence import Gathered
from seedvault.service.ports import Clock
from seedvault.service.replay import Fate, Replay
from seedvault.service.restore_ports import Restoration, RestoringHsm

_UNCHANGED = "Nothing was restored."


@dataclass(frozen=True, slots=True)
class AuditEvidence:
    """Believes what checkpoints cover, in the log that the backup's is the beginning of.

    `lines` gives all of it, from the beginning each time. `is_complete` is the operators' word:
    nothing was accepted after the last checkpoint.
    """

    lines: Callable[[], Iterable[ExportedLine]]
    verifies: Verifies
    clock: Clock
    actor: str
    is_complete: bool = False

    def gather(
        self, restoration: Restoration, hsm: RestoringHsm | None, known: Sequence[bytes]
    ) -> Gathered:
        replay = Replay(restoration, hsm, self.actor, self.clock())
        since = _Since(restoration, Trail(Trust(known, self.verifies)))
        for line in self.lines():
            for event in since.read(line):
                replay(event)
        last = since.end()
        coverage, doubt = self._known(replay, last, restoration.identity.epoch - 1)
        redone = sum(each.fate is Fate.REDONE for each in replay.since)
        words = (
            f"audit export up to checkpoint {last.number} of {last.at:%Y-%m-%dT%H:%M:%SZ}"
            f"{', said to be complete' if self.is_complete else ''}: {replay.replayed} codes "
            f"spent again, {redone} changes made again, {len(replay.since) - redone} left to staff"
            f"{f'; but {doubt}' if doubt else ''}"
        )
        told = tuple(replay.since)
        return Gathered(coverage, words, since.newest, replay.replayed, told, doubt)

    def _known(self, replay: Replay, last: Checkpoint, epoch: int) -> tuple[Coverage, str | None]:
        """How many codes the log knows, and why they are fewer than was said.

        `epoch` is the highest that the vault had come to. A restore spends what it knows of without
        an event for each code, so that the log after it does not know them.
        """
        if replay.restores:
            return Coverage.NOTHING, (
                "the vault was restored since the backup: codes that were accepted before that "
                "are not in this log"
            )
        if not self.is_complete:
            return Coverage.UP_TO_A_CHECKPOINT, None
        if last.epoch < epoch:
            return Coverage.UP_TO_A_CHECKPOINT, (
                f"it ends in epoch {last.epoch}, and the vault had come to epoch {epoch}: codes "
                "that were accepted in that are not in this log"
            )
        return Coverage.ALL, None


@dataclass(slots=True)
class _Since:
    """Follows the log beside the restored one, and gives the events that go beyond it.

    An event counts once a checkpoint over it was verified.
    """

    restoration: Restoration
    trail: Trail
    newest: datetime | None = None
    _restored: dict[int, ChainHead] = field(default_factory=dict)
    _read: dict[int, ChainHead] = field(default_factory=dict)
    _waiting: list[AuditEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._restored = {head.chain: head for head in self.restoration.heads()}

    def read(self, line: ExportedLine) -> Iterator[AuditEvent]:
        """Raises FileRefused where it does not follow, or is another log's."""
        begins = self.trail.last is None and not self.trail.events
        for broken in followed(self.trail, line):
            raise _broken(line.number, broken)
        match line.content:
            case LoggedEvent() as logged:
                self._event(logged)
            case SignedCheckpoint(checkpoint):
                if begins:
                    self._begin(checkpoint)
                self._note(checkpoint.at)
                yield from self._waiting
                self._waiting.clear()

    def end(self) -> Checkpoint:
        """The last checkpoint. Raises FileRefused where the logs are not one."""
        for broken in self.trail.end():
            raise FileRefused(f"the audit export: {broken.what}", unchanged=_UNCHANGED)
        last = self.trail.last
        if last is None:
            raise NotAllowed(
                "the audit export has no checkpoint: nothing vouches for it",
                unchanged=_UNCHANGED,
                remedy="Without a signed export, say --audit-lost.",
            )
        if last.vault_id != self.restoration.identity.vault_id:
            raise _another_log()
        for head in self._read.values():
            if head.sequence < self._head(head.chain).sequence:
                self._refuse_other(head)
        return last

    def _event(self, logged: LoggedEvent) -> None:
        chain, sequence = logged.chain, logged.sequence
        here = ChainHead(chain, sequence, logged.digest)
        restored = self._head(chain)
        if sequence == restored.sequence and logged.digest != restored.digest:
            raise _another_log()
        if sequence > restored.sequence:
            self._note(logged.event.at)
            self._waiting.append(logged.event)
        self._read[chain] = here

    def _begin(self, checkpoint: Checkpoint) -> None:
        """A file that goes on from another: what it leaves out must be in the backup."""
        for head in checkpoint.heads:
            if head.sequence > self._head(head.chain).sequence:
                raise FileRefused(
                    f"the audit export begins after checkpoint {checkpoint.number}, which the "
                    "backup does not reach: what happened in between is in neither",
                    unchanged=_UNCHANGED,
                    remedy="Name the file that it goes on from as well, before it.",
                )
            self._refuse_other(head)

    def _refuse_other(self, head: ChainHead) -> None:
        if self.restoration.digest_at(head.chain, head.sequence) != head.digest:
            raise _another_log()

    def _head(self, chain: int) -> ChainHead:
        return self._restored.get(chain) or ChainHead(chain, 0, GENESIS)

    def _note(self, at: datetime) -> None:
        self.newest = at if self.newest is None else max(self.newest, at)


def _broken(line: int, broken: Break) -> FileRefused:
    return FileRefused(
        f"the audit export, line {line}: {broken.what}",
        unchanged=_UNCHANGED,
        remedy="Keep it as evidence: seedvault audit verify --export FILE tells all that is wrong.",
    )


def _another_log() -> FileRefused:
    return FileRefused(
        "the audit export is not of the log that the backup holds: they tell different things",
        unchanged=_UNCHANGED,
        remedy="Bring this vault's export. If it is, one of them was altered: keep both.",
    )
