"""The audit log: appending to a chain, and reading the chains back."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, or_, select

from seedvault.domain.audit import (
    GENESIS,
    SERIAL_CHAINS,
    AuditEvent,
    ChainHead,
    EventKind,
    LoggedEvent,
    link,
    milliseconds,
)
from seedvault.service.ports import EventFilter, Place
from seedvault.storage.columns import EventRow
from seedvault.storage.rows import event_row, logged_events
from seedvault.storage.statements import Driver, Statements
from seedvault.storage.tables import AUDIT_EVENT, AUDIT_HEAD, TOKEN

_PAGE = 1_000


def begin_chains(connection: Connection) -> None:
    """Write the heads of chains that hold nothing yet."""
    heads = [
        {"chain": chain, "sequence": 0, "digest": GENESIS} for chain in range(SERIAL_CHAINS + 1)
    ]
    connection.execute(insert(AUDIT_HEAD), heads)


def append(driver: Driver, statements: Statements, event: AuditEvent) -> None:
    """Put `event` at the end of its chain. A transaction must be open."""
    chain = event.chain
    sequence, previous = statements.lengthen_chain.run(driver, of_chain=chain).fetchone()
    digest = link(previous, chain, sequence, event)
    row = event_row(chain, sequence, event, digest)
    statements.append_event.run(driver, **row._asdict())
    statements.move_head.run(driver, of_chain=chain, digest=digest)


def read_heads(connection: Connection) -> list[ChainHead]:
    """Where each chain that holds an event ends."""
    found = select(AUDIT_HEAD.c.chain, AUDIT_HEAD.c.sequence, AUDIT_HEAD.c.digest)
    written = found.where(AUDIT_HEAD.c.sequence != 0).order_by(AUDIT_HEAD.c.chain)
    return [ChainHead(*row) for row in connection.execute(written) if _is_head(*row)]


def _is_head(chain: object, sequence: object, digest: object) -> bool:
    """SQLite lets any value stand in any column; what is no head is missing in its place."""
    return type(chain) is int and type(sequence) is int and type(digest) is bytes


def count_heads(connection: Connection) -> int:
    """How many chains have an end, be it before their first event."""
    return int(connection.execute(select(func.count()).select_from(AUDIT_HEAD)).scalar_one())


def read_chain_numbers(connection: Connection) -> list[int]:
    """The chains in which events stand, as far as they are numbers."""
    found = connection.execute(select(AUDIT_EVENT.c.chain).distinct()).scalars()
    return [chain for chain in found if type(chain) is int]


def count_rows(connection: Connection) -> int:
    """How many rows there are, those that are no event among them."""
    return int(connection.execute(select(func.count()).select_from(AUDIT_EVENT)).scalar_one())


def read_chain(
    connection: Connection, chain: int, after: int = 0, up_to: int | None = None
) -> Iterator[LoggedEvent]:
    """The events of one chain in order, or a part of them, a page at a time."""
    last = after
    in_chain = _events().where(AUDIT_EVENT.c.chain == chain).order_by(AUDIT_EVENT.c.sequence)
    if up_to is not None:
        in_chain = in_chain.where(AUDIT_EVENT.c.sequence <= up_to)
    while True:
        page = connection.execute(
            in_chain.where(AUDIT_EVENT.c.sequence > last).limit(_PAGE)
        ).fetchall()
        yield from logged_events(page)
        if len(page) < _PAGE:
            return
        last = page[-1].sequence


def read_events(connection: Connection, wanted: EventFilter) -> list[LoggedEvent]:
    """The newest events that `wanted` asks for."""
    return list(logged_events(connection.execute(newest(wanted))))


def newest(wanted: EventFilter) -> Select[Any]:
    """The statement for `wanted`, the newest event first."""
    order = (AUDIT_EVENT.c.at_ms.desc(), AUDIT_EVENT.c.chain, AUDIT_EVENT.c.sequence.desc())
    return _events().where(*_conditions(wanted)).order_by(*order).limit(wanted.limit)


def counted(wanted: EventFilter) -> Select[Any]:
    """The statement that counts what `wanted` asks for; by kind and time, in an index alone."""
    return select(func.count()).select_from(AUDIT_EVENT).where(*_conditions(wanted))


def _conditions(wanted: EventFilter) -> Iterator[Any]:
    if wanted.serial is not None:
        # Events carry the serial as the maker wrote it, and only that is in the chain.
        known = select(TOKEN.c.serial).where(TOKEN.c.serial_folded == wanted.serial.folded)
        serial = AUDIT_EVENT.c.serial
        yield or_(serial == wanted.serial.verbatim, serial == known.scalar_subquery())
    for name in ("user", "actor", "batch", "chain"):
        value = getattr(wanted, name)
        if value is not None:
            yield AUDIT_EVENT.c[name] == value
    if isinstance(wanted.kind, EventKind):
        yield AUDIT_EVENT.c.kind == wanted.kind.value
    elif wanted.kind is not None:
        yield AUDIT_EVENT.c.kind.in_(sorted(kind.value for kind in wanted.kind))
    if wanted.since is not None:
        yield AUDIT_EVENT.c.at_ms >= milliseconds(wanted.since)
    if wanted.until is not None:
        yield AUDIT_EVENT.c.at_ms < milliseconds(wanted.until)
    if wanted.before is not None:
        yield _before(wanted.before)


def _before(place: Place) -> Any:
    """What stands after `place` in the order of a list: older, or further in the same moment."""
    columns, when = AUDIT_EVENT.c, _at(place).scalar_subquery()
    further = or_(
        columns.chain > place.chain,
        and_(columns.chain == place.chain, columns.sequence < place.sequence),
    )
    return and_(columns.at_ms <= when, or_(columns.at_ms < when, further))


def read_moment(connection: Connection, place: Place) -> int | None:
    """When the event at a place happened, in Unix milliseconds; None where none is."""
    at_ms: int | None = connection.execute(_at(place)).scalar()
    return at_ms


def _at(place: Place) -> Select[Any]:
    stands = AUDIT_EVENT.alias()
    return select(stands.c.at_ms).where(
        stands.c.chain == place.chain, stands.c.sequence == place.sequence
    )


def _events() -> Select[Any]:
    return select(*(AUDIT_EVENT.c[name] for name in EventRow._fields))
