"""`seedvault user`."""

import click

from seedvault.cli import output
from seedvault.cli.options import USER, Session, dry_run_option, json_option, jsonl_option
from seedvault.domain.names import UserName


@click.group("user")
def command() -> None:
    """Add and list the people tokens are bound to."""


@command.command()
@click.argument("name", type=USER)
@dry_run_option
@json_option
@click.pass_obj
def add(session: Session, name: UserName, *, dry_run: bool) -> None:
    """Make a user known.

    \b
    Example:
      seedvault user add alice
    """
    with session.application() as application:
        add_user = application.add_user
        if dry_run:
            add_user.check(name)
        else:
            add_user(name, session.actor)
    if session.as_json:
        output.document("user.add", {"user": str(name), "dry_run": dry_run})
    else:
        click.echo(f"{name} would be added" if dry_run else f"{name} added")


@command.command("list")
@jsonl_option
@json_option
@click.pass_obj
def list_users(session: Session) -> None:
    """List all users and how many tokens each holds.

    \b
    Example:
      seedvault user list
    """
    with session.application() as application:
        users = application.vault.users()
    rows = [
        {"user": str(user.name), "tokens": user.tokens, "added": user.added_at} for user in users
    ]
    if session.as_lines:
        output.lines("user", rows)
    elif session.as_json:
        output.document("user.list", {"users": rows})
    else:
        output.table(
            ["USER", "TOKENS", "ADDED"],
            [[str(user.name), str(user.tokens), user.added_at] for user in users],
        )
