"""What is wrong with a race: what contestants were told, beside what is on record."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from seedvault.domain.audit import AuditEvent, Break, EventKind, check_chain
from seedvault.domain.names import Serial
from seedvault.domain.token import State, owner_of, state_of
from seedvault.service.ports import Vault
from tests.drills.racing import Told
from tests.support.tokens import NOON

_MOVES = {
    EventKind.TOKEN_ASSIGNED: ((State.IN_STOCK,), State.BOUND),
    EventKind.TOKEN_UNASSIGNED: ((State.BOUND, State.SUSPENDED), State.IN_STOCK),
    EventKind.TOKEN_SUSPENDED: ((State.BOUND,), State.SUSPENDED),
    EventKind.TOKEN_RESUMED: ((State.SUSPENDED,), State.BOUND),
    EventKind.TOKEN_REVOKED: ((State.IN_STOCK, State.BOUND, State.SUSPENDED), State.REVOKED),
    EventKind.TOKEN_RETIRED: ((State.IN_STOCK, State.REVOKED), State.RETIRED),
}
_OWNED = {State.BOUND, State.SUSPENDED}
_ANSWERED = {
    EventKind.CODE_ACCEPTED,
    EventKind.TOKEN_RESYNCHRONISED,
    EventKind.TOKEN_UNLOCKED,
    *_MOVES,
}
"""What somebody is told for every event of the kind."""


@dataclass(slots=True)
class Judgement:
    """What a race came to. Every word of `wrong` is a fault of ours."""

    accepted: int = 0
    doubles: int = 0
    wrong: list[str] = field(default_factory=list)


def judge(vault: Vault, serial: Serial, told: Iterable[Told]) -> Judgement:
    """Whether what was told is what is on record, and in an order that may be."""
    events = [event for event in _events(vault, serial) if event.kind in _ANSWERED]
    found = Judgement()
    found.wrong += _differences(events, told)
    life = _Life()
    for event in events:
        found.accepted += event.factor is not None
        found.doubles += life.spends_again(event)
        found.wrong += life.happens(event)
    found.wrong += life.differs_from(vault, serial)
    found.wrong += [f"audit: {broken.what}" for broken in _breaks(vault, serial)]
    return found


def _events(vault: Vault, serial: Serial) -> Iterator[AuditEvent]:
    for logged in vault.chain(_chain_of(serial)):
        if logged.event.serial == serial:
            yield logged.event


def _breaks(vault: Vault, serial: Serial) -> Iterator[Break]:
    chain = _chain_of(serial)
    heads = {head.chain: head for head in vault.heads()}
    return check_chain(chain, vault.chain(chain), heads.get(chain))


def _chain_of(serial: Serial) -> int:
    return AuditEvent(EventKind.CODE_ACCEPTED, NOON, "", serial=serial).chain


def _differences(events: Sequence[AuditEvent], told: Iterable[Told]) -> Iterator[str]:
    heard = Counter((each.kind, each.factor) for each in told)
    written = Counter((event.kind, event.factor) for event in events)
    for (kind, factor), times in (heard - written).items():
        yield f"told {times} x and not on record: {kind.value} {factor}"
    for (kind, factor), times in (written - heard).items():
        yield f"on record and told to nobody {times} x: {kind.value} {factor}"


class _Life:
    """A token as its record tells of it."""

    def __init__(self) -> None:
        self._state = State.IN_STOCK
        self._owner: str | None = None
        self._highest = -1

    def spends_again(self, event: AuditEvent) -> bool:
        """Whether it accepts a code that was spent: that one, or one before the last."""
        if event.factor is None:
            return False
        # Of a resynchronisation's two codes, the second is on record.
        first = event.factor - (event.kind is EventKind.TOKEN_RESYNCHRONISED)
        again = first <= self._highest
        self._highest = max(self._highest, event.factor)
        return again

    def happens(self, event: AuditEvent) -> Iterator[str]:
        """What of it cannot be; then it has happened."""
        state = f"while it is {self._state.value}, {self._owner or 'nobody'}'s"
        if event.kind is EventKind.CODE_ACCEPTED:
            if (self._state, self._owner) != (State.BOUND, event.user):
                yield f"accepted as {event.user}'s {state}"
        elif event.kind in _MOVES:
            sources, target = _MOVES[event.kind]
            if self._state not in sources:
                yield f"{event.kind.value} {state}"
            self._state = target
            self._owner = event.user if target in _OWNED else None

    def differs_from(self, vault: Vault, serial: Serial) -> Iterator[str]:
        """Where the row is not what the record leads to."""
        stored = vault.token(serial)
        assert stored is not None
        token = stored.token
        owner = str(name) if (name := owner_of(token)) else None
        if (state_of(token), owner) != (self._state, self._owner):
            is_now = f"{state_of(token).value}, {owner}'s"
            yield f"it is {is_now}, and not {self._state.value}, {self._owner}'s"
        if token.progress.next_factor <= self._highest:
            yield f"its next factor is {token.progress.next_factor}, after {self._highest}"
