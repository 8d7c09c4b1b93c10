"""What a token must do, in plain Python, written from the threat model and not from the code.

The model knows the seed, which the vault does not. It is asked the same as the vault, and gives the
answer that has to come.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from seedvault.domain.names import Serial
from seedvault.domain.oath import Counting, HotpParameters
from seedvault.domain.outcome import Reason
from seedvault.domain.token import State
from tests.drills.nodes import first_factor, shown
from tests.support.tokens import NOON, serial

_UNUSABLE = {
    State.SUSPENDED: Reason.SUSPENDED,
    State.REVOKED: Reason.REVOKED,
    State.RETIRED: Reason.RETIRED,
}
_LIFE = {
    "suspend": ((State.BOUND,), State.SUSPENDED),
    "resume": ((State.SUSPENDED,), State.BOUND),
    "unassign": ((State.BOUND, State.SUSPENDED), State.IN_STOCK),
    "revoke": ((State.IN_STOCK, State.BOUND, State.SUSPENDED), State.REVOKED),
    "retire": ((State.IN_STOCK, State.REVOKED), State.RETIRED),
}
_DAY = timedelta(days=1)


class Answer(NamedTuple):
    """What the vault says: "accepted", "done", "conflict", or why not; and the factor accepted."""

    word: str
    factor: int | None = None


DONE, CONFLICT = Answer("done"), Answer("conflict")
UNTRUSTED = Answer("clock not trusted")


@dataclass(slots=True)
class Record:
    """What the audit log says of the time. What stood there when a clock was accepted counts no
    more: in its place stands the time that was accepted.
    """

    latest: datetime = NOON
    doubted: datetime | None = None
    accepted: datetime = NOON

    def note(self, now: datetime) -> None:
        """Something happened."""
        self.latest = max(self.latest, now)

    def accept(self, now: datetime) -> None:
        """Trust a clock, whatever is on record."""
        self.doubted, self.accepted = self.latest, now

    def contradicts(self, now: datetime) -> bool:
        """Whether `now` is so far before it that it cannot be the time."""
        counts = self.doubted is None or self.latest > self.doubted
        return (self.latest if counts else self.accepted) - now > timedelta(seconds=4)


@dataclass(slots=True)
class Card:
    """One token. `spent` has every factor that was accepted, in order.

    Those that are `forgotten` were accepted by a vault that was put back since. The token's own
    clock is `runs_by` steps off, whatever the vault knows of its `drift`.
    """

    number: int
    kind: Counting
    record: Record
    state: State = State.IN_STOCK
    owner: str | None = None
    next_factor: int = 0
    drift: int = 0
    runs_by: int = 0
    synchronised_at: datetime = NOON
    failures: int = 0
    last_failure_at: datetime | None = None
    resyncs: int = 0
    resyncs_since: datetime | None = None
    must_resync: bool = False
    spent: list[int] = field(default_factory=list)
    forgotten: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.next_factor = self.next_factor or first_factor(self.kind, NOON)

    @property
    def serial(self) -> Serial:
        return serial(self.number)

    def shows(self, factor: int) -> str:
        """Its code at a counter or time step."""
        return shown(self.number, self.kind, max(0, factor))

    def expected(self, now: datetime) -> int:
        """The factor that its holder's next code will have."""
        unspent = max([self.next_factor, *(factor + 1 for factor in self.spent)])
        if isinstance(self.kind, HotpParameters):
            return unspent
        return max(self.kind.step_at(now) + self.runs_by, unspent)

    def is_within_reach(self, now: datetime) -> bool:
        """Whether two codes bring it back, or staff have to search more widely."""
        return self.expected(now) in self._wide_window(now)

    # --- codes ----------------------------------------------------------------------------------

    def verify(self, code: str, now: datetime) -> Answer:
        """The holder's code: nobody's code is accepted, nor one of a token that is not usable."""
        if self._is_past(now):
            return UNTRUSTED
        if self.state is State.IN_STOCK:
            return Answer(Reason.NOT_BOUND.value)
        return self._held_back((code,), now) or self._out_of_step() or self._tried(code, now)

    def resynchronise(self, codes: tuple[str, str], now: datetime) -> Answer:
        """Two codes, one right after the other, above all that was accepted; both are spent."""
        if self._is_past(now):
            return UNTRUSTED
        refused = self._held_back(codes, now) or self._no_more_today(codes, now)
        if refused:
            return refused
        self._count_resync(now)
        pairs = [
            factor
            for factor in self._wide_window(now)
            if self.shows(factor) == codes[0] and self.shows(factor + 1) == codes[1]
        ]
        ahead = [factor for factor in pairs if factor >= self.next_factor]
        if not ahead:
            self._fail(now)
            return Answer("not resynchronised")
        self.must_resync = False
        self._spend(ahead[-1], now, by_two=True)
        return self._spend(ahead[-1] + 1, now, by_two=True)

    # --- the desk -------------------------------------------------------------------------------

    def assign(self, owner: str, code: str | None, now: datetime) -> Answer:
        """From stock; where a code is to prove it, only by a code that is accepted."""
        if self.state is not State.IN_STOCK:
            return CONFLICT
        proof = DONE
        if code is not None:
            if self._is_past(now):
                return UNTRUSTED
            proof = self._held_back((code,), now) or self._out_of_step() or self._tried(code, now)
            if proof.factor is None:
                return proof
        self.state, self.owner = State.BOUND, owner
        return Answer(DONE.word, proof.factor)

    def step(self, name: str) -> Answer:
        """A step in its life."""
        sources, target = _LIFE[name]
        if self.state not in sources:
            return CONFLICT
        self.state = target
        if target not in {State.BOUND, State.SUSPENDED}:
            self.owner = None
        return DONE

    def unlock(self) -> Answer:
        """Failures are forgotten, and nothing else."""
        self.failures, self.last_failure_at = 0, None
        return DONE

    # --- how it decides -------------------------------------------------------------------------

    def _is_past(self, now: datetime) -> bool:
        """Codes that depend on the time are not judged by a clock that was set back."""
        return not isinstance(self.kind, HotpParameters) and self.record.contradicts(now)

    def _held_back(self, codes: tuple[str, ...], now: datetime) -> Answer | None:
        if self.state in _UNUSABLE:
            return Answer(_UNUSABLE[self.state].value)
        for code in codes:
            if not (len(code) == self.kind.digits and code.isascii() and code.isdigit()):
                return Answer(Reason.MALFORMED.value)
        return self._locked(now)

    def _out_of_step(self) -> Answer | None:
        """One code is not enough where nobody knows which are spent."""
        return Answer(Reason.NEEDS_RESYNC.value) if self.must_resync else None

    def _locked(self, now: datetime) -> Answer | None:
        six = isinstance(self.kind, HotpParameters) and self.kind.digits == 6
        if self.failures >= (30 if six else 50):
            return Answer(Reason.DISABLED.value)
        if self.last_failure_at is None or self.failures < 3:
            return None
        locked = self.failures >= 10
        wait = timedelta(minutes=30) if locked else timedelta(seconds=2 ** (self.failures - 3))
        if now >= self.last_failure_at + wait:
            return None
        return Answer((Reason.LOCKED if locked else Reason.DELAYED).value)

    def _tried(self, code: str, now: datetime) -> Answer:
        found = [factor for factor in self._window(now) if self.shows(factor) == code]
        unspent = [factor for factor in found if factor >= self.next_factor]
        if unspent:
            return self._spend(unspent[-1], now)
        self._fail(now)
        return Answer((Reason.ALREADY_USED if found else Reason.NO_MATCH).value)

    def _window(self, now: datetime) -> range:
        if isinstance(self.kind, HotpParameters):
            return range(max(0, self.next_factor - 1), self.next_factor + 11)
        idle = max(0, (now - self.synchronised_at).days)
        half, centre = min(10, 1 + idle // 15), self.kind.step_at(now) + self.drift
        return range(centre - half, centre + half + 1)

    def _wide_window(self, now: datetime) -> range:
        if isinstance(self.kind, HotpParameters):
            return range(max(0, self.next_factor - 10), self.next_factor + 1_001)
        centre = self.kind.step_at(now) + self.drift
        return range(centre - 120, centre + 121)

    def _no_more_today(self, codes: tuple[str, str], now: datetime) -> Answer | None:
        if codes[0] == codes[1]:
            return Answer(Reason.SAME_CODE.value)
        since = self.resyncs_since
        if since is None or now >= since + _DAY or self.resyncs < 5:
            return None
        return Answer(Reason.RESYNCS_SPENT.value)

    def _count_resync(self, now: datetime) -> None:
        if self.resyncs_since is None or now >= self.resyncs_since + _DAY:
            self.resyncs, self.resyncs_since = 0, now
        self.resyncs += 1

    def _fail(self, now: datetime) -> None:
        self.failures, self.last_failure_at = self.failures + 1, now

    def _spend(self, factor: int, now: datetime, *, by_two: bool = False) -> Answer:
        """Once, and never backwards, whatever else the model says.

        A vault that was put back cannot know two codes in a row that were spent since.
        """
        assert factor >= self.next_factor, f"{factor} is not above {self.next_factor}"
        known = set(self.spent) - (self.forgotten if by_two else set())
        assert factor not in known, f"{factor} is accepted twice"
        self.spent.append(factor)
        if not isinstance(self.kind, HotpParameters):
            self.drift = self.runs_by = factor - self.kind.step_at(now)
        self.next_factor, self.synchronised_at = factor + 1, now
        self.unlock()
        return Answer("accepted", factor)
