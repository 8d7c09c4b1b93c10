"""Verifications one after the other, every one of them of a right code that is accepted."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import cycle

from importers import Digest
from seedvault import wiring
from seedvault.domain.names import Serial, UserName
from seedvault.domain.outcome import Accepted
from seedvault.service.seed_files import OpenedSeedFile, RefusedRecord
from tests.support.codes import code
from tests.support.pskc_maker import published_seed

STEP_S = 30


class Desk:
    """Takes the tokens in turn; time moves a step between two calls, so that no code is used twice.

    They are `tokens` of a file of the workshop from the `first` on, and bound. Several desks at
    once need one `clock`, which goes on by a step before a desk comes to a token again.
    """

    def __init__(
        self,
        application: wiring.Application,
        tokens: int,
        first: int = 0,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self._numbers = cycle(range(first, first + tokens))
        self._begun = wiring.system_clock()
        self._steps = 0
        self._now = clock or self._after_steps
        self._verify = replace(application.verify_code, clock=self._now)

    def next_code(self) -> Callable[[], None]:
        """Moves time, makes the code that is right then, and gives what verifies it."""
        self._steps += 1
        serial = serial_of(next(self._numbers))
        step = int(self._now().timestamp()) // STEP_S
        shown = code(published_seed(serial.verbatim), step, Digest.SHA1, 6)

        def verify() -> None:
            outcome = self._verify(serial, shown, "benchmark")
            assert isinstance(outcome, Accepted), outcome

        return verify

    def _after_steps(self) -> datetime:
        return self._begun + timedelta(seconds=self._steps * STEP_S)


class Silent:
    """An import's observer who says nothing."""

    def opened(self, file: OpenedSeedFile) -> None: ...
    def advanced(self, tokens: int, octets: int) -> None: ...
    def refused(self, record: RefusedRecord) -> None: ...
    def proposed(self, serial: Serial, user: str) -> None: ...


def serial_of(number: int) -> Serial:
    """Of a token of the workshop's files."""
    return Serial(f"GALT{10_000_000 + number:08d}")


def bind(application: wiring.Application, tokens: int) -> None:
    """Give the first tokens to alice."""
    alice = UserName("alice")
    application.add_user(alice, "benchmark")
    for number in range(tokens):
        application.assign_token(serial_of(number), alice, "benchmark")
