"""One client of the drill of failover: `python -m tests.drills.failover_load HOME TOKENS`.

Told "go", it spends one code after the other, of all tokens in turn; what the database cannot
decide it asks again. When the database is lost it says so, and waits. Told "replay", it tries every
code again that was accepted, the oldest first, and those of unknown outcome. Told "stop", it says
what came of it.
"""

import json
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from select import select
from time import sleep, time

from seedvault import config
from seedvault.domain.errors import StorageUnavailable
from seedvault.domain.names import Serial
from seedvault.domain.outcome import Accepted
from seedvault.service.verify import VerifyCode
from seedvault.wiring import Application
from tests.support.policies import Boundless, Everywhere
from tests.support.seed_files import hotp_code, serial

_PAUSE_S = 0.02
# Codes that another client was told are accepted are no guesses of ours.
_OFTEN = 10**6
_POLICIES = Everywhere(
    Boundless(free_failures=_OFTEN, lock_at=_OFTEN, disable_at=_OFTEN, disable_hotp6_at=_OFTEN)
)

Code = tuple[int, int]
"""The place of a token, and a counter."""


@dataclass
class Client:
    """What it tries, and what it was told."""

    verify: VerifyCode
    tokens: int
    accepted: dict[Code, float] = field(default_factory=dict)
    twice: list[Code] = field(default_factory=list)
    unavailable: int = 0
    _next: int = 0

    def spend(self) -> Code | None:
        """Until there is another word, or until the database is lost: then the code in doubt."""
        while not select([sys.stdin], [], [], 0)[0]:
            counter, place = divmod(self._next, self.tokens)
            try:
                self._try((place, counter))
            except StorageUnavailable:
                self.unavailable += 1
                print("lost", flush=True)
                return place, counter
            self._next += 1
        return None

    def replay(self, doubtful: Code | None) -> None:
        """Every code again, until it is decided."""
        for code in [*self.accepted, *([doubtful] if doubtful else [])]:
            while True:
                try:
                    self._try(code)
                except StorageUnavailable:
                    self.unavailable += 1
                    sleep(_PAUSE_S)
                else:
                    break

    def _try(self, code: Code) -> None:
        place, counter = code
        told = self.verify(Serial(serial(place)), hotp_code(place, counter), "drill")
        if isinstance(told, Accepted):
            if code in self.accepted:
                self.twice.append(code)
            self.accepted[code] = time()

    def words(self) -> str:
        told = [[*code, at] for code, at in self.accepted.items()]
        return json.dumps({"accepted": told, "twice": self.twice, "unavailable": self.unavailable})


def run(home: Path, tokens: int) -> None:
    """Do as standard input says."""
    with Application(config.load(home)) as application:
        verify = replace(application.verify_code, policies=_POLICIES)
        client, doubtful = Client(verify, tokens), None
        print("ready", flush=True)
        while (word := sys.stdin.readline().strip()) != "stop":
            if word == "go":
                doubtful = client.spend()
            else:
                client.replay(doubtful)
                print("replayed", flush=True)
        print(client.words(), flush=True)


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
