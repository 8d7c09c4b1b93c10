"""What contestants of a race do to one token: all the same, or everybody something else."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from seedvault.domain import life
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict
from seedvault.domain.names import Serial, UserName
from seedvault.domain.oath import Counting, Digest, HotpParameters, TotpParameters
from seedvault.domain.outcome import Accepted
from seedvault.domain.token import InStock, Suspended
from seedvault.service.binding import Assigned, AssignToken, UnassignToken, UnlockToken
from seedvault.service.lifecycle import ChangeLife
from seedvault.service.resync import ResynchroniseToken
from seedvault.service.verify import VerifyCode
from tests.drills.nodes import ACTOR, Node, shown
from tests.drills.racing import Told
from tests.support.policies import DEFAULTS
from tests.support.tokens import serial

# Nine digits, so that no two codes of a look-ahead window are alike by chance: the higher of two is
# accepted, and those between are spent.
HOTP = HotpParameters(Digest.SHA1, 9)
TOTP = TotpParameters(Digest.SHA256, 9, 30)
ALICE, BOB = UserName("alice"), UserName("bob")
_ROUND = timedelta(seconds=30)  # a time step, and longer than failures make a token wait
_LONG_ROUND = timedelta(minutes=35)  # longer than a lock
_AFTERWARDS = timedelta(days=1)  # then nothing is locked, and codes are resynchronised again


@dataclass(frozen=True, slots=True)
class Card:
    """The token that is raced for."""

    number: int
    kind: Counting

    @property
    def serial(self) -> Serial:
        return serial(self.number)

    def shows(self, factor: int) -> str:
        """Its code at a counter or time step."""
        return shown(self.number, self.kind, max(0, factor))

    def __str__(self) -> str:
        return "HOTP" if isinstance(self.kind, HotpParameters) else "TOTP"


@dataclass(frozen=True, slots=True)
class SameCode:
    """All verify the one code that is right in this round. Time goes on from `begun`."""

    card: Card
    rounds: int
    begun: datetime

    def act(self, node: Node, place: int, turn: int) -> Told | None:
        now, kind = self.begun + turn * _ROUND, self.card.kind
        factor = turn if isinstance(kind, HotpParameters) else kind.step_at(now)
        verify = VerifyCode(node.vault, node.keys, lambda: now, DEFAULTS)
        outcome = verify(self.card.serial, self.card.shows(factor), ACTOR)
        if isinstance(outcome, Accepted):
            return Told(turn, EventKind.CODE_ACCEPTED, outcome.factor)
        return None

    def __str__(self) -> str:
        return f"{self.card}, the same code"

    @property
    def known(self) -> list[Told]:
        """What was done to the card before the race."""
        return [Told(-1, EventKind.TOKEN_ASSIGNED)]

    def lost(self, node: Node, told: Sequence[Told], now: datetime) -> int:
        """In how many rounds nobody was told that the code is accepted."""
        return len(set(range(self.rounds)) - {each.turn for each in told})

    @property
    def ended(self) -> datetime:
        """When nothing of the race is pending any more."""
        return self.begun + self.rounds * _ROUND


@dataclass(frozen=True, slots=True)
class Everything:
    """Each verifies, resynchronises, gives away, takes back, suspends, by chance."""

    card: Card
    rounds: int
    begun: datetime
    seed: int

    def act(self, node: Node, place: int, turn: int) -> Told | None:
        chance = random.Random(f"{self.seed} {place} {turn}")
        attempt = _Attempt(self.card, node, chance, self.begun + turn * _LONG_ROUND)
        (deed,) = chance.choices(list(_DEEDS), list(_DEEDS.values()))
        try:
            done = deed(attempt)
        except Conflict:
            return None  # the token is in another state by now
        return Told(turn, *done) if done else None

    def __str__(self) -> str:
        return f"{self.card}, everything at once"

    @property
    def known(self) -> list[Told]:
        """What was done to the card before the race."""
        return []

    def lost(self, node: Node, told: Sequence[Told], now: datetime) -> int:
        """1 where the token's holder, once it has one and is not locked out, does not get in."""
        return not _Attempt(self.card, node, random.Random(self.seed), now).gets_in()

    @property
    def ended(self) -> datetime:
        """When nothing of the race is pending any more."""
        return self.begun + self.rounds * _LONG_ROUND + _AFTERWARDS


