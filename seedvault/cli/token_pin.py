"""`seedvault token pin`: a PIN that goes with a token's codes, or that the token computes over."""

import click

from seedvault.cli import output
from seedvault.cli.options import SERIAL, Session, dry_run_option, json_option
from seedvault.cli.secret_input import read_secret_line
from seedvault.domain.names import Serial


@click.group("pin")
def pin() -> None:
    """A token's PIN: set it, forget it."""


@pin.command("set")
@click.argument("serial", type=SERIAL)
@click.option("--pin-file", help="The PIN's file, - for standard input. Else you are asked twice.")
@dry_run_option
@json_option
@click.pass_obj
def set_pin(session: Session, serial: Serial, *, pin_file: str | None, dry_run: bool) -> None:
    """Set the PIN that is presented with a token's codes, or that an OCRA token computes over.

    Whether codes need a PIN, and on which side of it, the policy says. It is never shown again;
    it goes when the token is taken back.

    \b
    Examples:
      seedvault token pin set GALT10001234
      seedvault token pin set GALT10001234 --pin-file pin.txt
    """
    with session.application() as application:
        setting = application.set_pin
        setting.check(serial)
        chosen = _ask() if pin_file is None else read_secret_line(pin_file)
        if dry_run:
            setting.check(serial, chosen)
        else:
            setting(serial, chosen, session.actor)
    _tell(session, "token.pin.set", serial, "set", dry_run=dry_run)


@pin.command("clear")
@click.argument("serial", type=SERIAL)
@dry_run_option
@json_option
@click.pass_obj
def clear_pin(session: Session, serial: Serial, *, dry_run: bool) -> None:
    """Forget a token's PIN. Where the policy asks for one, its codes are rejected then.

    \b
    Example:
      seedvault token pin clear GALT10001234
    """
    with session.application() as application:
        clearing = application.clear_pin
        if dry_run:
            clearing.check(serial)
        else:
            clearing(serial, session.actor)
    _tell(session, "token.pin.clear", serial, "cleared", dry_run=dry_run)


def _ask() -> str:
    chosen: str = click.prompt("PIN", hide_input=True, confirmation_prompt=True, err=True)
    return chosen


def _tell(session: Session, schema: str, serial: Serial, done: str, *, dry_run: bool) -> None:
    if session.as_json:
        output.document(schema, {"serial": str(serial), "dry_run": dry_run})
    else:
        click.echo(f"{serial}: PIN {'would be ' if dry_run else ''}{done}")
