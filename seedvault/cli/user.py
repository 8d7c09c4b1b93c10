"""`seedvault user`."""

import click

from seedvault.cli import output
from seedvault.cli.options import USER, Session, dry_run_option, json_option, jsonl_option
from seedvault.cli.user_group import group_user
from seedvault.domain.names import GroupName, UserName
from seedvault.service.groups import in_order


@click.group("user")
def command() -> None:
    """Add and list the people tokens are bound to."""


command.add_command(group_user)


@command.command()
@click.argument("name", type=USER)
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="In this group; repeat it.")
@dry_run_option
@json_option
@click.pass_obj
def add(session: Session, name: UserName, *, groups: tuple[str, ...], dry_run: bool) -> None:
    """Make a user known.

    \b
    Examples:
      seedvault user add alice
      seedvault user add bob --group "field staff"
    """
    named = in_order([GroupName(group.strip()) for group in groups])
    with session.application() as application:
        add_user = application.add_user
        if dry_run:
            add_user.check(name)
        else:
            add_user(name, session.actor, named)
    if session.as_json:
        fields: dict[str, object] = {"user": str(name), "groups": [str(each) for each in named]}
        output.document("user.add", {**fields, "dry_run": dry_run})
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
        {
            "user": str(user.name),
            "tokens": user.tokens,
            "added": user.added_at,
            "groups": [str(group) for group in user.groups],
        }
        for user in users
    ]
    if session.as_lines:
        output.lines("user", rows)
    elif session.as_json:
        output.document("user.list", {"users": rows})
    else:
        output.table(
            ["USER", "TOKENS", "ADDED", "GROUPS"],
            [
                [
                    str(user.name),
                    str(user.tokens),
                    user.added_at,
                    ", ".join(map(str, user.groups)) or "-",
                ]
                for user in users
            ],
        )
