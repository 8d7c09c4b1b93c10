"""The lines of an exported log: JSON, one way to write each, and the same way back.

What is read is written again and compared: a line that was changed in any way, even where it means
the same, is none of ours.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from seedvault.domain.audit import AuditEvent, EventKind, LoggedEvent
from seedvault.domain.checkpoint import SignedCheckpoint, read_statement
from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import Serial

EVENT: Final = "seedvault.event/1"
CHECKPOINT: Final = "seedvault.checkpoint/1"
CHECKPOINT_BEGINS: Final = f'{{"schema": "{CHECKPOINT}", '.encode()

_MOST: Final = 1 << 63
_KINDS = {kind.value: kind for kind in EventKind}
_write = json.JSONEncoder().encode
_IMPOSSIBLE = (ValueError, TypeError, LookupError, OverflowError, RecursionError, InvalidInput)


def event_line(logged: LoggedEvent) -> bytes:
    """One event, as `audit list --jsonl` prints it."""
    event = logged.event
    fields = {
        "schema": EVENT,
        "at": event.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "kind": event.kind.value,
        "serial": event.serial.verbatim if event.serial else None,
        "user": event.user,
        "batch": event.batch,
        "factor": event.factor,
        "detail": event.detail,
        "actor": event.actor,
        "chain": logged.chain,
        "sequence": logged.sequence,
        "digest": logged.digest.hex(),
    }
    return _write(fields).encode("ascii") + b"\n"


def checkpoint_line(signed: SignedCheckpoint) -> bytes:
    """One checkpoint: what was signed and by what; number, time and key are for people."""
    stated = signed.checkpoint
    fields = {
        "schema": CHECKPOINT,
        "number": stated.number,
        "at": stated.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "key": stated.signer.name,
        "events": stated.events,
        "statement": b64encode(stated.statement()).decode("ascii"),
        "signature": b64encode(signed.signature).decode("ascii"),
    }
    return _write(fields).encode("ascii") + b"\n"


def read_line(octets: bytes) -> LoggedEvent | SignedCheckpoint:
    """What stands on a line, its end included. Raises ValueError where we never wrote it."""
    try:
        fields: Any = json.loads(octets)
        schema = fields["schema"]
        read = _READERS[schema](fields)
        written = event_line(read) if isinstance(read, LoggedEvent) else checkpoint_line(read)
    except _IMPOSSIBLE as error:
        raise ValueError("this is no line of an exported log") from error
    if written != octets:
        raise ValueError("the line is not spelt as it was written")
    return read


def _event(fields: dict[str, Any]) -> LoggedEvent:
    serial, factor = fields["serial"], fields["factor"]
    event = AuditEvent(
        _KINDS[fields["kind"]],
        datetime.fromisoformat(fields["at"]),
        _text(fields["actor"]),
        None if serial is None else Serial(_text(serial)),
        _text_or_none(fields["user"]),
        _text_or_none(fields["batch"]),
        None if factor is None else _number(factor),
        _text_or_none(fields["detail"]),
    )
    digest = bytes.fromhex(fields["digest"])
    return LoggedEvent(_number(fields["chain"]), _number(fields["sequence"]), event, digest)


def _checkpoint(fields: dict[str, Any]) -> SignedCheckpoint:
    stated = read_statement(b64decode(fields["statement"], validate=True))
    return SignedCheckpoint(stated, b64decode(fields["signature"], validate=True))


def _text(value: object) -> str:
    """Text that can be encoded: JSON can spell half of a surrogate pair."""
    if type(value) is not str or not (value.isascii() or value.encode()):
        raise ValueError("no text")
    return value


def _text_or_none(value: object) -> str | None:
    return None if value is None else _text(value)


def _number(value: object) -> int:
    """A number that a database holds; `true` is none, though Python takes it for 1."""
    if type(value) is not int or not -_MOST <= value < _MOST:
        raise ValueError("no number")
    return value


_READERS: Final[dict[str, Callable[[dict[str, Any]], LoggedEvent | SignedCheckpoint]]] = {
    EVENT: _event,
    CHECKPOINT: _checkpoint,
}
