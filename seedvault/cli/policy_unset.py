"""`seedvault policy unset`."""

import click

from seedvault.cli import output
from seedvault.cli.options import Session, dry_run_option, json_option
from seedvault.cli.policy_scope import Scoped, change_rule, scope_named, scope_options, tell_change
from seedvault.domain.rule_change import UnsetRule

_ASK = "End every rule, so that the default profile holds for all tokens?"


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--profile", is_flag=True, help="Take the profile out; single numbers stay.")
@scope_options
@click.option("--all", "everything", is_flag=True, help="End every rule, even altered ones.")
@click.option("--yes", is_flag=True, help="Do not ask, with --all.")
@dry_run_option
@json_option
@click.pass_obj
def unset(  # noqa: PLR0913 - one parameter for each option
    session: Session,
    names: tuple[str, ...],
    *,
    profile: bool,
    model: str | None,
    batch: str | None,
    group: str | None,
    everything: bool,
    yes: bool,
    dry_run: bool,
) -> None:
    """Take numbers, or the profile, out of a rule; without names, end the rule.

    Where rules were altered from outside nothing is verified, nor changed, until a backup is
    restored or every rule is ended by --all.

    \b
    Examples:
      seedvault policy unset look_ahead --batch B-0001
      seedvault policy unset --group "field staff"
      seedvault policy unset --all
    """
    scoped = Scoped(model=model, batch=batch, group=group)
    if everything:
        if names or profile or any(scoped.values()):
            raise click.UsageError("--all ends every rule: name none")
        _end_all(session, ask=not (yes or dry_run), dry_run=dry_run)
        return
    change = UnsetRule(scope_named(scoped), names, profile)
    changed, _ = change_rule(session, change, dry_run=dry_run)
    tell_change(session, "policy.unset", changed, dry_run=dry_run)


def _end_all(session: Session, *, ask: bool, dry_run: bool) -> None:
    if ask:
        click.confirm(_ASK, abort=True, err=True)
    with session.application() as application:
        ending = application.end_rules
        ended = ending.check() if dry_run else ending(session.actor)
    if session.as_json:
        number = len(ended.rules.rules) if ended else None
        output.document("policy.unset.all", {"ended": number, "dry_run": dry_run})
        return
    would = " would be" if dry_run else ""
    click.echo(
        f"every rule{would} ended; the default profile{would or ' is'} in force for all tokens"
    )
    if ended is None:
        output.note("note: the rules that stood there were altered from outside")
