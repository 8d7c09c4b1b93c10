"""Two nodes on one vault, for one example: what they do, one after the other or in between."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import hsm
from seedvault.domain.audit import SERIAL_CHAINS, Break, EventKind, check_chain
from seedvault.domain.names import UserName
from seedvault.domain.oath import Counting, Digest, HotpParameters, TotpParameters
from seedvault.domain.token import State, owner_of, state_of
from seedvault.domain.vault_key import KeyPurpose
from seedvault.keys.key_room import HsmKeyRoom
from seedvault.service.ports import Transaction, Vault
from seedvault.service.rotation import MoveTokens, RenewKeys
from tests.drills.databases import Databases
from tests.drills.nodes import ACTOR, Node, Site, found_site
from tests.drills.racing import Told
from tests.drills.referee import judge
from tests.drills.stateful_model import Answer, Card, Record
from tests.drills.stateful_operations import (
    Assign,
    Live,
    Operation,
    Place,
    Resynchronise,
    Unlock,
    Verify,
    expected,
    performed,
)
from tests.support.softhsm import pin
from tests.support.tokens import NOON, serial

KINDS: dict[int, Counting] = {
    1: TotpParameters(Digest.SHA256, 8, 30),
    2: HotpParameters(Digest.SHA1, 6),
    3: TotpParameters(Digest.SHA1, 6, 60),
    4: HotpParameters(Digest.SHA512, 8),
}
BOUND = (1, 2, 3)
USERS = ("alice", "bob")
_DAY = timedelta(days=1)


class Done(NamedTuple):
    """What was done at a moment, by the clock of its node, and what the vault said to it."""

    operation: Operation
    now: datetime
    answer: Answer


@dataclass(frozen=True, slots=True)
class Ground:
    """A vault with tokens, which each example gets a copy of; all on one PKCS#11 token."""

    databases: Databases
    site: Site
    recovery: hsm.RecoveryKey

    @classmethod
    def prepared(cls, databases: Databases) -> "Ground":
        """Four tokens, of which three are the first user's."""
        recovery, _ = hsm.RecoveryKey.generate(hsm.Quorum(1, 1), os.urandom)
        site = found_site(databases.new(), recovery)
        with site.node() as node:
            node.stock(KINDS)
            for user in USERS:
                node.add_user(UserName(user))
            for number in BOUND:
                node.assign(serial(number), UserName(USERS[0]))
        return cls(databases, site, recovery)

    def cluster(self) -> "Cluster":
        """Two nodes on a copy."""
        site = Site(self.databases.copy(self.site.url), self.site.place)
        return Cluster(site, self.recovery)


