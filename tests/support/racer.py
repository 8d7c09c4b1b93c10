"""One process of a race for codes: `python -m tests.support.racer HOME SERIAL THREADS [naive]`.

Reads rounds from standard input, "UNIX-TIME CODE" a line, verifies the code in all threads at
once, and answers each round with how many of them were told that it is accepted.
"""

# ruff: noqa: T201 - it answers on standard output

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seedvault import config
from seedvault.domain.audit import AuditEvent
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted
from seedvault.domain.token import Progress
from seedvault.service.ports import StoredToken, Transaction, Vault
from seedvault.service.verify import VerifyCode
from seedvault.wiring import Application


@dataclass(frozen=True, slots=True)
class NaiveVault:
    """What a vault without the conditional write would be: the last writer wins."""

    vault: Vault

    def token(self, serial: Serial) -> StoredToken | None:
        return self.vault.token(serial)

    @contextmanager
    def transaction(self) -> Iterator["NaiveTransaction"]:
        with self.vault.transaction() as transaction:
            yield NaiveTransaction(self.vault, transaction)


@dataclass(frozen=True, slots=True)
class NaiveTransaction:
    """Writes over whatever stands there by now."""

    vault: Vault
    transaction: Transaction

    def advance(self, seen: StoredToken, progress: Progress, accepted: int | None) -> None:
        now_there = self.vault.token(seen.token.device.serial)
        assert now_there is not None
        self.transaction.advance(now_there, progress, None)

    def commit(self, event: AuditEvent) -> None:
        self.transaction.commit(event)


def race(home: Path, serial: Serial, threads: int, *, naive: bool) -> None:
    """Answer rounds until standard input ends."""
    barrier = threading.Barrier(threads)
    with Application(config.load(home)) as application, ThreadPoolExecutor(threads) as pool:
        vault: Vault = application.vault
        if naive:
            vault = NaiveVault(vault)  # type: ignore[assignment]  # as much as verification uses
        keys = application.keys
        print("ready", flush=True)
        for line in sys.stdin:
            unix_s, code = line.split()
            now = datetime.fromtimestamp(int(unix_s), UTC)

            def one(_: int, now: datetime = now, code: str = code) -> bool:
                barrier.wait()
                outcome = VerifyCode(vault, keys, lambda: now)(serial, code, "racer")
                return isinstance(outcome, Accepted)

            print(sum(pool.map(one, range(threads))), flush=True)


if __name__ == "__main__":
    race(Path(sys.argv[1]), Serial(sys.argv[2]), int(sys.argv[3]), naive="naive" in sys.argv[4:])
