"""The log's checkpoints over `FakeVault`: the `AuditVault` port, in memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from seedvault.domain.audit import LoggedEvent
from seedvault.domain.checkpoint import SignedCheckpoint
from seedvault.service.ports import Stale
from tests.support.fakes import FakeTransaction, FakeVault


class FakeAuditVault(FakeVault):
    """A `FakeVault` whose transactions may end with a checkpoint."""

    def __init__(self) -> None:
        super().__init__()
        self.signed: list[SignedCheckpoint] = []

    @property
    def commits(self) -> int:
        return sum(map(len, self.chains.values()))

    def last_checkpoint(self) -> SignedCheckpoint | None:
        return self.signed[-1] if self.signed else None

    def checkpoint(self, number: int) -> SignedCheckpoint | None:
        return next((each for each in self.signed if each.checkpoint.number == number), None)

    def checkpoints(self, after: int = 0) -> Iterator[SignedCheckpoint]:
        return (each for each in self.signed if each.checkpoint.number > after)

    def event_rows(self) -> int:
        return self.commits

    def checkpoint_rows(self) -> int:
        return len(self.signed)

    def part(self, chain: int, after: int, up_to: int) -> Iterator[LoggedEvent]:
        return (each for each in self.chains[chain] if after < each.sequence <= up_to)

    def digest_at(self, chain: int, sequence: int) -> bytes | None:
        found = (each.digest for each in self.chains[chain] if each.sequence == sequence)
        return next(found, None)

    @contextmanager
    def transaction(self) -> Iterator["FakeAuditTransaction"]:
        with self._alone():
            yield FakeAuditTransaction(self)


class FakeAuditTransaction(FakeTransaction):
    """Appends what follows, and nothing else."""

    def __init__(self, vault: FakeAuditVault) -> None:
        super().__init__(vault)
        self._log = vault

    def commit_checkpoint(self, signed: SignedCheckpoint) -> None:
        if signed.checkpoint.number != len(self._log.signed) + 1:
            raise Stale
        self._log.signed.append(signed)
