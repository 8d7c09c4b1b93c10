"""The vault over SQL: every read and write the use cases ask for."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, select

from seedvault.domain.audit import AuditEvent, ChainHead, LoggedEvent, moment
from seedvault.domain.batch import Batch, Source, Tier
from seedvault.domain.challenge import Challenge, ChallengeId
from seedvault.domain.checkpoint import SignedCheckpoint
from seedvault.domain.clock import TimeOnRecord
from seedvault.domain.names import Serial, UserName
from seedvault.domain.transport_key import StoredTransportKey
from seedvault.domain.vault_key import KeysInUse, StoredKey
from seedvault.service.backup_ports import Tables
from seedvault.service.policy_ports import StoredRules
from seedvault.service.ports import (
    Clock,
    Counts,
    EventFilter,
    HeldToken,
    ListedToken,
    Place,
    StoredToken,
    TokenFilter,
    User,
    VaultIdentity,
)
from seedvault.storage import (
    chains,
    challenges,
    checkpoints,
    key_queries,
    policy_queries,
    queries,
    transport_queries,
)
from seedvault.storage.claims import Import
from seedvault.storage.dump import dump
from seedvault.storage.engine import Database
from seedvault.storage.nearest import nearest
from seedvault.storage.rows import altered, stored_token
from seedvault.storage.schema import SCHEMA
from seedvault.storage.staging import SqlStaging
from seedvault.storage.statements import Statements
from seedvault.storage.time_on_record import ClockWatch, newest_ms
from seedvault.storage.transaction import SqlTransaction

_END_MS = 253_402_300_800_000  # the year 10000, which is beyond Python's dates


class SqlVault:
    """See `Vault`. Any thread may use it; each has its own connection until `close`."""

    def __init__(self, database: Database, identity: VaultIdentity, clock: Clock) -> None:
        self._database = database
        self._identity = identity
        self._clock = clock
        self._statements = Statements(database.dialect)
        self._watch = ClockWatch(clock, database.own_clock)

    @property
    def identity(self) -> VaultIdentity:
        """As it was when the vault was opened: a change of epoch makes every write stale."""
        return self._identity

    def close(self) -> None:
        """Close the connections of all threads."""
        self._database.close()

    def snapshot(self) -> AbstractContextManager[None]:
        """A block in which every read of this thread sees the same moment."""
        return self._database.snapshot()

    def token(self, serial: Serial) -> StoredToken | None:
        """Raises SealBroken where the row found under the serial is another token's."""
        with self._database.explained:
            found = self._statements.read_token.run(self._database.driver, folded=serial.folded)
            row = found.fetchone()
            if row is None:
                return None
            *values, newest = row
            stored = stored_token(values)
            if stored.token.device.serial != serial:
                raise altered(f"token {serial}")
            return replace(stored, record=self._record(newest))

    def time_on_record(self) -> TimeOnRecord:
        with self._reading() as connection:
            return self._record(connection.execute(select(newest_ms())).scalar_one())

    def held(self, serials: Sequence[Serial], fingerprints: Sequence[bytes]) -> list[HeldToken]:
        with self._database.explained:
            driver = self._database.driver
            return queries.held(driver, self._statements, serials, fingerprints)

    def nearest_serials(self, serial: Serial, limit: int) -> list[Serial]:
        with self._reading() as connection:
            return nearest(connection, serial, limit)

    def listed(self, wanted: TokenFilter) -> list[ListedToken]:
        with self._reading() as connection:
            return queries.listed(connection, wanted)

    def serials(self, wanted: TokenFilter) -> list[Serial]:
        with self._reading() as connection:
            return queries.serials(connection, wanted)

    def shown(self, serial: Serial) -> ListedToken | None:
        with self._reading() as connection:
            return queries.shown(connection, serial)

    def user(self, name: UserName) -> User | None:
        with self._reading() as connection:
            return queries.user(connection, name)

    def users(self) -> list[User]:
        with self._reading() as connection:
            return queries.users(connection)

    def batch(self, number: int) -> Batch | None:
        with self._reading() as connection:
            return queries.batch(connection, number)

    def batches(self) -> list[Batch]:
        with self._reading() as connection:
            return queries.batches(connection)

    def counts(self) -> Counts:
        with self._reading() as connection:
            return queries.counts(connection)

    def events(self, wanted: EventFilter) -> list[LoggedEvent]:
        with self._reading() as connection:
            return chains.read_events(connection, wanted)

    def count_events(self, wanted: EventFilter) -> int:
        with self._reading() as connection:
            return int(connection.execute(chains.counted(wanted)).scalar_one())

    def moment_of(self, place: Place) -> datetime | None:
        with self._reading() as connection:
            at_ms = chains.read_moment(connection, place)
        return None if at_ms is None else moment(at_ms)

    def chain(self, chain: int) -> Iterator[LoggedEvent]:
        with self._reading() as connection:
            yield from chains.read_chain(connection, chain)

    def chain_numbers(self) -> list[int]:
        with self._reading() as connection:
            return chains.read_chain_numbers(connection)

    def heads(self) -> list[ChainHead]:
        with self._reading() as connection:
            return chains.read_heads(connection)

    @property
    def commits(self) -> int:
        return self._database.commits

    def part(self, chain: int, after: int, up_to: int) -> Iterator[LoggedEvent]:
        with self._reading() as connection:
            yield from chains.read_chain(connection, chain, after, up_to)

    def digest_at(self, chain: int, sequence: int) -> bytes | None:
        with self._database.explained:
            driver = self._database.driver
            return checkpoints.digest_at(driver, self._statements, chain, sequence)

    def last_checkpoint(self) -> SignedCheckpoint | None:
        with self._database.explained:
            return checkpoints.last(self._database.driver, self._statements)

    def checkpoint(self, number: int) -> SignedCheckpoint | None:
        with self._reading() as connection:
            return checkpoints.read(connection, number)

    def checkpoints(self, after: int = 0) -> Iterator[SignedCheckpoint]:
        with self._reading() as connection:
            yield from checkpoints.read_after(connection, after)

    def event_rows(self) -> int:
        with self._reading() as connection:
            return chains.count_rows(connection)

    def checkpoint_rows(self) -> int:
        with self._reading() as connection:
            return checkpoints.count(connection)

    def vault_keys(self) -> list[StoredKey]:
        with self._reading() as connection:
            return key_queries.keys(connection)

    def key_references(self) -> dict[str, int]:
        with self._reading() as connection:
            return key_queries.references(connection)

    def to_rekey(self, target: KeysInUse, after: int, limit: int) -> list[tuple[int, str]]:
        with self._reading() as connection:
            return key_queries.to_rekey(connection, target, after, limit)

    def policy_rules(self) -> StoredRules:
        with self._reading() as connection:
            return policy_queries.rules(connection)

    def newest_rule_event(self) -> AuditEvent | None:
        with self._reading() as connection:
            return policy_queries.newest_rule_event(connection)

    def models(self) -> list[str]:
        with self._reading() as connection:
            return policy_queries.models(connection)

    def tokens_of(self, owner: UserName) -> list[StoredToken]:
        with self._reading() as connection:
            return policy_queries.tokens_of(connection, owner)

    def transport_keys(self) -> list[StoredTransportKey]:
        with self._reading() as connection:
            return transport_queries.transport_keys(connection)

    def challenge(self, seen: StoredToken, named: ChallengeId) -> Challenge | None:
        with self._reading() as connection:
            return challenges.read(connection, seen, named, self._identity.epoch)

    @property
    def schema(self) -> str:
        return SCHEMA

    def dump(self) -> Tables:
        with self._reading() as connection:
            yield from dump(connection)

    def transaction(self) -> SqlTransaction:
        return SqlTransaction(self._database, self._statements, self._identity.epoch)

    def ceremony(self, patience_s: float) -> AbstractContextManager[None]:
        return self._database.ceremony(patience_s)

    def stage(
        self, source: Source, tier: Tier, by: str, at: datetime, *, dry_run: bool = False
    ) -> SqlStaging:
        begun = Import(source, tier, by, at, dry_run)
        return SqlStaging(self._database, self._statements, self.transaction, self._clock, begun)

    def _record(self, newest: object) -> TimeOnRecord:
        """Raises SealBroken where the audit log has an event of no time."""
        if type(newest) is not int or not 0 <= newest < _END_MS:
            raise altered("the latest event")
        return TimeOnRecord(moment(newest), self._watch.ahead())

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._database.explained:
            yield self._database.sql
