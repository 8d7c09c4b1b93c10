"""`seedvault token`."""

import click

from seedvault.cli import output
from seedvault.cli.events import tell_events
from seedvault.cli.options import SERIAL, Session, dry_run_option, json_option, jsonl_option
from seedvault.cli.token_assign import assign
from seedvault.cli.token_challenge import challenge
from seedvault.cli.token_find import find
from seedvault.cli.token_life import release, resume, retire, revoke, suspend
from seedvault.cli.token_list import list_tokens, show
from seedvault.cli.token_pin import pin
from seedvault.cli.token_resync import resync
from seedvault.cli.token_verify import verify
from seedvault.domain.names import Serial
from seedvault.service.ports import EventFilter


@click.group("token")
def command() -> None:
    """Everything that happens to one token."""


for _verb in (
    *(assign, list_tokens, show, find, resync, verify, challenge, pin),
    *(suspend, resume, revoke, retire, release),
):
    command.add_command(_verb)


@command.command()
@click.argument("serial", type=SERIAL)
@dry_run_option
@json_option
@click.pass_obj
def unassign(session: Session, serial: Serial, *, dry_run: bool) -> None:
    """Take a token back into stock, for the same user or another.

    Nothing is destroyed: its seed and its history stay, codes it has spent stay spent, and it can
    be assigned again.

    \b
    Example:
      seedvault token unassign GALT10001234
    """
    with session.application() as application:
        taking_back = application.unassign_token
        owner = taking_back.check(serial) if dry_run else taking_back(serial, session.actor)
    if session.as_json:
        fields: dict[str, object] = {"serial": str(serial), "user": str(owner)}
        output.document("token.unassign", {**fields, "dry_run": dry_run})
    else:
        would = "would go" if dry_run else "goes"
        click.echo(f"{serial} {would} back into stock; it was {owner}'s")


@command.command()
@click.argument("serial", type=SERIAL)
@dry_run_option
@json_option
@click.pass_obj
def unlock(session: Session, serial: Serial, *, dry_run: bool) -> None:
    """Forget a token's failures, so that it may try again at once.

    \b
    Example:
      seedvault token unlock GALT10001234
    """
    with session.application() as application:
        unlocking = application.unlock_token
        failures = unlocking.check(serial) if dry_run else unlocking(serial, session.actor)
    if session.as_json:
        fields: dict[str, object] = {"serial": str(serial), "failures": failures}
        output.document("token.unlock", {**fields, "dry_run": dry_run})
    else:
        click.echo(f"{serial}: {failures} failures {'would be ' if dry_run else ''}forgotten")


@command.command()
@click.argument("serial", type=SERIAL)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most.")
@jsonl_option
@json_option
@click.pass_obj
def history(session: Session, serial: Serial, *, limit: int) -> None:
    """List what happened to a token, newest first.

    \b
    Example:
      seedvault token history GALT10001234 --limit 10
    """
    with session.application() as application:
        application.inquire_token(serial)
        events = application.vault.events(EventFilter(serial=serial, limit=limit))
    tell_events(session, "token.history", events)
