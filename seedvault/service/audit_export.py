"""The log copied out of the database: what checkpoints cover, each checkpoint after its events."""

from collections.abc import Iterator
from dataclasses import dataclass

from seedvault.domain.audit import GENESIS, ChainHead, LoggedEvent, check_link
from seedvault.domain.checkpoint import Checkpoint, SignedCheckpoint
from seedvault.domain.errors import Conflict, NotFound, SealBroken
from seedvault.service.audit_ports import AuditVault, ExportFile, OpenExport, Syslog

IN_PASSING = 10_000
"""Events that a command exports at its end; more are left to `audit export`."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was added to a file; `last` is the number of the last checkpoint that stands in it."""

    events: int = 0
    checkpoints: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class ExportAudit:
    """Continue an exported file from its own end: no gap, and nothing twice."""

    vault: AuditVault
    file: ExportFile

    def __call__(self, begin_after: int = 0) -> Exported:
        """Wait for whoever writes to it, then add all there is.

        A file that is new begins after the checkpoint of number `begin_after`, by holding it first.
        Raises Conflict where the file is not of this log, NotFound where there is no such
        checkpoint, SealBroken where the log is not the one that was signed.
        """
        with self.file.opened(wait=True) as file:
            if file is None:
                raise AssertionError("a file that was waited for is not open")
            return self._continue(file, begin_after)

    def in_passing(self) -> int:
        """The same if nobody else has the file, unless it is far behind: by how many events."""
        with self.file.opened(wait=False) as file:
            if file is None:
                return 0  # whoever has it writes this too, or the next one does
            behind = self._behind(file)
            if behind > IN_PASSING:
                return behind
            self._continue(file, 0)
            return 0

    def _behind(self, file: OpenExport) -> int:
        newest = self.vault.last_checkpoint()
        covered = newest.checkpoint.events if newest else 0
        return covered - (file.last.checkpoint.events if file.last else 0)

    def _continue(self, file: OpenExport, begin_after: int) -> Exported:
        last = file.last or (self._base(file, begin_after) if begin_after else None)
        if last is not None:
            self._refuse_other(last)
        before = last.checkpoint if last else None
        events = checkpoints = 0
        for signed in self.vault.checkpoints(after=before.number if before else 0):
            for logged in covered_by(self.vault, before, signed.checkpoint):
                file.event(logged)
                events += 1
            file.checkpoint(signed)
            before = signed.checkpoint
            checkpoints += 1
        return Exported(events, checkpoints, before.number if before else 0)

    def _base(self, file: OpenExport, number: int) -> SignedCheckpoint:
        """The first line of a file that goes on where another ended."""
        base = self.vault.checkpoint(number)
        if base is None:
            raise NotFound(f"there is no checkpoint {number}", remedy="See: seedvault audit verify")
        file.checkpoint(base)
        return base

    def _refuse_other(self, last: SignedCheckpoint) -> None:
        held = self.vault.checkpoint(last.checkpoint.number)
        if held is None or held.checkpoint != last.checkpoint:
            raise Conflict(
                f"{self.file.name} ends with checkpoint {last.checkpoint.number}, which is not the "
                "database's: the database was restored, cut off or rewritten, or this is another "
                "vault's",
                unchanged="Nothing was written to it.",
                remedy="Keep it as evidence: seedvault audit verify --export FILE. Name a new file "
                "to go on.",
            )


def covered_by(
    vault: AuditVault, before: Checkpoint | None, now: Checkpoint
) -> Iterator[LoggedEvent]:
    """The events that `now` covers and `before` did not, chain by chain; constant in memory.

    Raises SealBroken where they are not the ones that were signed.
    """
    for head in now.heads:
        begun = before.head(head.chain) if before else ChainHead(head.chain, 0, GENESIS)
        if vault.digest_at(head.chain, head.sequence) != head.digest:
            raise _rewritten(head.chain, head.sequence, now)
        yield from _checked(vault, begun, head, now)


def _checked(
    vault: AuditVault, begun: ChainHead, head: ChainHead, now: Checkpoint
) -> Iterator[LoggedEvent]:
    for logged in vault.part(head.chain, begun.sequence, head.sequence):
        if check_link(begun, logged) is not None:
            raise _rewritten(logged.chain, logged.sequence, now)
        begun = ChainHead(logged.chain, logged.sequence, logged.digest)
        yield logged
    if begun != head:
        raise _rewritten(head.chain, head.sequence, now)


def _rewritten(chain: int, sequence: int, now: Checkpoint) -> SealBroken:
    return SealBroken(
        f"event {sequence} of chain {chain} is not the one that checkpoint {now.number} is over: "
        "the audit log was cut off or rewritten",
        unchanged="It was not exported.",
        remedy="Keep the database as evidence: seedvault audit verify --export FILE",
    )


@dataclass(frozen=True, slots=True)
class CopyToSyslog:
    """What a checkpoint covers, sent as it is written; nothing is sent again if it was lost."""

    vault: AuditVault
    syslog: Syslog

    def __call__(self, signed: SignedCheckpoint) -> bool:
        """Whether it was few enough to be sent. Raises StorageUnavailable."""
        number = signed.checkpoint.number
        before = self.vault.checkpoint(number - 1) if number > 1 else None
        stated = before.checkpoint if before else None
        if signed.checkpoint.events - (stated.events if stated else 0) > IN_PASSING:
            return False
        self.syslog.send([*covered_by(self.vault, stated, signed.checkpoint), signed])
        return True
