"""`seedvault token suspend`, `resume`, `revoke`, `retire` and `release`."""

import click

from seedvault.cli import output
from seedvault.cli.confirm import confirm
from seedvault.cli.options import SERIAL, Session, dry_run_option, json_option
from seedvault.domain.names import Serial
from seedvault.domain.token import State, owner_of
from seedvault.service.lifecycle import ChangeLife

_reason_option = click.option(
    "--reason", required=True, help="Why, in a few words, for the record."
)
_yes_option = click.option("--yes", is_flag=True, help="Do not ask for the serial to be typed.")


@click.command()
@click.argument("serial", type=SERIAL)
@_reason_option
@dry_run_option
@json_option
@click.pass_obj
def suspend(session: Session, serial: Serial, *, reason: str, dry_run: bool) -> None:
    """Keep a token from being used: it is lost, or its user on leave. It stays theirs.

    \b
    Examples:
      seedvault token suspend GALT10001234 --reason "reported lost"
      seedvault token suspend GALT10001234 --reason "on leave until May"
    """
    with session.application() as application:
        _change(session, application.suspend_token, serial, reason, dry_run=dry_run)


@click.command()
@click.argument("serial", type=SERIAL)
@_reason_option
@dry_run_option
@json_option
@click.pass_obj
def resume(session: Session, serial: Serial, *, reason: str, dry_run: bool) -> None:
    """Let a suspended token be used again by its user.

    \b
    Example:
      seedvault token resume GALT10001234 --reason "found again"
    """
    with session.application() as application:
        _change(session, application.resume_token, serial, reason, dry_run=dry_run)


@click.command()
@click.argument("serial", type=SERIAL)
@_reason_option
@_yes_option
@dry_run_option
@json_option
@click.pass_obj
def revoke(session: Session, serial: Serial, *, reason: str, yes: bool, dry_run: bool) -> None:
    """Never accept a token again: stolen, or its seed known to others. Nothing undoes it.

    \b
    Example:
      seedvault token revoke GALT10001234 --reason "stolen with the laptop"
    """
    with session.application() as application:
        change = application.revoke_token
        if not dry_run:
            change.check(serial, reason)
            confirm(str(serial), "revoke", yes=yes)
        _change(session, change, serial, reason, dry_run=dry_run)


@click.command()
@click.argument("serial", type=SERIAL)
@_reason_option
@_yes_option
@dry_run_option
@json_option
@click.pass_obj
def retire(session: Session, serial: Serial, *, reason: str, yes: bool, dry_run: bool) -> None:
    """Take a token that nobody holds out of service, for good.

    \b
    Example:
      seedvault token retire GALT10001234 --reason "battery empty"
    """
    with session.application() as application:
        change = application.retire_token
        if not dry_run:
            change.check(serial, reason)
            confirm(str(serial), "retire", yes=yes)
        _change(session, change, serial, reason, dry_run=dry_run)


@click.command()
@click.argument("serial", type=SERIAL)
@_reason_option
@dry_run_option
@json_option
@click.pass_obj
def release(session: Session, serial: Serial, *, reason: str, dry_run: bool) -> None:
    """Take a token out of quarantine, into stock, where this version can do what kept it there.

    \b
    Example:
      seedvault token release GALT10001234 --reason "responses are verified now"
    """
    with session.application() as application:
        _change(session, application.release_token, serial, reason, dry_run=dry_run)


def _change(
    session: Session, change: ChangeLife, serial: Serial, reason: str, *, dry_run: bool
) -> None:
    """Take the step, or only check it, and tell what the token is now."""
    before = change.check(serial, reason) if dry_run else change(serial, reason, session.actor)
    owner, now = owner_of(before), change.transition.target
    if session.as_json:
        fields: dict[str, object] = {"serial": str(serial), "user": str(owner) if owner else None}
        output.document(
            f"token.{change.transition.name}",
            {**fields, "state": now.value, "reason": reason, "dry_run": dry_run},
        )
        return
    would = "would be" if dry_run else "is"
    whose = (
        f"; it {'is' if now in (State.BOUND, State.SUSPENDED) else 'was'} {owner}'s"
        if owner
        else ""
    )
    click.echo(f"{serial} {would} {now.value}{whose}")
