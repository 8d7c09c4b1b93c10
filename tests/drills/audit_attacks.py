"""What somebody can do to an audit log who can write to its database, or to a copy of it."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from seedvault.domain.audit import (
    GENESIS,
    ChainHead,
    LoggedEvent,
    link,
)
from seedvault.domain.checkpoint import Checkpoint, SignedCheckpoint
from seedvault.storage.rows import event_row
from seedvault.storage.tables import AUDIT_EVENT, AUDIT_HEAD, CHECKPOINT
from tests.drills.audit_world import Change
from tests.support.checkpoints import Signer

_EVENT = "chain = ? AND sequence = ?"

MALLORY = Signer("c1")
"""A key of the attacker's own, under the name of the vault's."""


class By(Enum):
    """What finds an attack at the latest."""

    DATABASE = "the database alone"
    EXPORT = "its exported log"


@dataclass(frozen=True, slots=True)
class Attack:
    """A change of the database; `by` is what must find it."""

    name: str
    change: Change
    by: By = By.DATABASE


@dataclass(frozen=True, slots=True)
class Written:
    """The log as the attacker reads it."""

    chains: dict[int, list[LoggedEvent]]
    checkpoints: list[SignedCheckpoint]

    @property
    def covered(self) -> Checkpoint:
        return self.checkpoints[-1].checkpoint


def clumsy(log: Written, every: int) -> Iterator[Attack]:
    """Rows changed, deleted, exchanged and put in by somebody who computes nothing."""
    for logged in _covered(log)[::every]:
        place = (logged.chain, logged.sequence)
        yield from _columns("audit_event", AUDIT_EVENT, _EVENT, place)
        yield Attack("an event deleted", _run(f"DELETE FROM audit_event WHERE {_EVENT}", *place))
        yield Attack("two events exchanged", _exchanged(*place))
        yield Attack("an event put in", _put_in(logged))
    for chain in log.chains:
        yield from _columns("audit_head", AUDIT_HEAD, "chain = ?", (chain,))
        yield Attack("a head deleted", _run("DELETE FROM audit_head WHERE chain = ?", chain))
    for signed in log.checkpoints:
        number = signed.checkpoint.number
        yield from _columns("checkpoint", CHECKPOINT, "number = ?", (number,))
        last = number == len(log.checkpoints)
        yield Attack(
            "the last checkpoint deleted" if last else "a checkpoint deleted",
            _run("DELETE FROM checkpoint WHERE number = ?", number),
            By.EXPORT if last else By.DATABASE,
        )


def capable(log: Written, every: int) -> Iterator[Attack]:
    """The log rewritten with every digest, and every head, computed anew, as this page says."""
    for logged in _covered(log)[::every]:
        for how, forged in _forgeries(log, logged):
            yield Attack(f"{how}, all digests recomputed", _written(forged, log.checkpoints))
            for name, checkpoints in _resigned(log, forged):
                yield Attack(f"{how}, {name}", _written(forged, checkpoints))
            kept = [each for each in log.checkpoints if _holds(each.checkpoint, forged)]
            yield Attack(
                f"{how}, all digests recomputed, later checkpoints dropped",
                _written(forged, kept),
                By.EXPORT,
            )
    for number in range(len(log.checkpoints)):
        yield Attack(
            "the last checkpoints dropped",
            _written(log.chains, log.checkpoints[:number]),
            By.EXPORT,
        )


def _forgeries(
    log: Written, logged: LoggedEvent
) -> Iterator[tuple[str, dict[int, list[LoggedEvent]]]]:
    """Four ways to make another history of one event's chain."""
    chain, place = log.chains[logged.chain], logged.sequence - 1
    events = [each.event for each in chain]
    other = replace(events[place], actor="os:somebody-else")
    for how, history in (
        ("an event rewritten", [*events[:place], other, *events[place + 1 :]]),
        ("an event taken out", [*events[:place], *events[place + 1 :]]),
        ("an event slipped in", [*events[:place], other, *events[place:]]),
        ("an end cut off", events[:place]),
    ):
        digest, forged = GENESIS, list[LoggedEvent]()
        for sequence, event in enumerate(history, start=1):
            digest = link(digest, logged.chain, sequence, event)
            forged.append(LoggedEvent(logged.chain, sequence, event, digest))
        yield how, log.chains | {logged.chain: forged}


def _resigned(
    log: Written, forged: dict[int, list[LoggedEvent]]
) -> Iterator[tuple[str, list[SignedCheckpoint]]]:
    """Checkpoints that fit the other history; what is missing is the key that signed them."""
    for name, introduces, sign in (
        ("checkpoints rewritten, their signatures kept", None, None),
        ("checkpoints rewritten and signed by another key", None, MALLORY),
        ("checkpoints rewritten by a key that introduces itself", MALLORY.public_key, MALLORY),
    ):
        before: Checkpoint | None = None
        made = list[SignedCheckpoint]()
        for signed in log.checkpoints:
            was = signed.checkpoint
            heads = tuple(
                ChainHead(head.chain, end, forged[head.chain][end - 1].digest)
                for head in was.heads
                if (end := min(head.sequence, len(forged[head.chain])))
            )
            now = replace(was, heads=heads, previous=before.digest if before else GENESIS)
            if introduces is not None:
                own = introduces if before is None else None
                now = replace(now, signer=MALLORY.key, introduces=own)
            signature = sign.sign(now.statement()) if sign else signed.signature
            made.append(SignedCheckpoint(now, signature))
            before = now
        yield name, made


