"""A write transaction: conditional changes, and a commit that always carries an event."""

from datetime import datetime
from types import TracebackType

from sqlalchemy import insert, select

from seedvault.domain.audit import AuditEvent, milliseconds
from seedvault.domain.errors import Conflict
from seedvault.domain.names import UserName
from seedvault.domain.token import Bound, Progress, Token
from seedvault.service.ports import Stale, StoredToken
from seedvault.storage import chains
from seedvault.storage.engine import Database
from seedvault.storage.failures import Clash
from seedvault.storage.rows import BOUND, IN_STOCK, progress_row
from seedvault.storage.statements import Prepared, Statements, Value
from seedvault.storage.tables import USER


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
            self.undo()

    def advance(self, seen: StoredToken, progress: Progress, accepted: int | None) -> None:
        """Write progress only, if nothing moved since `seen`. Raises Stale."""
        ceiling = progress.next_factor if accepted is None else accepted
        self._change(self._statements.advance, seen, progress, ceiling)

    def replace(self, seen: StoredToken, now: StoredToken) -> None:
        """Write state, owner, seal, revision and progress, if nothing moved. Raises Stale."""
        owner, bound_ms = self._binding(now.token)
        progress = now.token.progress
        self._change(
            self._statements.replace,
            seen,
            progress,
            progress.next_factor,
            state=_state(now.token),
            owner=owner,
            bound_ms=bound_ms,
            seal=now.seal,
            revision=now.revision,
        )

    def add_user(self, name: UserName, at: datetime) -> None:
        """Raises Conflict where the name is taken."""
        self._check_open()
        row = {"name": name.verbatim, "name_folded": name.folded, "added_ms": milliseconds(at)}
        try:
            with self._database.explained:
                self._database.sql.execute(insert(USER).values(row))
        except Clash as clash:
            raise Conflict(f"there is a user called {name} already") from clash

    def commit(self, event: AuditEvent) -> None:
        """Append the event to its chain; when this returns, everything is on the disk."""
        self._check_open()
        with self._database.explained:
            chains.append(self._database.driver, self._statements, event)
            self._database.commit()
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
        self._check_open()
        with self._database.explained:
            changed = statement.run(
                self._database.driver,
                seen_id=seen.row,
                seen_version=seen.version,
                seen_state=_state(seen.token),
                seen_epoch=self._epoch,
                ceiling=ceiling,
                **progress_row(progress)._asdict(),
                **others,
            ).fetchall()
        if len(changed) != 1:
            raise Stale

    def _binding(self, token: Token) -> tuple[int | None, int | None]:
        """The columns `owner` and `bound_ms`. An owner who is gone makes the decision stale."""
        if not isinstance(token, Bound):
            return None, None
        of_owner = select(USER.c.id).where(USER.c.name_folded == token.owner.folded)
        with self._database.explained:
            owner: int | None = self._database.sql.execute(of_owner).scalar()
        if owner is None:
            raise Stale
        return owner, milliseconds(token.bound_at)

    def _check_open(self) -> None:
        if not self._open:
            raise AssertionError("a transaction was used outside its block, or after its commit")


def _state(token: Token) -> str:
    return BOUND if isinstance(token, Bound) else IN_STOCK
