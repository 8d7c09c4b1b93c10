"""`seedvault user group`."""

import click

from seedvault.cli import output
from seedvault.cli.options import USER, Session, dry_run_option, json_option
from seedvault.domain.names import GroupName, UserName
from seedvault.service.groups import Grouped


@click.command("group")
@click.argument("user", type=USER)
@click.argument("groups", nargs=-1, metavar="[GROUP]...")
@click.option("--none", is_flag=True, help="Out of every group.")
@dry_run_option
@json_option
@click.pass_obj
def group_user(
    session: Session, user: UserName, groups: tuple[str, ...], *, none: bool, dry_run: bool
) -> None:
    """Put a user into exactly these groups, by which rules of the policy go.

    \b
    Examples:
      seedvault user group alice admins "field staff"
      seedvault user group alice --none
    """
    if bool(groups) == none:
        raise click.UsageError("name the groups that the user is in, or say --none")
    named = [GroupName(group.strip()) for group in groups]
    with session.application() as application:
        grouping = application.group_user
        grouped = grouping.check(user, named) if dry_run else grouping(user, named, session.actor)
    if session.as_json:
        output.document("user.group", {**_fields(grouped), "dry_run": dry_run})
        return
    old, new = (_named(each) for each in (grouped.user.groups, grouped.groups))
    would = " (dry run: nothing was changed)" if dry_run else ""
    told = f"{old} -> {new}" if grouped.changed else f"{new}, as before"
    click.echo(f"{grouped.user.name}: {told}{would}")


def _named(groups: tuple[GroupName, ...]) -> str:
    return ", ".join(map(str, groups)) or "no groups"


def _fields(grouped: Grouped) -> dict[str, object]:
    return {
        "user": str(grouped.user.name),
        "groups": [str(group) for group in grouped.groups],
        "were": [str(group) for group in grouped.user.groups],
        "tokens": grouped.user.tokens,
    }
