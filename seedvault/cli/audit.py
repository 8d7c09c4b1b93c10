"""`seedvault audit`."""

from dataclasses import replace
from datetime import UTC, datetime

import click

from seedvault.cli import output
from seedvault.cli.events import tell_events
from seedvault.cli.exits import Exit
from seedvault.cli.options import SERIAL, Session, json_option, jsonl_option
from seedvault.domain.audit import EventKind
from seedvault.domain.names import Serial
from seedvault.service.lookup import spelling_of
from seedvault.service.ports import EventFilter

_SINCE = (
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",  # as documents say it
)


def _in_utc(
    _context: click.Context, _parameter: click.Parameter, value: datetime | None
) -> datetime | None:
    try:
        return value.astimezone(UTC) if value else None
    except (OverflowError, ValueError) as error:
        raise click.BadParameter("no clock shows that time") from error


@click.group("audit")
def command() -> None:
    """Read the audit log, and check that its links hold."""


@command.command("list")
@click.option("--serial", type=SERIAL, help="Only events of this token.")
@click.option("--user", help="Only events about this user.")
@click.option("--actor", help="Only what this operator did, such as os:alice.")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in EventKind]),
    metavar="KIND",  # twelve names would make a line that no terminal holds
    help="Only events of this kind, such as code.rejected; a wrong one is answered with all.",
)
@click.option(
    "--since",
    type=click.DateTime(_SINCE),
    callback=_in_utc,
    metavar="TIME",
    help="Only from this time on: 2026-11-24, or 2026-11-24T14:02:00; local, or with +HH:MM or Z.",
)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most.")
@jsonl_option
@json_option
@click.pass_obj
def list_events(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    *,
    serial: Serial | None,
    user: str | None,
    actor: str | None,
    kind: str | None,
    since: datetime | None,
    limit: int,
) -> None:
    """List events, newest first.

    \b
    Example:
      seedvault audit list --serial GALT10001234 --kind code.rejected
    """
    wanted = EventFilter(
        serial=serial,
        actor=actor,
        kind=EventKind(kind) if kind else None,
        since=since,
        limit=limit,
    )
    with session.application() as application:
        vault = application.vault
        about = spelling_of(vault, user) if user else None
        events = vault.events(replace(wanted, user=about))
    tell_events(session, "audit.list", events)


@command.command()
@json_option
@click.pass_obj
def verify(session: Session) -> int:
    """Recompute every link of the log; exit 1 and name the place where one does not hold.

    \b
    Examples:
      seedvault audit verify
      seedvault audit verify --json
    """
    with session.application() as application:
        report = application.verify_audit()
    breaks = [
        {"chain": broken.chain, "sequence": broken.sequence, "what": broken.what}
        for broken in report.breaks
    ]
    if session.as_json:
        output.document(
            "audit.verify", {"events": report.events, "chains": report.chains, "breaks": breaks}
        )
    elif breaks:
        for broken in report.breaks:
            click.echo(f"BROKEN  chain {broken.chain}, event {broken.sequence}: {broken.what}")
    else:
        click.echo(f"whole: {report.events} events in {report.chains} chains, every link holds")
    return Exit.DECIDED_NO if breaks else Exit.DONE
