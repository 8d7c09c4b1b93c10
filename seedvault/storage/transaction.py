"""A write transaction: conditional changes, and a commit that always carries an event."""

from dataclasses import replace
from types import TracebackType
from typing import NoReturn

from sqlalchemy import delete, func, insert, literal, null, select
from sqlalchemy.exc import IntegrityError

from seedvault.domain.audit import AuditEvent, milliseconds
from seedvault.domain.batch import Batch, Source
from seedvault.domain.errors import Conflict
from seedvault.domain.names import UserName
from seedvault.domain.token import Bound, Progress, Token
from seedvault.service.ports import Stale, Staging, StoredToken
from seedvault.storage import chains
from seedvault.storage.engine import Database
from seedvault.storage.rows import State, progress_row
from seedvault.storage.staging import SqlStaging
from seedvault.storage.statements import Prepared, Statements, Value
from seedvault.storage.tables import (
    BATCH,
    NEW_TOKEN_COLUMNS,
    STAGED_TOKEN,
    TOKEN,
    USER,
)

_NAMED = 10  # serials named in a message


class SqlTransaction:
    """Begins with its `with` block; what the block does not commit is undone at its end."""

    __slots__ = ("_database", "_epoch", "_open", "_statements")

    def __init__(self, database: Database, statements: Statements, epoch: int) -> None:
        self._database = database
        self._statements = statements
        self._epoch = epoch
        self._open = False

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
            self._open = False
            with self._database.explained:
                self._database.rollback()

    def advance(self, seen: StoredToken, progress: Progress, accepted: int | None) -> None:
        """Write progress only, if nothing moved; see `Transaction`."""
        ceiling = progress.next_factor if accepted is None else accepted
        self._change(self._statements.advance, seen, progress, ceiling)

    def replace(self, seen: StoredToken, now: StoredToken) -> None:
        """Write state, owner, seal, revision and progress, if nothing moved."""
        token = now.token
        self._change(
            self._statements.replace,
            seen,
            token.progress,
            token.progress.next_factor,
            state=_state(token),
            owner=self._user_id(token.owner) if isinstance(token, Bound) else None,
            bound_ms=milliseconds(token.bound_at) if isinstance(token, Bound) else None,
            seal=now.seal,
            revision=now.revision,
        )

    def add_user(self, name: UserName, at: object) -> None: ...

    def commit(self, event: AuditEvent) -> None:
        """Append the event to its chain; when this returns, everything is on the disk."""
        self._check_open()
        with self._database.explained:
            chains.append(self._database.driver, self._statements, event)
            self._database.commit()
        self._open = False
