"""One process of a race for codes: `python -m tests.support.racer HOME SERIAL THREADS [naive]`.

Reads rounds from standard input, "UNIX-TIME CODE [CHALLENGE]" a line, verifies the code, or the
response, in all threads at once, and answers each round with how many of them were told that it is
accepted.
"""

# ruff: noqa: T201 - it answers on standard output

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from seedvault import config
from seedvault.domain.audit import AuditEvent
from seedvault.domain.challenge import Challenge, ChallengeId
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted, Outcome
from seedvault.domain.token import Progress
from seedvault.service.challenge import Answer, VerifyResponse
from seedvault.service.challenge_ports import ChallengeTransaction, ChallengeVault
from seedvault.service.ports import Stale, StoredToken
from seedvault.service.verify import VerifyCode
from seedvault.wiring import Application


@dataclass(frozen=True, slots=True)
class NaiveVault:
    """What a vault without the conditional write would be: the last writer wins."""

    vault: ChallengeVault

    def challenge(self, seen: StoredToken, named: ChallengeId) -> Challenge | None:
        return self.vault.challenge(seen, named)

    def token(self, serial: Serial) -> StoredToken | None:
        return self.vault.token(serial)

    @contextmanager
    def transaction(self) -> Iterator["NaiveTransaction"]:
        with self.vault.transaction() as transaction:
            yield NaiveTransaction(self.vault, transaction)


@dataclass(frozen=True, slots=True)
class NaiveTransaction:
    """Writes over whatever stands there by now."""

    vault: ChallengeVault
    transaction: ChallengeTransaction

    def advance(self, seen: StoredToken, progress: Progress, accepted: int | None) -> None:
        now_there = self.vault.token(seen.token.device.serial)
        assert now_there is not None
        self.transaction.advance(now_there, progress, None)

    def spend_challenge(
        self, seen: StoredToken, spent: Challenge, kept_at: datetime | None
    ) -> None:
        with suppress(Stale):
            self.transaction.spend_challenge(seen, spent, kept_at)

    def commit(self, event: AuditEvent) -> None:
        self.transaction.commit(event)


def race(home: Path, serial: Serial, threads: int, *, naive: bool) -> None:
    """Answer rounds until standard input ends."""
    barrier = threading.Barrier(threads)
    with Application(config.load(home)) as application, ThreadPoolExecutor(threads) as pool:
        vault: ChallengeVault = application.vault
        if naive:
            vault = NaiveVault(vault)  # type: ignore[assignment]  # as much as verification uses
        deciding = partial(_decision, vault, application)
        application.keys  # noqa: B018 - logged in before the race
        print("ready", flush=True)
        for line in sys.stdin:
            decide = deciding(serial, *line.split())

            def one(_: int, decide: Callable[[], Outcome] = decide) -> bool:
                barrier.wait()
                return isinstance(decide(), Accepted)

            print(sum(pool.map(one, range(threads))), flush=True)


def _decision(
    vault: ChallengeVault,
    application: Application,
    serial: Serial,
    unix_s: str,
    code: str,
    *challenge: str,
) -> Callable[[], Outcome]:
    """What every thread decides in one round."""
    now = datetime.fromtimestamp(int(unix_s), UTC)
    keys, policies = application.keys, application.policies
    if not challenge:
        return lambda: VerifyCode(vault, keys, lambda: now, policies)(serial, code, "racer")
    answer = Answer(ChallengeId(challenge[0]), code)
    return lambda: VerifyResponse(vault, keys, lambda: now, policies)(serial, answer, "racer")


if __name__ == "__main__":
    race(Path(sys.argv[1]), Serial(sys.argv[2]), int(sys.argv[3]), naive="naive" in sys.argv[4:])
