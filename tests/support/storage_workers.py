"""What other processes do to a vault in the tests of `storage`."""

import sys
import time
from dataclasses import replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Protocol

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Tier
from seedvault.service.ports import Arrival, Stale
from seedvault.storage import SqlVault
from tests.support.tokens import NOON, new_token, serial
from tests.support.vaults import SOURCE, event, held_token, reopen


class Results(Protocol):
    """Where a worker puts the rounds it won."""

    def put(self, rounds: list[int]) -> None: ...


def race(folder: Path, barrier: Barrier, rounds: int, results: Results) -> None:
    """In each round, read token 1 together with all others, then try to spend one factor."""
    vault = reopen(folder)
    won = []
    for factor in range(rounds):
        barrier.wait()
        seen = held_token(vault, serial(1))
        barrier.wait()
        try:
            with vault.transaction() as transaction:
                spent = replace(seen.token.progress, next_factor=factor + 1)
                transaction.advance(seen, spent, factor)
                transaction.commit(event(serial(1)))
        except Stale:
            continue
        won.append(factor)
    results.put(won)
    vault.close()


def import_and_hang(vault: SqlVault) -> None:
    """Stage two chunks, say so, and wait to be killed."""
    staging = vault.stage(SOURCE, Tier.NARROW, "ingrid", NOON)
    for first in (0, 100):
        staging.add([Arrival(new_token(number), number) for number in range(first, first + 100)])
    print("staged", flush=True)  # noqa: T201 - how the parent knows
    time.sleep(60)


def publish_at_once(vault: SqlVault) -> None:
    """Stage many tokens, say so, and publish them."""
    staging = vault.stage(SOURCE, Tier.NARROW, "ingrid", NOON)
    staging.add([Arrival(new_token(number), number) for number in range(4_000)])
    print("staged", flush=True)  # noqa: T201 - how the parent knows
    staging.publish(AuditEvent(EventKind.BATCH_IMPORTED, NOON, "ingrid"))
    time.sleep(60)


if __name__ == "__main__":
    {"hang": import_and_hang, "publish": publish_at_once}[sys.argv[1]](reopen(Path(sys.argv[2])))
