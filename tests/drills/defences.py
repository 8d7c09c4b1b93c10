"""What holds a vault together, taken out one at a time: a drill that does not notice is no drill.

Each is taken out of this process only, by putting something careless in its place.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from enum import Enum
from threading import Timer
from time import sleep
from typing import Any

from sqlalchemy import Insert, Select, Update, bindparam, literal, select, update

from seedvault.domain import lockout, verification
from seedvault.domain.audit import AuditEvent
from seedvault.domain.batch import Batch
from seedvault.domain.names import UserName
from seedvault.domain.oath import Mac
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.policy import Policy
from seedvault.domain.token import Bound, Progress, Token
from seedvault.service.decide import Case
from seedvault.service.ports import StoredToken
from seedvault.storage import statements
from seedvault.storage.staging import SqlStaging
from seedvault.storage.tables import TOKEN
from seedvault.storage.transaction import SqlTransaction

_BETWEEN_S = 0.06  # what was one step, and is now two


class Defence(Enum):
    """Which one."""

    CONDITION = "condition"
    """Progress is written only to the row that was read: the conditional write."""

    PUBLISH = "publish"
    """A batch and all its tokens become visible by one commit."""

    EVENT = "event"
    """A change and its event are written by one commit."""

    TOLD = "told"
    """An outcome is told when it is committed, not before."""

    FLOOR = "floor"
    """A code is accepted only above all that were accepted before, in the domain and in SQL."""

    STATE = "state"
    """Only a bound token's codes are accepted."""

    WAIT = "wait"
    """After failures, no code is tried for a while."""


@contextmanager
def without(defence: Defence | None) -> Iterator[None]:
    """A block in which it is missing. Open vaults inside the block."""
    if defence is None:
        yield
        return
    with _CARELESS[defence]():
        yield


def _unconditional(columns: Sequence[str]) -> Update:
    """`statements._conditional` without its conditions: the last writer wins."""
    return (
        update(TOKEN)
        .where(TOKEN.c.id == bindparam("seen_id"))
        .values({name: bindparam(name) for name in columns} | {"version": TOKEN.c.version + 1})
        .returning(TOKEN.c.version)
    )


def _unbounded(columns: Sequence[str]) -> Update:
    """`statements._conditional` without its ceiling."""
    return (
        update(TOKEN)
        .where(TOKEN.c.id == bindparam("seen_id"), TOKEN.c.version == bindparam("seen_version"))
        .values({name: bindparam(name) for name in columns} | {"version": TOKEN.c.version + 1})
        .returning(TOKEN.c.version)
    )


def _verify_one_below(
    token: Token, code: str, now: datetime, policy: Policy, mac: Mac
) -> tuple[Progress, Outcome]:
    """`verification.verify`, but the last code that was accepted is accepted again."""
    decided = _verify(token, code, now, policy, mac)
    if decided[1] != Rejected(Reason.ALREADY_USED):
        return decided
    lower = replace(token.progress, next_factor=token.progress.next_factor - 1)
    again = _verify(replace(token, progress=lower), code, now, policy, mac)
    return again if isinstance(again[1], Accepted) else decided


def _held_back_as_bound(token: Token, *asked: Any) -> Rejected | None:
    """`verification.held_back`, as if every token were somebody's and usable."""
    bound = Bound(token.device, token.progress, UserName("anybody"), asked[1])
    return _held_back(bound, *asked)


@contextmanager
def _no_floor() -> Iterator[None]:
    with (
        _in_place_of(statements, "_conditional", _unbounded),
        _in_place_of(verification, "verify", _verify_one_below),
    ):
        yield


def _publish_in_two(
    staging: SqlStaging, event: AuditEvent, refused: int = 0, **terms: Any
) -> Batch:
    """`SqlStaging.publish`, but the batch is committed first, and then its tokens."""
    copies: list[Insert] = []
    copied_into = staging._copied_into

    def put_off(batch: int) -> Select[Any]:
        copies.append(copied_into(batch))
        return select(literal(1))

    with _in_place_of(staging, "_copied_into", put_off):
        published = _publish(staging, event, refused, **terms)
    sleep(_BETWEEN_S)
    with staging._database.writing() as connection:
        connection.execute(copies[-1])
    return published


_publish = SqlStaging.publish
_replace = SqlTransaction.replace
_settle = Case.settle
_verify = verification.verify
_held_back = verification.held_back


def _replace_at_once(transaction: SqlTransaction, seen: StoredToken, now: StoredToken) -> None:
    """`SqlTransaction.replace`, committed before its event is written."""
    _replace(transaction, seen, now)
    database = transaction._database
    database.commit()
    sleep(_BETWEEN_S)
    database.begin()


def _settle_later(case: Case, *decided: Any) -> None:
    """`Case.settle`, but nobody waits for it."""
    Timer(_BETWEEN_S, _settle, (case, *decided)).start()


@contextmanager
def _in_place_of(owner: Any, name: str, careless: Callable[..., Any]) -> Iterator[None]:
    careful = getattr(owner, name)
    setattr(owner, name, careless)
    try:
        yield
    finally:
        setattr(owner, name, careful)


_CARELESS: dict[Defence, Callable[[], Any]] = {
    Defence.CONDITION: lambda: _in_place_of(statements, "_conditional", _unconditional),
    Defence.FLOOR: _no_floor,
    Defence.STATE: lambda: _in_place_of(verification, "held_back", _held_back_as_bound),
    Defence.WAIT: lambda: _in_place_of(lockout, "refusal", lambda *_: None),
    Defence.EVENT: lambda: _in_place_of(SqlTransaction, "replace", _replace_at_once),
    Defence.TOLD: lambda: _in_place_of(Case, "settle", _settle_later),
    Defence.PUBLISH: lambda: _in_place_of(SqlStaging, "publish", _publish_in_two),
}
