"""What people look at: tokens, users, batches, counts. Nothing here is hot."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Select, func, select, text

from seedvault.domain.audit import moment
from seedvault.domain.batch import Batch
from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import Serial, UserName
from seedvault.domain.token import State
from seedvault.service.ports import Counts, HeldToken, ListedToken, TokenFilter, User
from seedvault.storage.columns import BatchRow, HeldRow
from seedvault.storage.group_columns import groups_of
from seedvault.storage.rows import altered, batch_of, held_token, listed_token
from seedvault.storage.statements import Driver, Statements, tokens
from seedvault.storage.tables import AUDIT_HEAD, BATCH, SELDOM, TOKEN, USER


def held(
    driver: Driver,
    statements: Statements,
    serials: Sequence[Serial],
    fingerprints: Sequence[bytes],
) -> list[HeldToken]:
    """Every token with one of the serials or one of the fingerprints."""
    by_serial = statements.held_by_serial.run_in_parts(driver, [one.folded for one in serials])
    by_seed = statements.held_by_seed.run_in_parts(driver, fingerprints)
    return [held_token(row) for row in {*map(HeldRow._make, chain(by_serial, by_seed))}]


def listed(connection: Connection, wanted: TokenFilter) -> list[ListedToken]:
    """A page of tokens in the order of their serials."""
    return [listed_token(row) for row in connection.execute(page(wanted))]


def serials(connection: Connection, wanted: TokenFilter) -> list[Serial]:
    """The serials of the same page. Raises SealBroken where one is no serial."""
    found = select(TOKEN.c.serial).where(*_conditions(wanted)).order_by(TOKEN.c.serial_folded)
    return list(map(_serial, connection.execute(found.limit(wanted.limit)).scalars()))


def page(wanted: TokenFilter) -> Select[Any]:
    """The statement for `wanted`: the index that finds a page also has it in order."""
    found = tokens().where(*_conditions(wanted)).order_by(TOKEN.c.serial_folded)
    return found.limit(wanted.limit)


def shown(connection: Connection, serial: Serial) -> ListedToken | None:
    """One token, for people to look at."""
    row = connection.execute(tokens().where(TOKEN.c.serial_folded == serial.folded)).first()
    return None if row is None else listed_token(row)


def user(connection: Connection, name: UserName) -> User | None:
    """The user of this name. Raises SealBroken where the row gives another's name."""
    row = connection.execute(_users().where(USER.c.name_folded == name.folded)).first()
    if row is None:
        return None
    found = _user(row)
    if found.name != name:
        raise altered(f"user {name}")
    return found


def users(connection: Connection) -> list[User]:
    """Every user, by name."""
    return [_user(row) for row in connection.execute(_users().order_by(USER.c.name_folded))]


def batch(connection: Connection, number: int) -> Batch | None:
    """The batch of this number."""
    row = connection.execute(_batches().where(BATCH.c.number == number)).first()
    return None if row is None else batch_of(row)


def batches(connection: Connection) -> list[Batch]:
    """Every batch, the oldest first."""
    return [batch_of(row) for row in connection.execute(_batches().order_by(BATCH.c.number))]


def counts(connection: Connection) -> Counts:
    """How much the vault holds, without reading a row of the large tables."""

    def one(statement: Select[Any]) -> int:
        return int(connection.execute(statement).scalar_one())

    seldom = dict.fromkeys(State, 0) | {
        State(state): tokens for state, tokens in connection.execute(_seldom())
    }
    owned = one(select(func.count()).select_from(TOKEN).where(TOKEN.c.owner.is_not(None)))
    bound = owned - seldom[State.SUSPENDED]
    return Counts(
        in_stock=one(select(func.count()).select_from(TOKEN)) - bound - sum(seldom.values()),
        bound=bound,
        suspended=seldom[State.SUSPENDED],
        quarantined=seldom[State.QUARANTINED],
        revoked=seldom[State.REVOKED],
        retired=seldom[State.RETIRED],
        users=one(select(func.count()).select_from(USER)),
        batches=one(select(func.count()).select_from(BATCH)),
        events=one(select(func.sum(AUDIT_HEAD.c.sequence))),
    )


def _seldom() -> Select[Any]:
    """How many tokens are in each of the states that few are in: read off their own index."""
    counted = select(TOKEN.c.state, func.count()).where(text(SELDOM))
    return counted.group_by(TOKEN.c.state)


def _conditions(wanted: TokenFilter) -> Iterator[Any]:
    if wanted.batch is not None:
        yield TOKEN.c.batch == wanted.batch
    if wanted.owner is not None:
        of_owner = select(USER.c.id).where(USER.c.name_folded == wanted.owner.folded)
        yield TOKEN.c.owner == of_owner.scalar_subquery()
    if wanted.state is not None:
        yield TOKEN.c.state == wanted.state.value
        if wanted.state not in (State.IN_STOCK, State.BOUND):
            yield text(SELDOM)  # the index serves whoever says in so many words what is in it
    if wanted.after is not None:
        yield TOKEN.c.serial_folded > wanted.after.folded


def _users() -> Select[Any]:
    owned = (
        select(func.count()).select_from(TOKEN).where(TOKEN.c.owner == USER.c.id).scalar_subquery()
    )
    return select(USER.c.name, USER.c.added_ms, owned.label("tokens"), USER.c.groups)


def _user(row: Any) -> User:
    try:
        return User(UserName(row.name), moment(row.added_ms), row.tokens, groups_of(row.groups))
    except (InvalidInput, ValueError, TypeError, AttributeError) as error:
        raise altered("a user") from error


def _serial(value: Any) -> Serial:
    try:
        if isinstance(value, str):  # SQLite lets octets stand here as well
            return Serial(value)
    except InvalidInput:
        pass
    raise altered("a token")


def _batches() -> Select[Any]:
    return select(*(BATCH.c[name] for name in BatchRow._fields))
