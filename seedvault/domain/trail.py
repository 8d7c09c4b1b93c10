"""The log read from beginning to end, as an export has it: each checkpoint after its events.

Constant in memory: where each chain has come to, and the last checkpoint.
"""

from collections.abc import Iterator

from seedvault.domain.audit import (
    GENESIS,
    SERIAL_CHAINS,
    Break,
    ChainHead,
    LoggedEvent,
    check_link,
)
from seedvault.domain.checkpoint import Checkpoint, SignedCheckpoint, succession
from seedvault.domain.trust import Trust


class Trail:
    """Follows a log, and tells where it breaks.

    One that begins with a checkpoint goes on from there: an export may be continued in another
    file. `begun_after` is that one's number, `events` those that were read.
    """

    def __init__(self, trust: Trust) -> None:
        self.trust = trust
        self.events = 0
        self.checkpoints = 0
        self.begun_after = 0
        self.last: Checkpoint | None = None
        self._heads: dict[int, ChainHead] = {}

    @property
    def uncovered(self) -> int:
        """How many of the events stand behind the last checkpoint."""
        covered = self.last.events if self.last else 0
        return max(0, sum(head.sequence for head in self._heads.values()) - covered)

    def event(self, logged: LoggedEvent) -> Iterator[Break]:
        """Every way in which the next event does not follow."""
        self.events += 1
        chain = logged.chain
        if not 0 <= chain <= SERIAL_CHAINS:
            yield Break(chain, logged.sequence, "there is no such chain")
            return
        what = check_link(self._head(chain), logged)
        if what is not None:
            yield Break(chain, logged.sequence, what)
        self._heads[chain] = ChainHead(chain, logged.sequence, logged.digest)

    def checkpoint(self, signed: SignedCheckpoint) -> Iterator[Break]:
        """Every way in which the next checkpoint does not follow, or is not over what was read."""
        now = signed.checkpoint
        self.checkpoints += 1
        if self.last is None and not self.events:
            self.begun_after = now.number
            self._heads = {head.chain: head for head in now.heads}
        else:
            for what in succession(self.last, now):
                yield Break(None, None, what, checkpoint=now.number)
            yield from self._ends(now)
        what_of_it = self.trust.check(signed)
        if what_of_it is not None:
            yield Break(None, None, what_of_it, checkpoint=now.number)
        self.last = now

    def end(self) -> Iterator[Break]:
        """What is wrong where nothing follows."""
        what = self.trust.end()
        if what is not None:
            yield Break(None, None, what)

    def _ends(self, now: Checkpoint) -> Iterator[Break]:
        """A checkpoint is over what was read, no more and no less; the trail goes on from it."""
        for chain in sorted({*self._heads, *(head.chain for head in now.heads)}):
            signed, read = now.head(chain), self._head(chain)
            if signed.sequence != read.sequence:
                what = f"events up to {signed.sequence} were signed, {read.sequence} were read"
                yield Break(chain, signed.sequence, what, checkpoint=now.number)
            elif signed.digest != read.digest:
                what = "another event was signed here"
                yield Break(chain, signed.sequence, what, checkpoint=now.number)
        self._heads = {head.chain: head for head in now.heads}

    def _head(self, chain: int) -> ChainHead:
        return self._heads.get(chain) or ChainHead(chain, 0, GENESIS)
