"""A write transaction: conditional changes, and a commit that always carries an event.

A database with several nodes may ask for a transaction to be begun anew (SQLSTATE 40001, 40P01):
what a transaction does is kept as steps, and they are taken again, up to the commit.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar

from sqlalchemy import Executable, delete, insert, select, update

from seedvault.domain.audit import AuditEvent, milliseconds
from seedvault.domain.challenge import Challenge
from seedvault.domain.checkpoint import SignedCheckpoint
from seedvault.domain.errors import Conflict
from seedvault.domain.names import GroupName, KeyLabel, UserName
from seedvault.domain.token import Progress, owner_of, state_of
from seedvault.domain.transport_key import StoredTransportKey
from seedvault.domain.vault_key import KeyPurpose, StoredKey
from seedvault.service.policy_ports import StoredRules
from seedvault.service.ports import Fingerprint, Stale, StoredToken, User
from seedvault.storage import (
    chains,
    challenges,
    checkpoints,
    policy_queries,
    time_on_record,
    transport_queries,
)
from seedvault.storage.claims import refuse_while_importing
from seedvault.storage.engine import ATTEMPTS, Database, hammered
from seedvault.storage.epoch import ended
from seedvault.storage.failures import Clash, Contended, StillNeeded, rotated_meanwhile
from seedvault.storage.group_columns import groups_column
from seedvault.storage.key_rows import key_row
from seedvault.storage.rows import life_row, progress_row
from seedvault.storage.statements import Prepared, Statements, Value
from seedvault.storage.tables import USER, VAULT, VAULT_KEY

T = TypeVar("T")


class SqlTransaction:
    """Begins with its `with` block; what the block does not commit is undone at its end."""

    __slots__ = ("_database", "_epoch", "_open", "_statements", "_steps")

    def __init__(self, database: Database, statements: Statements, epoch: int) -> None:
        self._database = database
        self._statements = statements
        self._epoch = epoch
        self._open = False
        self._steps: list[tuple[Callable[[], Any], Any]] = []

    def __enter__(self) -> "SqlTransaction":
        with self._database.explained:
            self._database.begin()
        self._open = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._open:
            self.undo()

    def step(self, step: Callable[[], T]) -> T:
        """What `step` gives, which is nothing but reads and writes of this transaction.

        Raises Stale where a step before it, taken again, gives something else than it gave.
        """
        self._check_open()
        try:
            with self._database.explained:
                result = step()
        except Contended:
            result = self._again(step)
        self._steps.append((step, result))
        return result

    def advance(self, seen: StoredToken, progress: Progress, accepted: int | None) -> None:
        """Write progress only, if nothing moved since `seen`. Raises Stale."""
        ceiling = progress.next_factor if accepted is None else accepted
        self._change(self._statements.advance, seen, progress, ceiling)

    def replace(self, seen: StoredToken, now: StoredToken) -> None:
        """Write state, owner, seal, revision and progress, if nothing moved. Raises Stale."""
        progress, owner = now.token.progress, self._owner(now)
        self._change(
            self._statements.replace,
            seen,
            progress,
            progress.next_factor,
            **life_row(now.token)._asdict() | {"owner": owner},
            use_limit=now.token.device.use_limit,
            seal=now.seal.octets,
            seal_key=now.seal.key,
            revision=now.revision,
        )

    def rekey(self, seen: StoredToken, now: StoredToken, fingerprint: Fingerprint) -> bool:
        """Write blob, fingerprint and seal under other keys; whether nothing moved."""
        values = self._seen(seen) | {
            "ceiling": seen.token.progress.next_factor,
            "blob_format": now.wrapped.format,
            "kek_id": now.wrapped.kek_id,
            "blob": now.wrapped.blob,
            "fingerprint": fingerprint.octets,
            "fingerprint_key": fingerprint.key,
            "seal": now.seal.octets,
            "seal_key": now.seal.key,
        }
        return self.step(lambda: self._hits_one(self._statements.rekey, values))

    def add_challenge(self, seen: StoredToken, challenge: Challenge, most: int) -> bool:
        """See `ChallengeTransaction`."""
        return self.step(
            lambda: challenges.add(self._database.sql, seen, challenge, most, self._epoch)
        )

    def spend_challenge(
        self, seen: StoredToken, spent: Challenge, kept_at: datetime | None
    ) -> None:
        """See `ChallengeTransaction`."""
        if not self.step(lambda: challenges.spend(self._database.sql, seen, spent, kept_at)):
            raise Stale

    def refuse_imports(self) -> None:
        """Raises Conflict where any import is under way; none begins before this ends."""
        self.step(lambda: refuse_while_importing(self._database))

    def add_key(self, key: StoredKey) -> None:
        """Raises Conflict where the name is taken."""
        others = VAULT_KEY.c.purpose == key.purpose.code
        if key.purpose is KeyPurpose.FINGERPRINT:
            self.refuse_imports()
        try:
            if key.in_use:
                self._execute(update(VAULT_KEY).where(others).values(in_use=False))
            self._execute(insert(VAULT_KEY).values(key_row(key)._asdict()))
        except Clash as clash:
            raise Conflict(f"the vault has a key called {key.name} already") from clash

    def replace_copy(self, key: StoredKey) -> None:
        """Write a key's copy, and which shares open it."""
        named = update(VAULT_KEY).where(VAULT_KEY.c.name == key.name)
        self._execute(named.values(copy_blob=key.copy, recovery=key.recovery))

    def forget_key(self, name: str) -> None:
        """Raises Conflict where something needs the key."""
        try:
            self._execute(delete(VAULT_KEY).where(VAULT_KEY.c.name == name))
        except StillNeeded as needed:
            raise Conflict(
                f"key {name} is still needed by tokens, by the policy's rules, "
                "or by an import that is under way",
                remedy="Move them first: seedvault key rotate --resume",
            ) from needed

    def add_transport_key(self, key: StoredTransportKey) -> None:
        """Raises Conflict where a key was ever called so."""
        try:
            self.step(lambda: transport_queries.add(self._database.sql, key))
        except Clash as clash:
            raise Conflict(f"there is, or was, a transport key called {key.label}") from clash

    def end_transport_key(self, label: KeyLabel, at: datetime) -> None:
        """Raises Conflict where it has ended already."""
        if not self.step(lambda: transport_queries.end(self._database.sql, label, at)):
            raise Conflict(f"transport key {label} was destroyed meanwhile")

    def replace_rules(self, seen: StoredRules | None, now: StoredRules) -> None:
        """Write all rules of the policy. Raises Stale where they are no longer those `seen`."""
        with rotated_meanwhile():
            replaced = self.step(
                lambda: policy_queries.replace_rules(self._database.sql, seen, now)
            )
        if not replaced:
            raise Stale

    def regroup(
        self, user: User, groups: Sequence[GroupName], tokens: Sequence[StoredToken]
    ) -> None:
        """Write a user's groups. Raises Stale where user or tokens are not what was seen."""
        rows = [token.row for token in tokens]
        if not self.step(lambda: policy_queries.regroup(self._database.sql, user, groups, rows)):
            raise Stale

    def add_user(self, name: UserName, at: datetime, groups: Sequence[GroupName] = ()) -> None:
        """Raises Conflict where the name is taken."""
        row = {
            "name": name.verbatim,
            "name_folded": name.folded,
            "added_ms": milliseconds(at),
            "groups": groups_column(groups),
        }
        try:
            self._execute(insert(USER).values(row))
        except Clash as clash:
            raise Conflict(f"there is a user called {name} already") from clash

    def accept_time(self, now: datetime) -> None:
        """What is on record of later than `now` counts no more."""
        self.step(lambda: time_on_record.accept(self._database, now))

    def commit(self, event: AuditEvent) -> None:
        """Append the event to its chain; when this returns, everything is on the disk."""
        self.step(lambda: self._conclude(event))
        self._database.commits += 1
        self._open = False

    def commit_checkpoint(self, signed: SignedCheckpoint) -> None:
        """Append a checkpoint; when this returns, it is on the disk. See ADR 18."""
        try:
            self.step(lambda: self._conclude_checkpoint(signed))
        except Clash as clash:
            raise Stale from clash
        self._open = False

    def undo(self) -> None:
        """End without a trace, before the block does."""
        self._open = False
        with self._database.explained:
            self._database.rollback()

    def _change(
        self,
        statement: Prepared,
        seen: StoredToken,
        progress: Progress,
        ceiling: int,
        **others: Value,
    ) -> None:
        """Exactly one row, or Stale."""
        values = self._seen(seen) | progress_row(progress)._asdict() | others
        values["ceiling"] = ceiling
        with rotated_meanwhile():
            hit = self.step(lambda: self._hits_one(statement, values))
        if not hit:
            self.step(self._refuse_other_epoch)
            raise Stale

    def _refuse_other_epoch(self) -> None:
        """Deciding again would not help who opened the vault before it was restored."""
        now = self._database.sql.execute(select(VAULT.c.epoch)).scalar()
        if now != self._epoch:
            raise ended(self._epoch, now)

    def _hits_one(self, statement: Prepared, values: dict[str, Value]) -> bool:
        return len(statement.run(self._database.driver, **values).fetchall()) == 1

    def _execute(self, statement: Executable) -> None:
        """A step that is one statement."""
        self.step(lambda: self._run(statement))

    def _run(self, statement: Executable) -> None:
        self._database.sql.execute(statement)

    def _conclude(self, event: AuditEvent) -> None:
        chains.append(self._database.driver, self._statements, event)
        self._database.commit()

    def _conclude_checkpoint(self, signed: SignedCheckpoint) -> None:
        checkpoints.append(self._database.driver, self._statements, signed)
        self._database.commit()

    def _again(self, last: Callable[[], T]) -> T:
        """What `last` gives after every step before it, from the beginning."""
        for _ in range(ATTEMPTS):
            try:
                with self._database.explained:
                    self._database.rollback()
                    self._database.begin()
                    if any(step() != result for step, result in self._steps):
                        raise Stale
                    return last()
            except Contended:
                continue
        raise hammered(self._database.place)

    def _seen(self, seen: StoredToken) -> dict[str, Value]:
        """What the row, and the vault, must still be."""
        return {
            "seen_id": seen.row,
            "seen_version": seen.version,
            "seen_state": state_of(seen.token).value,
            "seen_epoch": self._epoch,
        }

    def _owner(self, now: StoredToken) -> int | None:
        """The column `owner`.

        An owner who is gone, or in other groups than those sealed, makes the decision stale.
        """
        name = owner_of(now.token)
        if name is None:
            return None
        # An UPDATE, though it changes nothing: who puts the owner into other groups meanwhile
        # waits, and sees this token then. A SELECT would let both through (write skew).
        held = (
            update(USER)
            .where(USER.c.name_folded == name.folded)
            .where(USER.c.groups == groups_column(now.standing.groups))
            .values(groups=USER.c.groups)
            .returning(USER.c.id)
        )
        owner: int | None = self.step(lambda: self._database.sql.execute(held).scalar())
        if owner is None:
            raise Stale
        return owner

    def _check_open(self) -> None:
        if not self._open:
            raise AssertionError("a transaction was used outside its block, or after its commit")
