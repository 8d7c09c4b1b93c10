"""Honest stand-ins for the ports, in memory: they keep the ports' promises and compute for real.

`FakeVault` writes conditionally, one transaction at a time.
"""

import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from threading import Lock, get_ident

from seedvault.domain.audit import (
    GENESIS,
    SERIAL_CHAINS,
    AuditEvent,
    ChainHead,
    LoggedEvent,
    link,
)
from seedvault.domain.batch import Batch, Source, Tier
from seedvault.domain.challenge import Challenge, ChallengeId
from seedvault.domain.errors import (
    Conflict,
    FileRefused,
    StorageUnavailable,
)
from seedvault.domain.names import GroupName, Serial, UserName
from seedvault.domain.oath import Digest
from seedvault.domain.policy_rule import Standing
from seedvault.domain.rule_set import RuleSet
from seedvault.domain.token import Progress, Quarantined, State, owner_of, state_of
from seedvault.service.policy_ports import StoredRules
from seedvault.service.ports import (
    Arrival,
    Counts,
    EventFilter,
    HeldToken,
    ListedToken,
    NewToken,
    Place,
    Stale,
    StoredToken,
    TokenFilter,
    User,
    VaultIdentity,
)
from tests.support.fake_challenges import FakeChallenges
from tests.support.fake_rows import FakeRow, ReadRules, is_asked_for, is_wanted, listed
from tests.support.tokens import NOON


@dataclass(frozen=True, slots=True)
class MacOf:
    """A MAC function as the HSM has them, of anything that computes one here."""

    compute: Callable[[bytes], bytes]

    def __call__(self, message: bytes, /) -> bytes:
        return self.compute(message)

    def many(self, messages: Sequence[bytes], /) -> list[bytes]:
        return [self.compute(message) for message in messages]


def mac_of(seed: bytes, digest: Digest = Digest.SHA1) -> MacOf:
    """HMAC over a seed that is known here, as the HSM computes it over one that is not."""
    return MacOf(lambda message: hmac.digest(seed, message, digest.value))


class FixedClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


