"""What is done to a token: by a node, for real, and by the model, for what must come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from seedvault.domain import life
from seedvault.domain.audit import EventKind
from seedvault.domain.errors import ClockUntrusted, Conflict
from seedvault.domain.life import Step, Transition
from seedvault.domain.names import UserName
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.service.binding import AssignToken, UnassignToken, UnlockToken
from seedvault.service.clock import AcceptClock
from seedvault.service.clock_ports import TimeVault
from seedvault.service.lifecycle import ChangeLife
from seedvault.service.ports import Keys, Vault
from seedvault.service.resync import ResynchroniseToken
from seedvault.service.verify import VerifyCode
from tests.drills.nodes import ACTOR
from tests.drills.stateful_model import CONFLICT, DONE, UNTRUSTED, Answer, Card
from tests.support.policies import DEFAULTS
from tests.support.tokens import serial

_NOT_FOUND = {Reason.NO_MATCH, Reason.NOT_CONSECUTIVE, Reason.BACKWARDS}
STEPS: dict[str, tuple[Transition, Step]] = {
    transition.name: (transition, step)
    for transition, step in (
        (life.SUSPEND, life.suspend),
        (life.RESUME, life.resume),
        (life.REVOKE, life.revoke),
        (life.RETIRE, life.retire),
    )
}
_RECORDED = {
    "unassign": EventKind.TOKEN_UNASSIGNED,
    "suspend": EventKind.TOKEN_SUSPENDED,
    "resume": EventKind.TOKEN_RESUMED,
    "revoke": EventKind.TOKEN_REVOKED,
    "retire": EventKind.TOKEN_RETIRED,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is done, and when."""

    vault: Vault
    keys: Keys
    now: datetime

    def clock(self) -> datetime:
        return self.now


class Operation(Protocol):
    """One thing that is done to one token."""

    @property
    def number(self) -> int:
        """The token's."""

    @property
    def kind(self) -> EventKind | None:
        """What is on record where it succeeds, if it concerns the token alone."""

    def perform(self, place: Place) -> Answer:
        """For real. Raises Conflict."""

    def expect(self, card: Card, now: datetime) -> Answer:
        """By the model, which changes."""


@dataclass(frozen=True, slots=True)
class Verify:
    """A code is presented."""

    number: int
    code: str

    @property
    def kind(self) -> EventKind:
        return EventKind.CODE_ACCEPTED

    def perform(self, place: Place) -> Answer:
        verify = VerifyCode(place.vault, place.keys, place.clock, DEFAULTS)
        return _answer(verify(serial(self.number), self.code, ACTOR))

    def expect(self, card: Card, now: datetime) -> Answer:
        return card.verify(self.code, now)


@dataclass(frozen=True, slots=True)
class Resynchronise:
    """Two codes are presented to bring it back."""

    number: int
    codes: tuple[str, str]

    @property
    def kind(self) -> EventKind:
        return EventKind.TOKEN_RESYNCHRONISED

    def perform(self, place: Place) -> Answer:
        resync = ResynchroniseToken(place.vault, place.keys, place.clock, DEFAULTS)
        outcome = resync(serial(self.number), self.codes, ACTOR)
        if isinstance(outcome, Rejected) and outcome.reason in _NOT_FOUND:
            return Answer("not resynchronised")
        return _answer(outcome)

    def expect(self, card: Card, now: datetime) -> Answer:
        return card.resynchronise(self.codes, now)


@dataclass(frozen=True, slots=True)
class Assign:
    """It is given to somebody, perhaps proven by a code."""

    number: int
    user: str
    code: str | None

    @property
    def kind(self) -> EventKind:
        return EventKind.TOKEN_ASSIGNED

    def perform(self, place: Place) -> Answer:
        assign = AssignToken(place.vault, place.keys, place.clock, DEFAULTS)
        done = assign(serial(self.number), UserName(self.user), ACTOR, self.code)
        if isinstance(done, Rejected):
            return _answer(done)
        return Answer(DONE.word, done.proof.factor if done.proof else None)

    def expect(self, card: Card, now: datetime) -> Answer:
        return card.assign(self.user, self.code, now)


@dataclass(frozen=True, slots=True)
class Live:
    """A step in its life: suspend, resume, revoke, retire, unassign."""

    number: int
    name: str

    @property
    def kind(self) -> EventKind:
        return _RECORDED[self.name]

    def perform(self, place: Place) -> Answer:
        wanted = serial(self.number)
        if self.name == life.UNASSIGN.name:
            UnassignToken(place.vault, place.keys, place.clock)(wanted, ACTOR)
        else:
            change = ChangeLife(place.vault, place.keys, place.clock, *STEPS[self.name])
            change(wanted, "by chance", ACTOR)
        return DONE

    def expect(self, card: Card, now: datetime) -> Answer:
        return card.step(self.name)


@dataclass(frozen=True, slots=True)
class Unlock:
    """Its failures are forgotten."""

    number: int

    @property
    def kind(self) -> EventKind:
        return EventKind.TOKEN_UNLOCKED

    def perform(self, place: Place) -> Answer:
        UnlockToken(place.vault, place.keys, place.clock)(serial(self.number), ACTOR)
        return DONE

    def expect(self, card: Card, now: datetime) -> Answer:
        return card.unlock()


@dataclass(frozen=True, slots=True)
class Rotate:
    """New keys for old, and every token moved: nobody may notice."""

    number: int
    rotate: Callable[[datetime], None] = field(repr=False)

    @property
    def kind(self) -> None:
        return None

    def perform(self, place: Place) -> Answer:
        self.rotate(place.now)
        return DONE

    def expect(self, card: Card, now: datetime) -> Answer:
        return DONE


@dataclass(frozen=True, slots=True)
class AcceptTime:
    """A node's clock is trusted, whatever later time is on record. The token is any."""

    number: int
    vault: TimeVault = field(repr=False)

    @property
    def kind(self) -> None:
        return None

    def perform(self, place: Place) -> Answer:
        AcceptClock(self.vault, place.clock)(ACTOR)
        return DONE

    def expect(self, card: Card, now: datetime) -> Answer:
        card.record.accept(now)
        return DONE


def performed(operation: Operation, place: Place) -> Answer:
    """What the vault answers; that it cannot decide is an answer."""
    try:
        return operation.perform(place)
    except Conflict:
        return CONFLICT
    except ClockUntrusted:
        return UNTRUSTED


def expected(operation: Operation, card: Card, now: datetime) -> Answer:
    """What the model answers. Whatever is decided is on record, at this time."""
    answer = operation.expect(card, now)
    if answer not in {CONFLICT, UNTRUSTED}:
        card.record.note(now)
    return answer


def _answer(outcome: Outcome) -> Answer:
    if isinstance(outcome, Accepted):
        return Answer("accepted", outcome.factor)
    return Answer(outcome.reason.value)
