"""`seedvault key transport list`."""

from datetime import datetime

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.options import Session, json_option, jsonl_option
from seedvault.cli.transport_words import opened_fields
from seedvault.service.transport_keys import TransportKeyState


@click.command("list")
@jsonl_option
@json_option
@click.pass_obj
def list_keys(session: Session) -> int:
    """List the transport keys, the destroyed ones too, and the batches that each opened.

    Each living key is asked a question in the HSM whose answer was recorded when it came: STATE is
    ok, DIFFERS, or says that it is not on the PKCS#11 token. Ends with 1 where one is not ok.

    \b
    Example:
      seedvault key transport list
    """
    with session.application() as application:
        keys = application.ceremonies.list_transport_keys()
    if session.as_lines:
        output.lines("transport_key", (_fields(key) for key in keys))
    elif session.as_json:
        output.document("key.transport.list", {"transport_keys": [_fields(key) for key in keys]})
    else:
        output.table(
            ["LABEL", "KIND", "CHECK VALUE", "CREATED", "BY", "ORIGIN", "OPENED", "STATE"],
            [_row(key) for key in keys],
        )
    return Exit.DONE if all(key.is_sound for key in keys) else Exit.DECIDED_NO


def _row(key: TransportKeyState) -> list[str | datetime]:
    stored = key.stored
    ended = stored.destroyed_at
    return [
        str(stored.label),
        stored.kind.words,
        stored.check_value,
        stored.created_at,
        stored.created_by,
        stored.origin,
        ", ".join(batch.name for batch in key.batches) or "-",
        key.state if ended is None else f"destroyed {output.local(ended)}",
    ]


def _fields(key: TransportKeyState) -> dict[str, object]:
    stored, report = key.stored, key.report
    return {
        "label": str(stored.label),
        "kind": stored.kind.code,
        "origin": stored.origin,
        "check_value": stored.check_value,
        "state": key.state,
        "uses": list(report.uses) if report else [],
        "attributes": dict(report.attributes) if report else {},
        "created": stored.created_at,
        "by": stored.created_by,
        "destroyed": stored.destroyed_at,
        "opened": [opened_fields(batch) for batch in key.batches],
    }