class Interrupted:
    """A vault that, asked for a transaction, lets something else be done first: once for each."""

    def __init__(self, vault: Vault, meanwhile: list[Callable[[], None]]) -> None:
        self._vault = vault
        self._meanwhile = meanwhile
        self.decisions = 0

    def as_port(self) -> Vault:
        """As a vault: everything but transactions is the other's."""
        vault: Any = self
        port: Vault = vault
        return port

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Between the decision and its commit."""
        self.decisions += 1
        if self._meanwhile:
            self._meanwhile.pop(0)()
        return self._vault.transaction()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vault, name)


class Cluster:
    """Two nodes, one clock that can be moved, and what the model says of each token."""

    def __init__(self, site: Site, recovery: hsm.RecoveryKey) -> None:
        self.now = NOON
        record = Record()
        self.cards = {number: Card(number, kind, record) for number, kind in KINDS.items()}
        self.site = site
        self.nodes: list[Node] = []
        self.start_nodes()
        self.decisions = 0
        self._skews = [timedelta(0), timedelta(0)]
        self._recovery = recovery
        self.told: dict[int, list[Told]] = {number: [] for number in KINDS}
        for number in BOUND:
            self.cards[number].assign(USERS[0], None, NOON)
            self.told[number].append(Told(-1, EventKind.TOKEN_ASSIGNED))
        self._made: list[str] = []

    def clock(self) -> datetime:
        return self.now

    @property
    def is_past(self) -> bool:
        """Whether the clock was set back, so that it is not trusted."""
        return any(card.record.contradicts(self.now) for card in self.cards.values())

    def do(self, node: int, operation: Operation) -> Done:
        """On one node, with nobody in between. Raises AssertionError where the model differs."""
        done = self._done(node, operation)
        self._explain([done])
        return done

    def cross(self, operation: Operation, others: Sequence[Operation]) -> list[Done]:
        """Decide on node 0, do another thing on node 1, then commit; again for each attempt.

        What was done in between, first; the answers must be those of some order of them all.
        """
        done: list[Done] = []

        def doing(other: Operation) -> Callable[[], None]:
            return lambda: done.append(self._done(1, other))

        vault = Interrupted(self.nodes[0].vault, [doing(other) for other in others])
        last = self._done(0, operation, vault.as_port())
        self.decisions += vault.decisions
        self._explain([*done, last])
        return [*done, last]

    def rotate(self, now: datetime) -> None:
        """New keys, made and taken into use beside both nodes, which keep those that they know."""

        def clock() -> datetime:
            return now

        with self.site.node(clock) as node:
            renew = RenewKeys(node.vault, self._room, clock)
            purposes = (KeyPurpose.KEK, KeyPurpose.SEAL, KeyPurpose.FINGERPRINT)
            renewed = renew(purposes, self._recovery, ACTOR)
            self._made += [each.new.name for each in renewed]
        with self.site.node(clock) as node:
            move = MoveTokens(node.vault, node.keys, clock)
            moved = move(self._recovery, ACTOR, lambda _: None)
        assert (moved.left, moved.broken) == (0, ()), moved

    def restart(self, node: int, skew_s: int) -> None:
        """One node ends, and another begins, whose clock is off by so many seconds."""
        self.nodes[node].stop()
        self.nodes[node] = Node.start(self.site, self.clock)
        self._skews[node] = timedelta(seconds=skew_s)

    def conclude(self) -> None:
        """Whatever it went through: the record is whole, and holders of sound tokens get in."""
        for number, card in self.cards.items():
            found = judge(self.nodes[0].vault, card.serial, self.told[number])
            assert (found.doubles, found.wrong) == (0, []), found
        assert list(self._breaks()) == []
        self._skews = [timedelta(0), timedelta(0)]
        self.now = max(self.now, *(card.record.latest for card in self.cards.values())) + _DAY
        for card in self.cards.values():
            if card.state not in {State.REVOKED, State.RETIRED}:
                self._get_in(card)

    def start_nodes(self) -> None:
        """Both of them, on the vault that is there."""
        self.nodes = [Node.start(self.site, self.clock) for _ in range(2)]

    def stop_nodes(self) -> None:
        """Nobody uses the vault now."""
        for node in self.nodes:
            node.stop()
        self.nodes.clear()

    def next_factor(self, card: Card) -> int:
        """By its row."""
        stored = self.nodes[0].vault.token(card.serial)
        assert stored is not None
        return stored.token.progress.next_factor

    def stop(self) -> None:
        """Close, and take new keys away."""
        self.stop_nodes()
        for name in self._made:
            self._room.destroy(name)

    def _get_in(self, card: Card) -> None:
        self.do(0, Unlock(card.number))
        if card.state is State.SUSPENDED:
            self.do(0, Live(card.number, "resume"))
        if card.state is State.IN_STOCK:
            self.do(0, Assign(card.number, USERS[0], None))
        if card.must_resync:
            if not card.is_within_reach(self.now):
                return
            first = card.expected(self.now)
            self.do(0, Resynchronise(card.number, (card.shows(first), card.shows(first + 1))))
            self.now += timedelta(minutes=10)
        card = self.cards[card.number]
        factor = card.expected(self.now)
        assert self.do(1, Verify(card.number, card.shows(factor))).answer.word == "accepted"

    def _done(self, node: int, operation: Operation, vault: Vault | None = None) -> Done:
        at = self.nodes[node]
        now = self.now + self._skews[node]
        return Done(operation, now, performed(operation, Place(vault or at.vault, at.keys, now)))

    def _explain(self, done: Sequence[Done]) -> None:
        """Find the order in which the model gives the same answers, and the rows are the same.

        The last was decided while the others were done: its place among them is what is open.
        """
        *others, last = done
        for place in range(len(others), -1, -1):
            cards = deepcopy(self.cards)
            order = [*others[:place], last, *others[place:]]
            if self._agrees(cards, order):
                self.cards = cards
                self._remember(order)
                return
        cards = deepcopy(self.cards)
        says = [expected(each, cards[each.number], now) for each, now, _ in done]
        row = self._row(last.operation.number)
        raise AssertionError(f"{done}: the model says {says}; the row is {row}")

    def _agrees(self, cards: dict[int, Card], order: Sequence[Done]) -> bool:
        for operation, now, answer in order:
            if expected(operation, cards[operation.number], now) != answer:
                return False
        numbers = {each.operation.number for each in order}
        return all(_modelled(cards[number]) == self._row(number) for number in numbers)

    def _remember(self, order: Sequence[Done]) -> None:
        for operation, _, answer in order:
            if operation.kind and answer.word in {"accepted", "done"}:
                self.told[operation.number].append(Told(0, operation.kind, answer.factor))

    def _row(self, number: int) -> tuple[object, ...]:
        """What the vault knows of a token."""
        stored = self.nodes[0].vault.token(self.cards[number].serial)
        assert stored is not None
        token, progress = stored.token, stored.token.progress
        owner = owner_of(token)
        return (
            state_of(token),
            str(owner) if owner else None,
            progress.next_factor,
            progress.drift_steps,
            progress.failures,
            progress.resyncs,
            progress.must_resync,
        )

    def _breaks(self) -> Iterator[Break]:
        vault = self.nodes[1].vault
        heads = {head.chain: head for head in vault.heads()}
        for chain in range(SERIAL_CHAINS + 1):
            yield from check_chain(chain, vault.chain(chain), heads.get(chain))

    @property
    def _room(self) -> HsmKeyRoom:
        return HsmKeyRoom(lambda: nullcontext((self.site.place, pin())), hsm.Demands())


def _modelled(card: Card) -> tuple[object, ...]:
    return (
        *(card.state, card.owner, card.next_factor, card.drift, card.failures, card.resyncs),
        card.must_resync,
    )
