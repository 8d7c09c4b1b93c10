"""For whom a rule is: the options that say so, and how a change of it is told."""

from collections.abc import Callable
from typing import Any, TypedDict, TypeVar

import click

from seedvault.cli import output
from seedvault.cli.options import Session
from seedvault.domain.batch import batch_number
from seedvault.domain.names import GroupName, ModelName
from seedvault.domain.policy_rule import AllTokens, OfBatch, OfGroup, OfModel, Scope
from seedvault.domain.rule_change import Changed, RuleChange
from seedvault.service.policy_changes import nobody_in

F = TypeVar("F", bound=Callable[..., Any])


class Scoped(TypedDict):
    """The values of the options below, by the names that click gives them."""

    model: str | None
    batch: str | None
    group: str | None


_OPTIONS = (
    click.option("--model", metavar="MODEL", help="The rule for tokens of this model."),
    click.option("--batch", metavar="BATCH", help="The rule for tokens of this batch."),
    click.option("--group", metavar="GROUP", help="The rule for tokens of this group's users."),
)


def scope_options(command: F) -> F:
    """`--model`, `--batch` or `--group`; none of them is the rule for all tokens."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def scope_named(scoped: Scoped) -> Scope:
    """The scope that the options name. Raises InvalidInput for a name that none can be."""
    match scoped:
        case {"model": None, "batch": None, "group": None}:
            return AllTokens()
        case {"model": str(model), "batch": None, "group": None}:
            return OfModel(ModelName(model.strip()))
        case {"model": None, "batch": str(batch), "group": None}:
            return OfBatch(batch_number(batch))
        case {"model": None, "batch": None, "group": str(group)}:
            return OfGroup(GroupName(group.strip()))
    raise click.UsageError("a rule is for one of --model, --batch and --group, or for all tokens")


def change_rule(
    session: Session, change: RuleChange, *, dry_run: bool
) -> tuple[Changed, str | None]:
    """What was changed, or would be; and that nobody is in the scope yet, or None."""
    with session.application() as application:
        changing = application.change_rules
        changed = (
            changing.check(change, session.actor) if dry_run else changing(change, session.actor)
        )
        return changed, nobody_in(application.vault, change.scope)


def tell_change(session: Session, schema: str, changed: Changed, *, dry_run: bool) -> None:
    """From what to what."""
    if session.as_json:
        output.document(schema, {**_fields(changed), "dry_run": dry_run})
        return
    if changed.is_none:
        click.echo(f"{changed.scope}: it is so already; nothing was changed")
        return
    click.echo(f"{changed}{' (dry run: nothing was changed)' if dry_run else ''}")
    if not dry_run:
        click.echo(f"revision {changed.revision}, in force with the next verification")


def _fields(changed: Changed) -> dict[str, object]:
    return {
        "scope": changed.scope.code,
        "target": changed.scope.target or None,
        "revision": changed.revision,
        "changes": [
            {"name": change.name, "old": change.old, "new": change.new}
            for change in changed.changes
        ],
        "place": changed.places[1] or None,
    }
