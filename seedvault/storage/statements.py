"""The statements of the hot path: written once over the tables, compiled once, run on the driver.

SQLAlchemy runs one through its own cursor in 25 to 40 us; the driver alone takes 5 to 10.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, Protocol

from sqlalchemy import (
    BindParameter,
    Dialect,
    Select,
    Update,
    bindparam,
    case,
    func,
    insert,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.sql.expression import ClauseElement, ColumnElement

from seedvault.domain.vault_key import KeyPurpose
from seedvault.storage.columns import HeldRow, LifeRow, ProgressRow, StagedRow, TokenRow
from seedvault.storage.tables import (
    AUDIT_EVENT,
    AUDIT_HEAD,
    CHECKPOINT,
    STAGED_TOKEN,
    TOKEN,
    USER,
    VAULT,
    VAULT_KEY,
)
from seedvault.storage.time_on_record import newest_ms

Value = str | bytes | int | None
# A limit of uses comes with the release from quarantine.
_REPLACED = (*ProgressRow._fields, *LifeRow._fields, "use_limit", "seal", "seal_key", "revision")
_REKEYED = ("blob_format", "kek_id", "blob", "fingerprint", "fingerprint_key", "seal", "seal_key")
_ASKED = tuple(f"asked_{number}" for number in range(1_000))


class Driver(Protocol):
    """A driver's connection: sqlite3's, and psycopg's too."""

    def execute(self, sql: str, values: Sequence[Value], /) -> Any: ...
    def executemany(self, sql: str, rows: Iterable[Sequence[Value]], /) -> Any: ...


class Prepared:
    """A statement compiled for one dialect, run with its bound values by name."""

    __slots__ = ("_constants", "_order", "_sql")

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._order: list[str] = compiled.positiontup
        self._constants = {
            name: value for name, value in compiled.params.items() if value is not None
        }

    def run(self, driver: Driver, **values: Value) -> Any:
        """The driver's cursor. A value that is missing is a KeyError."""
        bound = self._constants | values
        return driver.execute(self._sql, [bound[name] for name in self._order])

    def run_many(self, driver: Driver, rows: Iterable[tuple[Value, ...]]) -> None:
        """Run once for each NamedTuple, whose fields name the bound values."""
        driver.executemany(self._sql, map(attrgetter(*self._order), rows))


class PreparedList:
    """A statement over any number of values of one column, a thousand at a time.

    SQLAlchemy writes such a statement anew for each list, and leaves what it made of it to the
    garbage collector, which an import keeps from looking: 140 octets a token.
    """

    __slots__ = ("_prepared",)

    def __init__(self, found: Select[Any], column: ColumnElement[Any], dialect: Dialect) -> None:
        asked: list[BindParameter[Any]] = [bindparam(name) for name in _ASKED]
        self._prepared = Prepared(found.where(column.in_(asked)), dialect)

    def run_in_parts(self, driver: Driver, values: Sequence[Value]) -> Iterator[Any]:
        """The rows. The last part is filled up with its last value."""
        for start in range(0, len(values), len(_ASKED)):
            part = values[start : start + len(_ASKED)]
            named = dict.fromkeys(_ASKED, part[-1]) | dict(zip(_ASKED, part, strict=False))
            yield from self._prepared.run(driver, **named)


