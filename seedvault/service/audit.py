"""Proving that the record of what happened is the one that was written."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from seedvault.domain.audit import SERIAL_CHAINS, Break, LoggedEvent, check_chain
from seedvault.domain.checkpoint import Checkpoint, SignedCheckpoint, succession
from seedvault.domain.errors import SealBroken
from seedvault.domain.trail import Trail
from seedvault.domain.trust import Trust, Verifies
from seedvault.service.audit_ports import AuditVault, ExportedLine
from seedvault.service.audit_restores import EndedExport, ProvenRestore, RestoresOnRecord

MOST_BREAKS = 1_000
"""As many as are told one by one: a file of other octets breaks at every line."""

Anchors = Callable[[], Sequence[bytes]]
"""The public keys that the verifier knows, asked for where there is anything to verify by them."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """How much was checked, and every place where it does not hold, as far as they are told.

    `uncovered` events stand behind the last checkpoint. `unvouched` are the names of keys that are
    known from the log alone. An export that goes on from another file has `begun_after` a
    checkpoint; one that goes on beyond a restore of the database has `ended`.
    """

    events: int
    chains: int
    breaks: tuple[Break, ...]
    more_breaks: int = 0
    checkpoints: int = 0
    uncovered: int = 0
    last: Checkpoint | None = None
    unvouched: tuple[str, ...] = ()
    begun_after: int = 0
    ended: EndedExport | None = None


@dataclass(slots=True)
class _Findings:
    """Breaks, up to a number; then only how many."""

    told: list[Break] = field(default_factory=list)
    more: int = 0

    def add(self, found: Iterable[Break]) -> None:
        for each in found:
            if len(self.told) < MOST_BREAKS:
                self.told.append(each)
            else:
                self.more += 1


@dataclass(frozen=True, slots=True)
class VerifyAudit:
    """Recompute every link of every chain, and every checkpoint over them; constant in memory."""

    vault: AuditVault
    anchors: Anchors
    verifies: Verifies

    def __call__(self) -> AuditReport:
        signed = next(self.vault.checkpoints(), None) is not None
        trust = Trust(self.anchors() if signed else (), self.verifies)
        with self.vault.snapshot():  # a login between heads and chains would look like a break
            return self._report(trust)

    def _report(self, trust: Trust) -> AuditReport:
        findings = _Findings()
        events, chains = self._chains(findings)
        last, checkpoints = self._checkpoints(findings, trust)
        findings.add(_unread(self.vault.event_rows() - events, "events"))
        findings.add(_unread(self.vault.checkpoint_rows() - checkpoints, "checkpoints"))
        end = trust.end()
        findings.add([Break(None, None, end)] if end else [])
        return AuditReport(
            events,
            chains,
            tuple(findings.told),
            findings.more,
            checkpoints,
            max(0, events - (last.events if last else 0)),
            last,
            trust.unvouched,
        )

    def _chains(self, findings: _Findings) -> tuple[int, int]:
        """How many events and chains there are."""
        heads = {head.chain: head for head in self.vault.heads()}
        events = 0

        def counted(chain: int) -> Iterator[LoggedEvent]:
            nonlocal events
            for logged in self.vault.chain(chain):
                events += 1
                yield logged

        chains = {*range(SERIAL_CHAINS + 1), *self.vault.chain_numbers(), *heads}
        for chain in sorted(chains):
            findings.add(check_chain(chain, counted(chain), heads.get(chain)))
        return events, len(chains)

    def _checkpoints(self, findings: _Findings, trust: Trust) -> tuple[Checkpoint | None, int]:
        """The last checkpoint, and how many there are."""
        before, checkpoints = None, 0
        for signed in self.vault.checkpoints():
            now = signed.checkpoint
            checkpoints += 1
            wrong = [*succession(before, now)]
            unsigned = trust.check(signed)
            if unsigned is not None:
                wrong.append(unsigned)
            findings.add(Break(None, None, what, checkpoint=now.number) for what in wrong)
            findings.add(moved(self.vault, before, now))
            before = now
        return before, checkpoints


def _unread(rows: int, of: str) -> Iterator[Break]:
    """Rows that could not be read for what they should be."""
    if rows:
        yield Break(None, None, f"{rows} rows among the {of} are none that Seedvault wrote")


def moved(vault: AuditVault, before: Checkpoint | None, now: Checkpoint) -> Iterator[Break]:
    """Every head since `before` that is not in the database, as it was signed."""
    for head in now.heads:
        if before is not None and before.head(head.chain) == head:
            continue
        if vault.digest_at(head.chain, head.sequence) != head.digest:
            what = "the database has not the event that was signed: cut off, or rewritten"
            yield Break(head.chain, head.sequence, what, checkpoint=now.number)


@dataclass(frozen=True, slots=True)
class VerifyExport:
    """Follow an exported log from its first line to its last; constant in memory.

    Neither vault nor HSM is asked.
    """

    anchors: Anchors
    verifies: Verifies

    def __call__(
        self, lines: Iterable[ExportedLine], beside: "CompareExport | None" = None
    ) -> AuditReport:
        """`lines` may be those of several files, in the order in which they were written."""
        findings, trail = _Findings(), Trail(Trust(self.anchors(), self.verifies))
        for line in lines:
            found = [*followed(trail, line)]
            if beside is not None and isinstance(line.content, SignedCheckpoint):
                found += beside(line.content)
            findings.add(replace(each, line=line.number) for each in found)
        findings.add(trail.end())
        return AuditReport(
            trail.events,
            SERIAL_CHAINS + 1,
            tuple(findings.told),
            findings.more,
            trail.checkpoints,
            trail.uncovered,
            trail.last,
            trail.trust.unvouched,
            trail.begun_after,
            beside.ended if beside else None,
        )


def followed(trail: Trail, line: ExportedLine) -> Iterator[Break]:
    """Every way in which a line does not follow those before it."""
    content = line.content
    match content:
        case LoggedEvent():
            yield from trail.event(content)
        case SignedCheckpoint():
            continued = line.number == 1 and content.checkpoint == trail.last
            if not continued:  # the next file begins with the last checkpoint of the one before
                yield from trail.checkpoint(content)
        case str():
            yield Break(None, None, content)


class CompareExport:
    """Holds the database against an exported log, checkpoint by checkpoint.

    Of each chain, and of the checkpoints, only the first difference is told: all that follows
    differs with it. What a restore left out is no difference, where the log proves the restore.
    """

    def __init__(self, vault: AuditVault, restores: RestoresOnRecord) -> None:
        self._vault = vault
        self._restores = restores
        self._before: Checkpoint | None = None
        self._told: set[int | None] = set()
        self.ended: EndedExport | None = None

    def __call__(self, exported: SignedCheckpoint) -> list[Break]:
        """What the database has otherwise than it was exported."""
        now = exported.checkpoint
        restore = None if self._is_held(now) else self._restores.that_ended(now)
        if restore is not None:
            self._count(restore, now)
            return []
        found = [*moved(self._vault, self._before, now), *self._rewritten(now)]
        self._before = now
        fresh = [each for each in found if each.chain not in self._told]
        self._told.update(each.chain for each in fresh)
        return fresh

    def _count(self, restore: ProvenRestore, now: Checkpoint) -> None:
        ended = self.ended or EndedExport(restore, now.number, 0)
        self.ended = replace(ended, checkpoints=ended.checkpoints + 1)

    def _rewritten(self, now: Checkpoint) -> Iterator[Break]:
        if self._is_held(now):
            return
        what = "the database has another checkpoint of this number, or none"
        if self._restores.epoch > now.epoch:
            what += (
                f"; it calls itself of epoch {self._restores.epoch}, but no signed checkpoint over "
                "a restore's event proves that: if it was just restored, seedvault audit "
                "checkpoint, then verify again"
            )
        yield Break(None, None, what, checkpoint=now.number)

    def _is_held(self, exported: Checkpoint) -> bool:
        try:
            held = self._vault.checkpoint(exported.number)
        except SealBroken:
            return False
        return held is not None and held.checkpoint == exported
