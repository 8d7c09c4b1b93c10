"""Proving that the record of what happened is the one that was written."""

from collections.abc import Iterator
from dataclasses import dataclass

from seedvault.domain.audit import SERIAL_CHAINS, Break, LoggedEvent, check_chain
from seedvault.service.ports import Vault


@dataclass(frozen=True, slots=True)
class AuditReport:
    """How many events and chains were checked, and every place where a link does not hold."""

    events: int
    chains: int
    breaks: tuple[Break, ...]


@dataclass(frozen=True, slots=True)
class VerifyAudit:
    """Recompute every link of every chain; constant in memory."""

    vault: Vault

    def __call__(self) -> AuditReport:
        with self.vault.snapshot():  # a login between heads and chains would look like a break
            return self._report()

    def _report(self) -> AuditReport:
        heads = {head.chain: head for head in self.vault.heads()}
        breaks: list[Break] = []
        events = 0

        def counted(chain: int) -> Iterator[LoggedEvent]:
            nonlocal events
            for logged in self.vault.chain(chain):
                events += 1
                yield logged

        chains = {*range(SERIAL_CHAINS + 1), *self.vault.chain_numbers()}
        for chain in sorted(chains):
            breaks += check_chain(chain, counted(chain), heads.get(chain))
        return AuditReport(events, len(chains), tuple(breaks))