class Statements:
    """The hot statements, ready for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.read_token = Prepared(
            tokens()
            .where(TOKEN.c.serial_folded == bindparam("folded"))
            .add_columns(newest_ms().label("newest_ms")),
            dialect,
        )
        self._dialect = dialect
        self.advance = Prepared(_conditional(ProgressRow._fields), dialect)
        self.replace = Prepared(_conditional(_REPLACED), dialect)
        self.rekey = Prepared(_conditional(_REKEYED), dialect)
        self.lengthen_chain = Prepared(_lengthen_chain(), dialect)
        self.stage_token = Prepared(
            insert(STAGED_TOKEN).values({name: bindparam(name) for name in StagedRow._fields}),
            dialect,
        )
        self.append_event = Prepared(insert(AUDIT_EVENT), dialect)
        self.move_head = Prepared(
            update(AUDIT_HEAD)
            .where(AUDIT_HEAD.c.chain == bindparam("of_chain"))
            .values(digest=bindparam("digest")),
            dialect,
        )

    # Only checkpoints ask for the next four: while the last two run, logins wait.
    @cached_property
    def digest_at(self) -> Prepared:
        columns = AUDIT_EVENT.c
        at = (columns.chain == bindparam("of_chain"), columns.sequence == bindparam("at"))
        return Prepared(select(columns.digest).where(*at), self._dialect)

    @cached_property
    def last_checkpoint(self) -> Prepared:
        columns = CHECKPOINT.c
        found = select(columns.number, columns.statement, columns.signature)
        return Prepared(found.order_by(columns.number.desc()).limit(1), self._dialect)

    @cached_property
    def terms_of_signing(self) -> Prepared:
        """Which vault it is, and which key signs for it."""
        columns = VAULT_KEY.c
        signs = (columns.purpose == KeyPurpose.CHECKPOINT.code, columns.in_use)
        key = select(columns.name).where(*signs).scalar_subquery()
        return Prepared(select(VAULT.c.vault_id, VAULT.c.epoch, key), self._dialect)

    @cached_property
    def append_checkpoint(self) -> Prepared:
        return Prepared(insert(CHECKPOINT), self._dialect)

    # Only imports ask: a thousand values take 10 ms to compile.
    @cached_property
    def held_by_serial(self) -> PreparedList:
        return PreparedList(_held(), TOKEN.c.serial_folded, self._dialect)

    @cached_property
    def held_by_seed(self) -> PreparedList:
        return PreparedList(_held(), TOKEN.c.fingerprint, self._dialect)


def _held() -> Select[Any]:
    return select(*(TOKEN.c[name] for name in HeldRow._fields))


def tokens() -> Select[Any]:
    """Every token as a `TokenRow`."""
    return select(*map(_token_column, TokenRow._fields)).select_from(
        TOKEN.outerjoin(USER, TOKEN.c.owner == USER.c.id)
    )


def _token_column(name: str) -> ColumnElement[Any]:
    if name == "groups":
        return USER.c.groups
    if name == "policy_revision":
        return select(VAULT.c.policy_revision).scalar_subquery().label(name)
    if name != "owner":
        return TOKEN.c[name]
    # "" is no user's name: an owner who is not there is not nobody.
    name_or_blank = func.coalesce(USER.c.name, literal_column("''"))
    return case((TOKEN.c.owner.is_not(None), name_or_blank), else_=null()).label("owner")


def _conditional(columns: Sequence[str]) -> Update:
    """An UPDATE that hits the row only if it, and the vault's epoch, are still what was seen.

    `ceiling` is the highest next_factor at which the change may still be made: no code is
    accepted twice, and no moving factor goes back.
    """
    return (
        update(TOKEN)
        .where(
            TOKEN.c.id == bindparam("seen_id"),
            TOKEN.c.version == bindparam("seen_version"),
            TOKEN.c.state == bindparam("seen_state"),
            TOKEN.c.next_factor <= bindparam("ceiling"),
            select(VAULT.c.epoch).scalar_subquery() == bindparam("seen_epoch"),
        )
        .values({name: bindparam(name) for name in columns} | {"version": TOKEN.c.version + 1})
        .returning(TOKEN.c.version)
    )


def _lengthen_chain() -> Update:
    return (
        update(AUDIT_HEAD)
        .where(AUDIT_HEAD.c.chain == bindparam("of_chain"))
        .values(sequence=AUDIT_HEAD.c.sequence + 1)
        .returning(AUDIT_HEAD.c.sequence, AUDIT_HEAD.c.digest)
    )
