"""`seedvault db`."""

import click

from seedvault import config
from seedvault.cli import output
from seedvault.cli.db_clock import compare
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.wiring import SchemaState, schema_of, upgrade


@click.group("db")
def command() -> None:
    """Look at the database's schema and clock, and bring the schema up to this program's."""


command.add_command(compare)


@command.command()
@json_option
@click.pass_obj
def check(session: Session) -> int:
    """Tell whether the database has the schema that this program works with.

    \b
    Example:
      seedvault db check
    """
    state = schema_of(config.load(session.home))
    _tell(session, "db.check", state, "is what this program needs")
    return 0 if state.is_current else 1


@command.command("upgrade")
@dry_run_option
@json_option
@click.pass_obj
def upgrade_schema(session: Session, *, dry_run: bool) -> None:
    """Bring the database up to this program's schema: all of it, or nothing.

    Make a copy of the database first: there is no way back.

    \b
    Example:
      seedvault db upgrade
    """
    settings = config.load(session.home)
    state = schema_of(settings) if dry_run else upgrade(settings)
    _tell(session, "db.upgrade", state, "is current")


def _tell(session: Session, schema: str, state: SchemaState, current: str) -> None:
    if session.as_json:
        output.document(schema, {"found": state.found, "needed": state.needed})
    elif state.is_current:
        click.echo(f"schema {state.found} {current}")
    else:
        click.echo(f"schema {state.found}, this program needs {state.needed}")
        output.note("make a copy of the database, then: seedvault db upgrade")
