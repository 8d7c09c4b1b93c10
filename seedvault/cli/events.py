"""How audit events look, wherever they are listed."""

from collections.abc import Sequence

from seedvault.cli import output
from seedvault.domain.audit import LoggedEvent


def event_fields(logged: LoggedEvent) -> dict[str, object]:
    """An event for a document; `digest` is in hex."""
    event = logged.event
    return {
        "at": output.instant(event.at),
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


def event_table(events: Sequence[LoggedEvent]) -> None:
    """Events for people: what happened, to what, by whom."""
    output.table(
        ["WHEN", "WHAT", "TOKEN", "USER", "BY", "DETAIL"],
        [
            [
                output.local(logged.event.at),
                logged.event.kind.value,
                str(logged.event.serial or "-"),
                logged.event.user or "-",
                logged.event.actor,
                logged.event.detail or "",
            ]
            for logged in events
        ],
    )
