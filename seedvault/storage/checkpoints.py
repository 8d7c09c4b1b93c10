"""The checkpoints: appended under conditions, and read back."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from seedvault.domain.audit import GENESIS
from seedvault.domain.checkpoint import Checkpoint, SignedCheckpoint, read_statement
from seedvault.domain.errors import Conflict
from seedvault.service.ports import Stale
from seedvault.storage.epoch import ended
from seedvault.storage.rows import altered
from seedvault.storage.statements import Driver, Statements
from seedvault.storage.tables import CHECKPOINT

_PAGE = 1_000
_FOUND = select(CHECKPOINT.c.number, CHECKPOINT.c.statement, CHECKPOINT.c.signature)


def append(driver: Driver, statements: Statements, signed: SignedCheckpoint) -> None:
    """Write the next checkpoint in the caller's transaction; see `CheckpointTransaction`."""
    stated = signed.checkpoint
    _check_terms(statements.terms_of_signing.run(driver).fetchone(), stated)
    before = last(driver, statements)
    digest = before.checkpoint.digest if before else GENESIS
    number = before.checkpoint.number + 1 if before else 1
    if (stated.number, stated.previous) != (number, digest):
        raise Stale
    statements.append_checkpoint.run(
        driver, number=number, statement=stated.statement(), signature=signed.signature
    )


def last(driver: Driver, statements: Statements) -> SignedCheckpoint | None:
    """The one with the highest number. Raises SealBroken where Seedvault never wrote it."""
    return _one(statements.last_checkpoint.run(driver).fetchone())


def read(connection: Connection, number: int) -> SignedCheckpoint | None:
    """The one of this number. Raises as `last` does."""
    return _one(connection.execute(_FOUND.where(CHECKPOINT.c.number == number)).first())


def read_after(connection: Connection, number: int) -> Iterator[SignedCheckpoint]:
    """Those beyond a number in order, a page at a time; a row that is none is left out."""
    while True:
        beyond = _FOUND.where(CHECKPOINT.c.number > number).order_by(CHECKPOINT.c.number)
        page = connection.execute(beyond.limit(_PAGE)).fetchall()
        yield from _signed(page)
        if len(page) < _PAGE:
            return
        number = page[-1].number


def count(connection: Connection) -> int:
    """How many rows there are, those that are no checkpoint among them."""
    return int(connection.execute(select(func.count()).select_from(CHECKPOINT)).scalar_one())


def digest_at(driver: Driver, statements: Statements, chain: int, sequence: int) -> bytes | None:
    """The digest of one event as its row says it."""
    row = statements.digest_at.run(driver, of_chain=chain, at=sequence).fetchone()
    return None if row is None else row[0]


def _check_terms(terms: Any, stated: Checkpoint) -> None:
    """A vault that was restored is another one; a key that was replaced signs no more."""
    vault_id, epoch, key = terms
    if (vault_id, epoch) != (stated.vault_id, stated.epoch):
        raise ended(stated.epoch, epoch, unchanged="No checkpoint was written.")
    if key != stated.signer.name:
        raise Conflict(
            f"checkpoint key {stated.signer.name} was replaced since the vault was opened",
            unchanged="No checkpoint was written.",
            remedy="Run the same again: it will use the keys of now.",
        )


def _one(row: Any) -> SignedCheckpoint | None:
    if row is None:
        return None
    for signed in _signed([row]):
        return signed
    raise altered(f"checkpoint {row[0]}")


def _signed(rows: Iterable[Any]) -> Iterator[SignedCheckpoint]:
    """SQLite lets any value stand in any column; what is no checkpoint is missing in its place."""
    for number, statement, signature in rows:
        if not (isinstance(statement, bytes) and isinstance(signature, bytes)):
            continue
        try:
            stated = read_statement(statement)
        except ValueError:
            continue
        if stated.number == number:
            yield SignedCheckpoint(stated, signature)
