"""The audit log: appending to a chain, and reading the chains back."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select

from seedvault.domain.audit import (
    GENESIS,
    SERIAL_CHAINS,
    AuditEvent,
    ChainHead,
    LoggedEvent,
    link,
    milliseconds,
)
from seedvault.service.ports import EventFilter
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
    return [ChainHead(*row) for row in connection.execute(written)]


def read_chain_numbers(connection: Connection) -> list[int]:
    """The chains in which events stand."""
    return list(connection.execute(select(AUDIT_EVENT.c.chain).distinct()).scalars())


def read_chain(connection: Connection, chain: int) -> Iterator[LoggedEvent]:
    """The events of one chain in order, a page at a time."""
    last = 0
    in_chain = _events().where(AUDIT_EVENT.c.chain == chain).order_by(AUDIT_EVENT.c.sequence)
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


def _conditions(wanted: EventFilter) -> Iterator[Any]:
    if wanted.serial is not None:
        # Events carry the serial as the maker wrote it, and only that is in the chain.
        known = select(TOKEN.c.serial).where(TOKEN.c.serial_folded == wanted.serial.folded)
        serial = AUDIT_EVENT.c.serial
        yield or_(serial == wanted.serial.verbatim, serial == known.scalar_subquery())
    if wanted.user is not None:
        yield AUDIT_EVENT.c.user == wanted.user
    if wanted.actor is not None:
        yield AUDIT_EVENT.c.actor == wanted.actor
    if wanted.batch is not None:
        yield AUDIT_EVENT.c.batch == wanted.batch
    if wanted.kind is not None:
        yield AUDIT_EVENT.c.kind == wanted.kind.value
    if wanted.since is not None:
        yield AUDIT_EVENT.c.at_ms >= milliseconds(wanted.since)


def _events() -> Select[Any]:
    return select(*(AUDIT_EVENT.c[name] for name in EventRow._fields))
