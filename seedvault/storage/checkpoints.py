"""The checkpoints: appended under conditions, and read back."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, func, insert, select

from seedvault.domain.audit import ChainHead
from seedvault.domain.checkpoint import Checkpoint, SignedCheckpoint, read_statement
from seedvault.domain.errors import Conflict, SealBroken
from seedvault.domain.vault_key import KeyPurpose
from seedvault.service.ports import Stale
from seedvault.storage.rows import altered
from seedvault.storage.tables import AUDIT_EVENT, CHECKPOINT, VAULT, VAULT_KEY

_PAGE = 1_000
_FOUND = select(CHECKPOINT.c.number, CHECKPOINT.c.statement, CHECKPOINT.c.signature)


def append(connection: Connection, signed: SignedCheckpoint) -> None:
    """Write the next checkpoint in the caller's transaction; see `CheckpointTransaction`."""
    stated = signed.checkpoint
    _check_vault(connection, stated)
    _check_signer(connection, stated)
    before = last(connection)
    if stated.number != (before.checkpoint.number + 1 if before else 1):
        raise Stale
    if before is not None:
        if stated.previous != before.checkpoint.digest:
            raise Stale
        _check_chains(connection, before.checkpoint)
    _check_chains(connection, stated)
    row = {
        "number": stated.number,
        "statement": stated.statement(),
        "signature": signed.signature,
    }
    connection.execute(insert(CHECKPOINT).values(row))


def last(connection: Connection) -> SignedCheckpoint | None:
    """The one with the highest number. Raises SealBroken where Seedvault never wrote it."""
    return _one(connection.execute(_FOUND.order_by(CHECKPOINT.c.number.desc()).limit(1)).first())


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


def digest_at(connection: Connection, chain: int, sequence: int) -> bytes | None:
    """The digest of one event as its row says it."""
    found = select(AUDIT_EVENT.c.digest).where(
        AUDIT_EVENT.c.chain == chain, AUDIT_EVENT.c.sequence == sequence
    )
    digest: bytes | None = connection.execute(found).scalar()
    return digest


def _check_vault(connection: Connection, stated: Checkpoint) -> None:
    row = connection.execute(select(VAULT.c.vault_id, VAULT.c.epoch)).first()
    if row is None or (row.vault_id, row.epoch) != (stated.vault_id, stated.epoch):
        raise Conflict(
            "the vault was restored since it was opened",
            unchanged="No checkpoint was written.",
            remedy="Run the same again: it will go on with the vault of now.",
        )


def _check_signer(connection: Connection, stated: Checkpoint) -> None:
    """A key that was replaced meanwhile signs no more: nobody would accept it."""
    in_use = select(VAULT_KEY.c.name).where(
        VAULT_KEY.c.purpose == KeyPurpose.CHECKPOINT.code, VAULT_KEY.c.in_use
    )
    if connection.execute(in_use).scalar() != stated.signer.name:
        raise Conflict(
            f"checkpoint key {stated.signer.name} was replaced since the vault was opened",
            unchanged="No checkpoint was written.",
            remedy="Run the same again: it will use the keys of now.",
        )


def _check_chains(connection: Connection, stated: Checkpoint) -> None:
    """The HSM must not sign a log that is not the one it signed before, nor a head that lies."""
    for head in stated.heads:
        if digest_at(connection, head.chain, head.sequence) != head.digest:
            raise _rewritten(stated, head)


def _rewritten(stated: Checkpoint, head: ChainHead) -> SealBroken:
    return SealBroken(
        f"event {head.sequence} of chain {head.chain} is not the one that checkpoint "
        f"{stated.number} is over: the audit log was cut off or rewritten",
        unchanged="No checkpoint was signed.",
        remedy="Keep the database as evidence: seedvault audit verify --export FILE",
    )


def _one(row: Any) -> SignedCheckpoint | None:
    if row is None:
        return None
    for signed in _signed([row]):
        return signed
    raise altered(f"checkpoint {row.number}")


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
