"""Whatever hypothesis thinks of, done on two nodes whose clock jumps, and the model beside them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from seedvault.domain.outcome import Reason
from tests.drills.stateful_cluster import KINDS, USERS, Cluster, Done, Ground
from tests.drills.stateful_model import Card
from tests.drills.stateful_operations import (
    AcceptTime,
    Assign,
    Live,
    Operation,
    Resynchronise,
    Rotate,
    Unlock,
    Verify,
)
from tests.drills.stateful_restore import Kept, keep, restore

_JUMPS_S = (
    *(0, 0, 0, 0, 1, 5, 30, 30, 60, 60, 600, 1_800, 86_400, 20 * 86_400),
    *(-30, -60, -3_600, -2 * 86_400),
)
_SKEWS_S = (0, 2, 30, -30)
_OFFSETS = (0, 0, 0, 0, 0, 1, 1, 2, -1, -2, 5, 40, 900)
_MALFORMED = ("", "12345", "1234567890", "12345a", "\uff11" * 6, " 123456")
_FAR = 5_000  # a code from so far ahead is wrong everywhere
_LONGEST_WAIT_S, _LOCK_S = 65, 1_801
_LIVES = (*("suspend", "resume", "resume", "unassign") * 3, "revoke", "retire")
_DEEDS = {
    "verify": 12, "verify what was spent": 3, "verify nonsense": 1, "resynchronise": 3, "assign": 2,
    "assign by a code": 2, "unlock": 1, "live": 3,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """Something to be done with a token.

    `offset` is where its code stands beside the expected one, `pick` chooses what else there is,
    and `later_s` is how long one waits first.
    """

    deed: str
    number: int
    offset: int
    pick: int
    later_s: int

    def meant(self, card: Card, cluster: Cluster) -> Operation:
        """What it is now: codes are those of this moment."""
        expected = card.expected(cluster.now) + self.offset
        code, user = card.shows(expected), USERS[self.pick % len(USERS)]
        spent = card.spent[self.pick % len(card.spent)] if card.spent else expected
        meant: dict[str, Operation] = {
            "verify": Verify(self.number, code),
            "verify what was spent": Verify(self.number, card.shows(spent)),
            "verify nonsense": Verify(self.number, _MALFORMED[self.pick % len(_MALFORMED)]),
            "resynchronise": Resynchronise(self.number, (code, card.shows(expected + 1))),
            "assign": Assign(self.number, user, None),
            "assign by a code": Assign(self.number, user, code),
            "unlock": Unlock(self.number),
            "live": Live(self.number, _LIVES[self.pick]),
        }
        return meant[self.deed]


@dataclass(slots=True)
class Figures:
    """What was done, and what the vault said to it.

    `crossed` counts what was done between a decision and its commit, `again` the decisions that
    then had to be made once more.
    """

    examples: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    crossed: int = 0
    again: int = 0

    def note(self, done: Sequence[Done]) -> None:
        """Count operations and answers."""
        for each in done:
            self.steps[type(each.operation).__name__.lower()] += 1
            self.answers[each.answer.word] += 1


_NODES = st.sampled_from((0, 1))
_NUMBERS = st.sampled_from(list(KINDS))
_WISHES = st.builds(
    Wish,
    deed=st.sampled_from([deed for deed, weight in _DEEDS.items() for _ in range(weight)]),
    number=_NUMBERS,
    offset=st.sampled_from(_OFFSETS),
    later_s=st.sampled_from(_JUMPS_S),
    pick=st.integers(0, len(_LIVES) - 1),
)


class TwoNodes(RuleBasedStateMachine):
    """One example; a subclass of each run's own sets `ground` and `figures`."""

    ground: ClassVar[Ground]
    figures: ClassVar[Figures]

    def __init__(self) -> None:
        super().__init__()
        self.cluster = self.ground.cluster()
        self.figures.examples += 1
        self._rotated = self._restarted = False
        self._kept: Kept | None = None
        self._failed = False

    @rule(node=_NODES, wish=_WISHES)
    def act(self, node: int, wish: Wish) -> None:
        """On one node, with nobody in between."""
        with self._step():
            self._wait(wish.later_s)
            self.figures.note([self.cluster.do(node, self._meant(wish))])

    @rule(node=_NODES, number=_NUMBERS, times=st.sampled_from((2, 3, 5, 9, 11, 31, 51)))
    def guess(self, node: int, number: int, times: int) -> None:
        """So many wrong codes, each as soon as one is tried again, while any are tried at all."""
        with self._step():
            for _ in range(times):
                card = self.cluster.cards[number]
                wrong = Verify(number, card.shows(card.expected(self.cluster.now) + _FAR))
                done = self.cluster.do(node, wrong)
                self.figures.note([done])
                if done.answer.word != Reason.NO_MATCH.value:
                    break
                failures = self.cluster.cards[number].failures
                self._wait(_LOCK_S if failures >= 10 else _LONGEST_WAIT_S)

    @rule(wish=_WISHES, others=st.lists(_WISHES, min_size=1, max_size=2), alike=st.booleans())
    def cross(self, wish: Wish, others: list[Wish], *, alike: bool) -> None:
        """Decide on one node, do others to the same token on the other, then commit.

        Where they are `alike`, the others are the very same thing.
        """
        with self._step():
            self._wait(wish.later_s)
            operation = self._meant(wish)
            between = [
                operation if alike else self._meant(replace(other, number=wish.number))
                for other in others
            ]
            self._cross(operation, between)

    @precondition(lambda self: not self._restarted)
    @rule(node=_NODES, skew_s=st.sampled_from(_SKEWS_S))
    def restart(self, node: int, skew_s: int) -> None:
        """One node ends, and another begins: with a clock that is off by so much."""
        with self._step():
            self._restarted = True
            self.figures.steps["restart"] += 1
            self.cluster.restart(node, skew_s)

    @precondition(lambda self: self.cluster.is_past)
    @rule(node=_NODES, number=_NUMBERS)
    def accept_clock(self, node: int, number: int) -> None:
        """Somebody says that the later time on record was the wrong one."""
        with self._step():
            accept = AcceptTime(number, self.cluster.nodes[node].vault)
            self.figures.note([self.cluster.do(node, accept)])

    @precondition(lambda self: self._kept is None)
    @rule()
    def keep(self) -> None:
        """Somebody has a copy of the vault from here on."""
        with self._step():
            self._kept = keep(self.cluster, self.ground.databases)

    @precondition(lambda self: self._kept is not None and self._kept.may_come_back(self.cluster))
    @rule()
    def restore(self) -> None:
        """The copy takes the vault's place; what was accepted since is forgotten."""
        assert self._kept is not None
        with self._step():
            self.figures.steps["restore"] += 1
            restore(self.cluster, self._kept, self.ground.databases)
            self._kept = None

    @precondition(lambda self: not self._rotated)
    @rule(wish=_WISHES)
    def rotate(self, wish: Wish) -> None:
        """All keys are new, between a decision and its commit."""
        with self._step():
            self._rotated = True
            self._cross(self._meant(wish), [Rotate(wish.number, self.cluster.rotate)])

    def teardown(self) -> None:
        """Unless something was wrong already: was all of it sound?"""
        try:
            if not self._failed:
                self.cluster.conclude()
        finally:
            self.cluster.stop()
            for url in (self.cluster.site.url, *([self._kept.url] if self._kept else ())):
                self.ground.databases.drop(url)

    def _wait(self, seconds: int) -> None:
        """The clock of all goes on, or back."""
        if seconds:
            self.figures.steps["clock on" if seconds > 0 else "clock back"] += 1
            self.cluster.now += timedelta(seconds=seconds)

    def _meant(self, wish: Wish) -> Operation:
        return wish.meant(self.cluster.cards[wish.number], self.cluster)

    def _cross(self, operation: Operation, between: list[Operation]) -> None:
        before = self.cluster.decisions
        done = self.cluster.cross(operation, between)
        self.figures.note(done)
        self.figures.crossed += len(done) - 1
        self.figures.again += max(self.cluster.decisions - before - 1, 0)

    @contextmanager
    def _step(self) -> Iterator[None]:
        self._failed = True
        yield
        self._failed = False
