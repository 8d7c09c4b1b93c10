"""`seedvault policy show` and `list`."""

from datetime import timedelta
from enum import Enum

import click

from seedvault.cli import output
from seedvault.cli.options import SERIAL, Session, json_option, jsonl_option
from seedvault.domain.batch import batch_name
from seedvault.domain.names import Serial
from seedvault.domain.policy_number import Value, spelt
from seedvault.domain.policy_rule import Rule
from seedvault.domain.rule_set import Given, RuleSet
from seedvault.service.policy_inquiry import Explained


@click.command()
@click.option("--for", "serial", type=SERIAL, metavar="SERIAL", help="What holds for this token.")
@json_option
@click.pass_obj
def show(session: Session, serial: Serial | None) -> None:
    """Show every number, and which rule gave it; without --for, what holds for all tokens.

    \b
    Examples:
      seedvault policy show --for GALT10001234
      seedvault policy show
    """
    with session.application() as application:
        explained = application.explain_policy(serial, session.actor)
    if session.as_json:
        output.document("policy.show", _fields(explained))
        return
    if explained.serial is not None:
        output.fields(_about(explained))
        click.echo()
    output.table(
        ["NUMBER", "VALUE", "GIVEN BY", "MEANING"],
        [
            [each.name, each.number.words(each.value), each.because, each.number.meaning]
            for each in explained.numbers
        ],
    )


@click.command("list")
@jsonl_option
@json_option
@click.pass_obj
def list_rules(session: Session) -> None:
    """List the rules, the broadest first. Of several groups of a user, the first wins.

    \b
    Example:
      seedvault policy list
    """
    with session.application() as application:
        rules = application.read_rules(session.actor).rules
    if session.as_lines:
        output.lines("policy.rule", map(_rule_fields, rules.rules))
    elif session.as_json:
        listed = [_rule_fields(rule) for rule in rules.rules]
        output.document("policy.list", {"revision": rules.revision, "rules": listed})
    else:
        _tell(rules)


def _tell(rules: RuleSet) -> None:
    if not rules.rules:
        output.note("no rules: the default profile holds for all tokens")
        return
    output.table(
        ["RULE FOR", "PROFILE", "NUMBERS"],
        [
            [
                str(rule.scope),
                rule.profile.value if rule.profile else "-",
                ", ".join(map(str, rule.settings)) or "-",
            ]
            for rule in rules.rules
        ],
    )
    output.note(f"revision {rules.revision}")


def _about(explained: Explained) -> list[tuple[str, str]]:
    standing = explained.standing
    groups = ", ".join(map(str, standing.groups)) if standing else ""
    return [
        ("serial", str(explained.serial)),
        ("model", explained.model or "-"),
        ("batch", batch_name(standing.batch) if standing else "-"),
        ("groups", groups or "-"),
        ("rules", "; then ".join(str(rule.scope) for rule in explained.rules) or "none"),
    ]


def _fields(explained: Explained) -> dict[str, object]:
    standing = explained.standing
    return {
        "serial": str(explained.serial) if explained.serial else None,
        "model": explained.model,
        "batch": batch_name(standing.batch) if standing else None,
        "groups": [str(group) for group in standing.groups] if standing else [],
        "revision": explained.revision,
        "rules": [_rule_fields(rule) for rule in explained.rules],
        "numbers": [_number_fields(each) for each in explained.numbers],
    }


def _number_fields(given: Given) -> dict[str, object]:
    by = given.by
    by_profile = by.profile if by and not given.by_name else None
    return {
        "name": given.name,
        "value": _plain(given.value),
        "unit": "s" if isinstance(given.value, timedelta) else given.number.unit or None,
        "scope": by.scope.code if by else None,
        "target": (by.scope.target or None) if by else None,
        "profile": by_profile.value if by_profile else None,
        "source": given.number.source,
    }


def _plain(value: Value) -> object:
    """A time in seconds; a count, on or off, or a word as it is."""
    match value:
        case timedelta():
            return int(value.total_seconds())
        case Enum():
            return value.value
        case _:
            return value


def _rule_fields(rule: Rule) -> dict[str, object]:
    return {
        "scope": rule.scope.code,
        "target": rule.scope.target or None,
        "profile": rule.profile.value if rule.profile else None,
        "numbers": {each.name: spelt(each.value) for each in rule.settings},
    }