def _holds(stated: Checkpoint, forged: dict[int, list[LoggedEvent]]) -> bool:
    return all(
        len(forged[head.chain]) >= head.sequence
        and forged[head.chain][head.sequence - 1].digest == head.digest
        for head in stated.heads
    )


def _covered(log: Written) -> list[LoggedEvent]:
    """The events below the last checkpoint."""
    return [
        logged
        for chain in log.chains.values()
        for logged in chain
        if logged.sequence <= log.covered.head(logged.chain).sequence
    ]


def _columns(table: str, columns: Any, where: str, place: Sequence[int]) -> Iterator[Attack]:
    for column in columns.columns.keys():  # noqa: SIM118 - columns, and no dict
        for value in _others(column):
            yield Attack(
                f"{table}.{column} changed",
                _run(f'UPDATE {table} SET "{column}" = {value} WHERE {where}', *place),
            )


def _others(column: str) -> Iterator[str]:
    """Other values, as SQL: near ones, none, and some of a type that cannot stand there."""
    match column:
        case "chain" | "sequence" | "at_ms" | "number":
            yield f"{column} + 1000000"
            yield f"{column} + 0.5"
        case "factor":
            yield "ifnull(factor, 0) + 1"
        case "digest" | "statement" | "signature":
            yield f"zeroblob(length({column}))"
            yield f"{column} || x'00'"
            yield f"flipped({column})"
        case _:
            yield f"ifnull(\"{column}\", '') || 'x'"
            yield f'CASE WHEN "{column}" IS NULL THEN \'\' ELSE CAST("{column}" AS BLOB) END'


def _run(statement: str, *values: object) -> Change:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(statement, values)

    return change


def _exchanged(chain: int, sequence: int) -> Change:
    """An event and its neighbour, the older where there is one, in each other's place."""
    other = sequence - 1 if sequence > 1 else sequence + 1
    steps = ((sequence, -1), (other, sequence), (-1, other))

    def change(connection: sqlite3.Connection) -> None:
        for old, new in steps:
            connection.execute(
                "UPDATE audit_event SET sequence = ? WHERE chain = ? AND sequence = ?",
                (new, chain, old),
            )

    return change


def _put_in(logged: LoggedEvent) -> Change:
    """A copy of an event at the end of its chain, the head moved on."""

    def change(connection: sqlite3.Connection) -> None:
        (sequence,) = connection.execute(
            "UPDATE audit_head SET sequence = sequence + 1 WHERE chain = ? RETURNING sequence",
            (logged.chain,),
        ).fetchone()
        _insert(connection, replace(logged, sequence=sequence))

    return change


def _written(
    chains: dict[int, list[LoggedEvent]], checkpoints: Sequence[SignedCheckpoint]
) -> Change:
    """The whole log in the place of the one that was there."""

    def change(connection: sqlite3.Connection) -> None:
        for table in ("audit_event", "checkpoint"):
            connection.execute(f"DELETE FROM {table}")
        for chain, events in chains.items():
            for logged in events:
                _insert(connection, logged)
            head = (events[-1].sequence, events[-1].digest) if events else (0, GENESIS)
            connection.execute(
                "UPDATE audit_head SET sequence = ?, digest = ? WHERE chain = ?", (*head, chain)
            )
        for signed in checkpoints:
            row = (signed.checkpoint.number, signed.checkpoint.statement(), signed.signature)
            connection.execute("INSERT INTO checkpoint VALUES (?, ?, ?)", row)

    return change


def _insert(connection: sqlite3.Connection, logged: LoggedEvent) -> None:
    row = event_row(logged.chain, logged.sequence, logged.event, logged.digest)._asdict()
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO audit_event ({names}) VALUES ({marks})", [*row.values()])


Lines = list[bytes]


def on_the_copy(lines: Lines, every: int) -> Iterator[tuple[str, Lines]]:
    """What somebody can do to the exported file, who has not the key in the HSM.

    To cut it off behind a checkpoint is not among them: that is how the file was a while ago.
    """
    for place in range(0, len(lines) - 1, every):
        before, line, after = lines[:place], lines[place], lines[place + 1 :]
        yield "a line deleted", [*before, *after]
        yield "a line repeated", [*before, line, line, *after]
        yield "an octet changed", [*before, _flipped(line), *after]
        yield "a line of something else", [*before, b'{"schema": "x"}\n', *after]
    for place in range(0, len(lines) - 1, every):
        if not _independent(lines[place], lines[place + 1]):
            swapped = [*lines[:place], lines[place + 1], lines[place], *lines[place + 2 :]]
            yield "two lines exchanged", swapped


def _flipped(line: bytes) -> bytes:
    """The last octet of the digest or the signature, changed to another of its alphabet."""
    place = len(line) - 6
    return line[:place] + (b"0" if line[place : place + 1] != b"0" else b"1") + line[place + 1 :]


def _independent(one: bytes, other: bytes) -> bool:
    """Events of two chains between two checkpoints: neither is before the other."""
    chains = [line.partition(b'"chain": ')[2].partition(b",")[0] for line in (one, other)]
    return all(chains) and chains[0] != chains[1]