class FakeVault(ReadRules):
    """The `Vault` port. Set `full` and it stores nothing more, as a full disk would.

    What is in `meanwhile` is done, once each, when a token is read: what another node does then.
    """

    def __init__(self) -> None:
        self.identity = VaultIdentity("vault-1", 1, NOON)
        self.full = False
        self.meanwhile: list[Callable[[], object]] = []
        self.staged: list[FakeStaging] = []
        self.challenges = FakeChallenges()
        self.rows: dict[Serial, FakeRow] = {}
        self.chains: dict[int, list[LoggedEvent]] = {n: [] for n in range(SERIAL_CHAINS + 1)}
        self._heads: dict[int, ChainHead] = {}
        self._users: dict[UserName, tuple[datetime, tuple[GroupName, ...]]] = {}
        self.rules: StoredRules = StoredRules(RuleSet(), None)
        self._batches: dict[int, Batch] = {}
        self._writing = Lock()
        self._writer: int | None = None

    @property
    def writing_here(self) -> bool:
        """Whether this thread has a transaction open."""
        return self._writer == get_ident()

    def token(self, serial: Serial) -> StoredToken | None:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        row = self.rows.get(serial)
        return self.as_read(row) if row else None

    def as_read(self, row: FakeRow) -> StoredToken:
        """A row as a statement reads it: with its owner's groups, and the policy's revision."""
        owner = owner_of(row.stored.token)
        groups = next((user.groups for user in self.users() if user.name == owner), ())
        standing = Standing(row.batch, groups)
        revision = self.rules.rules.revision
        return replace(row.stored, standing=standing, policy_revision=revision)

    def held(self, serials: Sequence[Serial], fingerprints: Sequence[bytes]) -> list[HeldToken]:
        return [
            HeldToken(serial, row.fingerprint, row.stored.token.device.parameters)
            for serial, row in self.rows.items()
            if serial in serials or row.fingerprint in fingerprints
        ]

    def nearest_serials(self, serial: Serial, limit: int) -> list[Serial]:
        known = {candidate.folded: candidate for candidate in self.rows}
        return [known[folded] for folded in get_close_matches(serial.folded, known, limit)]

    def challenge(self, seen: StoredToken, named: ChallengeId) -> Challenge | None:
        return self.challenges.find(seen.row, named)

    def listed(self, wanted: TokenFilter) -> list[ListedToken]:
        after = wanted.after.folded if wanted.after else ""
        page = [
            listed(row)
            for serial, row in sorted(self.rows.items(), key=lambda item: item[0].folded)
            if serial.folded > after and is_wanted(row, wanted)
        ]
        return page[: wanted.limit]

    def serials(self, wanted: TokenFilter) -> list[Serial]:
        return [listed.token.device.serial for listed in self.listed(wanted)]

    def shown(self, serial: Serial) -> ListedToken | None:
        row = self.rows.get(serial)
        return listed(row) if row else None

    def user(self, name: UserName) -> User | None:
        return next((user for user in self.users() if user.name == name), None)

    def users(self) -> list[User]:
        owners = [owner_of(row.stored.token) for row in self.rows.values()]
        return [
            User(name, at, owners.count(name), groups) for name, (at, groups) in self._users.items()
        ]

    def batch(self, number: int) -> Batch | None:
        return self._batches.get(number)

    def batches(self) -> list[Batch]:
        return list(self._batches.values())

    def counts(self) -> Counts:
        states = [state_of(row.stored.token) for row in self.rows.values()]
        return Counts(
            states.count(State.IN_STOCK),
            states.count(State.BOUND),
            states.count(State.SUSPENDED),
            states.count(State.QUARANTINED),
            states.count(State.REVOKED),
            states.count(State.RETIRED),
            len(self._users),
            len(self._batches),
            sum(map(len, self.chains.values())),
        )

    def events(self, wanted: EventFilter) -> list[LoggedEvent]:
        logged = [logged for chain in self.chains.values() for logged in reversed(chain)]
        newest = sorted(logged, key=lambda logged: logged.event.at, reverse=True)
        return [logged for logged in newest if is_asked_for(logged.event, wanted)][: wanted.limit]

    def count_events(self, wanted: EventFilter) -> int:
        logged = (logged for chain in self.chains.values() for logged in chain)
        return sum(is_asked_for(each.event, wanted) for each in logged)

    def moment_of(self, place: Place) -> datetime | None:
        found = (one.event.at for one in self.chains[place.chain] if one.sequence == place.sequence)
        return next(found, None)

    def chain(self, chain: int) -> Iterator[LoggedEvent]:
        yield from self.chains[chain]

    def snapshot(self) -> AbstractContextManager[None]:
        return nullcontext()

    def chain_numbers(self) -> list[int]:
        return list(self.chains)

    def heads(self) -> list[ChainHead]:
        return list(self._heads.values())

    @contextmanager
    def transaction(self) -> Iterator["FakeTransaction"]:
        with self._alone():
            yield FakeTransaction(self)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """A block in which this thread, and no other, writes."""
        with self._writing:
            self._writer = get_ident()
            try:
                yield
            finally:
                self._writer = None

    @contextmanager
    def stage(
        self, source: Source, tier: Tier, by: str, at: datetime, *, dry_run: bool = False
    ) -> Iterator["FakeStaging"]:
        self.staged = [other for other in self.staged if other.alive]
        mine = None if dry_run else source.sha256
        if any(mine is not None and other.sha256 == mine for other in self.staged):
            raise Conflict(f"{source.file_name} is being imported already")
        staging = FakeStaging(self, mine, source, tier, by)
        self.staged.append(staging)
        try:
            yield staging
        finally:
            staging.alive = False
            if not self.full:
                self.staged.remove(staging)

    def tamper(self, serial: Serial, change: Callable[[StoredToken], StoredToken]) -> None:
        """What someone with a SQL prompt does: no seal, no version, no event."""
        self.rows[serial] = replace(self.rows[serial], stored=change(self.rows[serial].stored))

    def check_space(self) -> None:
        """Raises StorageUnavailable where the disk is full."""
        if self.full:
            raise StorageUnavailable("the disk is full", remedy="Free some space.")

    def put_user(self, name: UserName, at: datetime, groups: Sequence[GroupName]) -> None:
        """Write a user. Only a transaction that commits calls this, as the next ones."""
        self._users[name] = (at, tuple(groups))

    def put_rules(self, rules: StoredRules) -> None:
        """Write all rules of the policy."""
        self.rules = rules

    def put_batch(self, batch: Batch, tokens: Sequence[NewToken]) -> None:
        """Write a batch and its tokens."""
        self._batches[batch.number] = batch
        for new in tokens:
            row, standing = len(self.rows) + 1, Standing(batch.number)
            stored = StoredToken(
                row, new.token, new.taken.wrapped, new.seal, 0, 0, standing, policy_revision=0
            )
            self.rows[new.token.device.serial] = FakeRow(
                stored, batch.number, new.taken.fingerprint.octets
            )

    def put_event(self, event: AuditEvent) -> None:
        """Append to the event's chain, and move its head."""
        chain = self.chains[event.chain]
        previous, place = (chain[-1].digest if chain else GENESIS), len(chain) + 1
        digest = link(previous, event.chain, place, event)
        chain.append(LoggedEvent(event.chain, place, event, digest))
        self._heads[event.chain] = ChainHead(event.chain, place, digest)


