"""How audit events look, wherever they are listed."""

from collections.abc import Iterable, Sequence

from seedvault.cli import output
from seedvault.cli.options import Session
from seedvault.domain.audit import LoggedEvent


def tell_events(session: Session, schema: str, events: Sequence[LoggedEvent]) -> None:
    """Print events for whoever reads: a line each, one document of this schema, or a table."""
    if session.as_lines:
        tell_event_lines(events)
    elif session.as_json:
        output.document(schema, {"events": [_fields(event) for event in events]})
    else:
        _table(events)


def tell_event_lines(events: Iterable[LoggedEvent]) -> None:
    """Print a document a line, each as it comes."""
    output.lines("event", map(_fields, events))


def place(logged: LoggedEvent) -> str:
    """An event's chain and sequence, as options take it."""
    return f"{logged.chain}:{logged.sequence}"


def _fields(logged: LoggedEvent) -> dict[str, object]:
    """An event for a document; `digest` is in hex."""
    event = logged.event
    return {
        "at": event.at,
        "kind": event.kind.value,
        "serial": str(event.serial) if event.serial else None,
        "user": event.user,
        "batch": event.batch,
        "factor": event.factor,
        "detail": event.detail,
        "actor": event.actor,
        "chain": logged.chain,
        "sequence": logged.sequence,
        "digest": logged.digest.hex(),
    }


def _table(events: Sequence[LoggedEvent]) -> None:
    """Events for people: what happened, to what, by whom."""
    output.table(
        ["WHEN", "WHAT", "TOKEN", "USER", "BY", "DETAIL"],
        [
            [
                logged.event.at,
                logged.event.kind.value,
                str(logged.event.serial or "-"),
                logged.event.user or "-",
                logged.event.actor,
                logged.event.detail or "",
            ]
            for logged in events
        ],
    )
