"""The rows of the policy's rules, and the one function each way."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from seedvault.domain.errors import InvalidInput
from seedvault.domain.policy import Profile
from seedvault.domain.policy_rule import Rule, Setting, scope_of
from seedvault.domain.rule_set import RuleSet
from seedvault.service.policy_ports import StoredRules
from seedvault.service.policy_seal import rules_altered
from seedvault.service.ports import Seal

_WRITTEN = {"place": int, "scope": str, "target": str, "settings": str}
# What building rules from impossible values raises.
_IMPOSSIBLE = (InvalidInput, ValueError, TypeError)


class SealRow(NamedTuple):
    """What the vault's row says of all rules."""

    policy_revision: int
    policy_seal: bytes | None
    policy_seal_key: str | None


class RuleRow(NamedTuple):
    """A rule, in its place."""

    place: int
    scope: str
    target: str
    profile: str | None
    settings: str


def rule_rows(rules: RuleSet) -> Iterator[RuleRow]:
    """The columns of every rule."""
    for place, rule in enumerate(rules.rules, 1):
        profile = None if rule.profile is None else rule.profile.value
        settings = " ".join(str(setting) for setting in rule.settings)
        yield RuleRow(place, rule.scope.code, rule.scope.target, profile, settings)


def stored_rules(sealed: SealRow, rows: Sequence[RuleRow]) -> StoredRules:
    """The rules in their rows. Raises SealBroken where Seedvault never wrote them."""
    try:
        rules = RuleSet(sealed.policy_revision, tuple(map(_rule, rows)))
        if list(rule_rows(rules)) != list(rows):
            raise ValueError("not as rules are written")
        return StoredRules(rules, _seal(sealed))
    except _IMPOSSIBLE as error:
        raise rules_altered(f"{error}".splitlines()[0]) from error


def _rule(row: RuleRow) -> Rule:
    _check_types(row)
    profile = None if row.profile is None else Profile(row.profile)
    settings = tuple(Setting.read(text) for text in row.settings.split(" ") if text)
    return Rule(scope_of(row.scope, row.target), profile, settings)


def _check_types(row: RuleRow) -> None:
    """SQLite lets any value stand in any column."""
    for name, kind in _WRITTEN.items():
        if type(getattr(row, name)) is not kind:
            raise TypeError(f"{name} of a rule is no {kind.__name__}")


def _seal(sealed: SealRow) -> Seal | None:
    match sealed:
        case SealRow(int(), bytes(octets), str(key)):
            return Seal(octets, key)
        case SealRow(int(), None, None):
            return None
    raise ValueError("half a seal")


def first_row(values: Iterable[Any]) -> SealRow:
    """The vault's columns at the beginning of a joined row."""
    return SealRow._make(list(values)[: len(SealRow._fields)])


def rule_row(values: Iterable[Any]) -> RuleRow:
    """The rule's columns behind them."""
    return RuleRow._make(list(values)[len(SealRow._fields) :])
