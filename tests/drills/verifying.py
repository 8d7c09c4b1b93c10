"""A process that verifies codes until it is killed: `HOME TOKENS THREADS [DEFENCE]`.

Every token is alice's and event-based. First the last code that each accepted is presented once
more: "twice SERIAL COUNTER" where it is accepted. Then threads present the next codes; after each
that was accepted, a line says so: "SERIAL COUNTER".
"""

import os
import random
import sys
import threading
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from seedvault import config
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted
from seedvault.service.verify import VerifyCode
from seedvault.wiring import Application
from tests.drills.defences import Defence, without
from tests.support.seed_files import hotp_code, serial


class Holder:
    """The token at one place of the delivery, and the codes that it has shown."""

    def __init__(self, number: int, verify: VerifyCode, spent: int) -> None:
        self._number = number
        self._verify = verify
        self._shown = count(spent)
        self.spent = spent

    def replay(self) -> None:
        """Present the last code that was accepted."""
        if self.spent and self._accepts(self.spent - 1):
            _say(f"twice {serial(self._number)} {self.spent - 1}")

    def present(self) -> None:
        """Present the next code, and say so when it was accepted."""
        counter = next(self._shown)
        if self._accepts(counter):
            _say(f"{serial(self._number)} {counter}")

    def _accepts(self, counter: int) -> bool:
        shown = hotp_code(self._number, counter)
        return isinstance(self._verify(Serial(serial(self._number)), shown, "load"), Accepted)


def _work(holders: Sequence[Holder]) -> None:
    while True:
        random.choice(holders).present()


def _say(line: str) -> None:
    os.write(sys.stdout.fileno(), f"{line}\n".encode())  # whole, and at once


def main(home: Path, tokens: int, threads: int) -> None:
    """Never comes to an end by itself."""
    with Application(config.load(home)) as application:
        verify = application.verify_code
        holders = []
        for number in range(tokens):
            stored = application.vault.token(Serial(serial(number)))
            assert stored is not None
            holders.append(Holder(number, verify, stored.token.progress.next_factor))
        for holder in holders:
            holder.replay()
        _say("begun")
        running = [threading.Thread(target=_work, args=(holders,)) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()


if __name__ == "__main__":
    with without(Defence(sys.argv[4]) if sys.argv[4:] else None):
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
