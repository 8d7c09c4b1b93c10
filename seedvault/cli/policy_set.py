"""`seedvault policy set`."""

import click

from seedvault.cli import output
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.cli.policy_scope import Scoped, change_rule, scope_named, scope_options, tell_change
from seedvault.domain.policy import Profile
from seedvault.domain.policy_rule import Setting
from seedvault.domain.rule_change import SetRule

_PROFILES = {profile.value: profile for profile in Profile}


@click.command("set")
@click.argument("settings", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--profile", type=click.Choice(list(_PROFILES)), help="A value for every number.")
@scope_options
@click.option(
    "--place",
    type=click.IntRange(1),
    metavar="N",
    help="Where among the rules of groups: of a user's groups, the first that has a rule wins.",
)
@dry_run_option
@json_option
@click.pass_obj
def set_rule(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    settings: tuple[str, ...],
    *,
    profile: str | None,
    model: str | None,
    batch: str | None,
    group: str | None,
    place: int | None,
    dry_run: bool,
) -> None:
    """Give the rule for all tokens, a model, a batch or a group a profile, or single numbers.

    What the rule gave already stays. `seedvault policy show` has the numbers' names; times are
    written 90s, 30m, 12h or 1d. Values outside what the standards allow are refused.

    \b
    Examples:
      seedvault policy set --profile strict
      seedvault policy set --profile strict --batch B-0001
      seedvault policy set look_ahead=20 lock_for=15m --group "field staff"
    """
    scope = scope_named(Scoped(model=model, batch=batch, group=group))
    if not settings and profile is None and place is None:
        raise click.UsageError("say what to set: --profile, or NAME=VALUE")
    if place is not None and group is None:
        raise click.UsageError("only rules of groups have a place: name one with --group")
    read = tuple(map(Setting.read, settings))
    change = SetRule(scope, _PROFILES[profile] if profile else None, read, place)
    changed, nobody = change_rule(session, change, dry_run=dry_run)
    tell_change(session, "policy.set", changed, dry_run=dry_run)
    if nobody:
        output.note(f"note: {nobody}")
