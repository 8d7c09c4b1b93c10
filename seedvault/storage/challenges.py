"""The challenges that wait for a response, and the questions that were answered for good."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update

from seedvault.domain.audit import milliseconds, moment
from seedvault.domain.challenge import Challenge, ChallengeId, Purpose
from seedvault.domain.errors import InvalidInput
from seedvault.domain.ocra import question_octets
from seedvault.service.ports import StoredToken
from seedvault.storage.rows import altered
from seedvault.storage.tables import CHALLENGE

_SHOWN = ("id", "question", "purpose", "issued_ms", "expires_ms")


def read(
    connection: Connection, seen: StoredToken, named: ChallengeId, epoch: int
) -> Challenge | None:
    """Raises SealBroken for a row that Seedvault never wrote."""
    wanted = and_(_open(seen), CHALLENGE.c.id == named.text, CHALLENGE.c.epoch == epoch)
    row = connection.execute(select(*(CHALLENGE.c[name] for name in _SHOWN)).where(wanted)).first()
    return None if row is None else _challenge(row)


def add(connection: Connection, seen: StoredToken, new: Challenge, most: int, epoch: int) -> bool:
    """See `ChallengeTransaction.add_challenge`."""
    asked = _asked(seen, new)
    if _answered(connection, seen, asked):
        return False
    connection.execute(delete(CHALLENGE).where(_open(seen), _superseded(seen, new, asked, most)))
    row = {
        "token": seen.row,
        "id": new.id.text,
        "question": new.question,
        "asked": asked,
        "purpose": new.purpose.value,
        "issued_ms": milliseconds(new.issued_at),
        "expires_ms": milliseconds(new.expires_at),
        "epoch": epoch,
        "answered_ms": None,
    }
    connection.execute(insert(CHALLENGE).values(row))
    return True


def spend(
    connection: Connection, seen: StoredToken, spent: Challenge, kept_at: datetime | None
) -> bool:
    """Whether it was open until now: exactly one row."""
    this = and_(_open(seen), CHALLENGE.c.id == spent.id.text)
    if kept_at is None:
        ended: Any = delete(CHALLENGE).where(this)
    else:
        ended = update(CHALLENGE).where(this).values(answered_ms=milliseconds(kept_at))
    return len(connection.execute(ended.returning(CHALLENGE.c.id)).fetchall()) == 1


def _open(seen: StoredToken) -> ColumnElement[bool]:
    return and_(CHALLENGE.c.token == seen.row, CHALLENGE.c.answered_ms.is_(None))


def _superseded(seen: StoredToken, new: Challenge, asked: bytes, most: int) -> ColumnElement[bool]:
    newest = (
        select(CHALLENGE.c.id)
        .where(_open(seen))
        .order_by(CHALLENGE.c.issued_ms.desc(), CHALLENGE.c.id)
        .limit(most - 1)
    )
    return or_(
        CHALLENGE.c.expires_ms <= milliseconds(new.issued_at),
        CHALLENGE.c.asked == asked,
        CHALLENGE.c.id.not_in(newest),
    )


def _answered(connection: Connection, seen: StoredToken, asked: bytes) -> bool:
    found = select(CHALLENGE.c.id).where(
        CHALLENGE.c.token == seen.row,
        CHALLENGE.c.asked == asked,
        CHALLENGE.c.answered_ms.is_not(None),
    )
    return connection.execute(found.limit(1)).first() is not None


def _asked(seen: StoredToken, challenge: Challenge) -> bytes:
    """What the token computes over: different texts can be one question (RFC 6287 appendix A)."""
    form = seen.token.device.answering.inputs.form
    return question_octets(form, challenge.question).rstrip(b"\x00")


def _challenge(row: Any) -> Challenge:
    try:
        return Challenge(
            ChallengeId(row.id),
            str(row.question),
            Purpose(row.purpose),
            moment(row.issued_ms),
            moment(row.expires_ms),
        )
    except (ValueError, TypeError, OverflowError, InvalidInput) as error:
        raise altered(f"challenge {row.id!a}") from error