class FakeTransaction:
    """The `Transaction` port: checks at once, writes at `commit`."""

    def __init__(self, vault: FakeVault) -> None:
        self._vault = vault
        self._changes: list[Callable[[], None]] = []
        self._regrouped: dict[UserName, tuple[GroupName, ...]] = {}

    def advance(self, seen: StoredToken, progress: Progress, accepted: int | None) -> None:
        now = replace(seen, token=replace(seen.token, progress=progress))
        self._write(seen, now, progress.next_factor if accepted is None else accepted)

    def replace(self, seen: StoredToken, now: StoredToken) -> None:
        owner = owner_of(now.token)
        user = self._vault.user(owner) if owner else None
        groups = self._regrouped.get(user.name, user.groups) if user else ()
        if groups != now.standing.groups:
            raise Stale
        self._write(seen, now, now.token.progress.next_factor)

    def add_challenge(self, seen: StoredToken, challenge: Challenge, most: int) -> bool:
        if self._vault.challenges.is_answered(seen, challenge):
            return False
        self._changes.append(lambda: self._vault.challenges.put(seen, challenge, most))
        return True

    def spend_challenge(
        self, seen: StoredToken, spent: Challenge, kept_at: datetime | None
    ) -> None:
        if self._vault.challenge(seen, spent.id) is None:
            raise Stale
        keep = kept_at is not None
        self._changes.append(lambda: self._vault.challenges.end(seen, spent, keep=keep))

    def add_user(self, name: UserName, at: datetime, groups: Sequence[GroupName] = ()) -> None:
        if self._vault.user(name):
            raise Conflict(f"there is a user called {name} already")
        self._changes.append(lambda: self._vault.put_user(name, at, groups))

    def replace_rules(self, seen: StoredRules | None, now: StoredRules) -> None:
        if seen not in (None, self._vault.rules):
            raise Stale
        self._changes.append(lambda: self._vault.put_rules(now))

    def regroup(
        self, user: User, groups: Sequence[GroupName], tokens: Sequence[StoredToken]
    ) -> None:
        if self._vault.user(user.name) != user or self._vault.tokens_of(user.name) != list(tokens):
            raise Stale
        self._regrouped[user.name] = tuple(groups)
        self._changes.append(lambda: self._vault.put_user(user.name, user.added_at, groups))

    def add_batch(self, batch: Batch, new: Sequence[NewToken]) -> None:
        """Only `FakeStaging.publish` calls this."""
        self._changes.append(lambda: self._vault.put_batch(batch, new))

    def commit(self, event: AuditEvent) -> None:
        assert self._vault.writing_here
        self._vault.check_space()
        for change in self._changes:
            change()
        self._changes.clear()
        self._vault.put_event(event)

    def _write(self, seen: StoredToken, now: StoredToken, ceiling: int) -> None:
        serial = seen.token.device.serial
        row = self._vault.rows[serial]
        moved = row.stored.version != seen.version or type(row.stored.token) is not type(seen.token)
        if moved or row.stored.token.progress.next_factor > ceiling:
            raise Stale
        written = replace(row, stored=replace(now, version=seen.version + 1))
        self._changes.append(lambda: self._vault.rows.update({serial: written}))


class FakeStaging:
    """The `Staging` port."""

    def __init__(
        self, vault: FakeVault, sha256: bytes | None, source: Source, tier: Tier, by: str
    ) -> None:
        self.sha256, self.alive = sha256, True
        self._vault, self._source, self._tier, self._by = vault, source, tier, by
        self._arrivals: list[Arrival] = []
        self._lines: dict[Serial | bytes, int] = {}

    def add(self, arrivals: Sequence[Arrival]) -> None:
        self._vault.check_space()
        for arrival in arrivals:
            new, line = arrival.new, arrival.line
            for unique in (new.token.device.serial, new.taken.fingerprint.octets):
                if unique in self._lines:
                    first = self._lines[unique]
                    raise FileRefused(
                        f"{new.token.device.serial} stands twice: lines {first} and {line}"
                    )
                self._lines[unique] = line
            self._arrivals.append(arrival)

    def publish(
        self,
        event: AuditEvent,
        refused: int = 0,
        *,
        exportable: bool = False,
        tier: Tier | None = None,
    ) -> Batch:
        new = [arrival.new for arrival in self._arrivals if not arrival.held]
        serials = [one.token.device.serial for one in new]
        if self._vault.held(serials, [one.taken.fingerprint.octets for one in new]):
            raise Conflict("the vault came to hold one of these tokens meanwhile")
        number, held = len(self._vault.batches()) + 1, len(self._arrivals) - len(new)
        quarantined = sum(isinstance(one.token, Quarantined) for one in new)
        batch = Batch(
            number, self._source, tier or self._tier, event.at, self._by, len(new), held,
            quarantined, refused, exportable,
        )  # fmt: skip
        with self._vault.transaction() as transaction:
            transaction.add_batch(batch, new)
            transaction.commit(replace(event, batch=batch.name))
        return batch