_Done = tuple[EventKind, int | None] | None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One contestant's turn. `base` is the next factor as it looked a moment ago."""

    card: Card
    node: Node
    chance: random.Random
    now: datetime
    base: int = field(init=False)

    def __post_init__(self) -> None:
        stored = self.node.vault.token(self.card.serial)
        assert stored is not None
        progress = stored.token.progress
        match self.card.kind:
            case HotpParameters():
                base = progress.next_factor
            case TotpParameters() as clock:
                base = clock.step_at(self.now) + progress.drift_steps
        object.__setattr__(self, "base", base)

    def clock(self) -> datetime:
        return self.now

    def code(self) -> str:
        """A code that may be right."""
        return self.card.shows(self.base + self.chance.choice((-1, 0, 0, 0, 1)))

    def verify(self) -> _Done:
        """A code that may be right, or the last that was accepted."""
        verify = VerifyCode(self.node.vault, self.node.keys, self.clock, DEFAULTS)
        outcome = verify(self.card.serial, self.code(), ACTOR)
        return (EventKind.CODE_ACCEPTED, outcome.factor) if isinstance(outcome, Accepted) else None

    def resynchronise(self) -> _Done:
        resync = ResynchroniseToken(self.node.vault, self.node.keys, self.clock, DEFAULTS)
        first = self.base + self.chance.choice((-1, 0, 2, 20))
        outcome = resync(
            self.card.serial, (self.card.shows(first), self.card.shows(first + 1)), ACTOR
        )
        if isinstance(outcome, Accepted):
            return EventKind.TOKEN_RESYNCHRONISED, outcome.factor
        return None

    def assign(self) -> _Done:
        """By serial, or proven by a code."""
        assign = AssignToken(self.node.vault, self.node.keys, self.clock, DEFAULTS)
        code = self.chance.choice((None, self.code()))
        outcome = assign(self.card.serial, self.chance.choice((ALICE, BOB)), ACTOR, code)
        if not isinstance(outcome, Assigned):
            return None
        return EventKind.TOKEN_ASSIGNED, outcome.proof.factor if outcome.proof else None

    def unassign(self) -> _Done:
        UnassignToken(self.node.vault, self.node.keys, self.clock)(self.card.serial, ACTOR)
        return EventKind.TOKEN_UNASSIGNED, None

    def unlock(self) -> _Done:
        UnlockToken(self.node.vault, self.node.keys, self.clock)(self.card.serial, ACTOR)
        return EventKind.TOKEN_UNLOCKED, None

    def suspend(self) -> _Done:
        return self._change(life.SUSPEND, life.suspend)

    def resume(self) -> _Done:
        return self._change(life.RESUME, life.resume)

    def gets_in(self) -> bool:
        """Whatever the token went through, its next code is good for something."""
        stored = self.node.vault.token(self.card.serial)
        assert stored is not None
        if isinstance(stored.token, InStock):
            assign = AssignToken(self.node.vault, self.node.keys, self.clock, DEFAULTS)
            assign(self.card.serial, ALICE, ACTOR)
        if isinstance(stored.token, Suspended):
            self.resume()
        self.unlock()
        verify = VerifyCode(self.node.vault, self.node.keys, self.clock, DEFAULTS)
        outcome = verify(self.card.serial, self.card.shows(self.base), ACTOR)
        return isinstance(outcome, Accepted)

    def _change(self, transition: life.Transition, step: life.Step) -> _Done:
        ChangeLife(self.node.vault, self.node.keys, self.clock, transition, step)(
            self.card.serial, "by chance", ACTOR
        )
        return transition.event, None


_DEEDS: dict[Callable[[_Attempt], _Done], int] = {
    _Attempt.verify: 10, _Attempt.resynchronise: 3, _Attempt.assign: 4, _Attempt.unassign: 1,
    _Attempt.unlock: 1, _Attempt.suspend: 1, _Attempt.resume: 2,
}  # fmt: skip


Errand = SameCode | Everything
