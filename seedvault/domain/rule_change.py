"""What staff do to the policy's rules, and how it stands on record."""

import re
from dataclasses import dataclass, replace

from seedvault.domain.errors import NotFound
from seedvault.domain.policy import Profile
from seedvault.domain.policy_rule import Change, Scope, Setting, changes, number_called
from seedvault.domain.rule_set import RuleSet

_REVISION = re.compile(r"revision ([0-9]{1,9})(?:;|$)", re.ASCII)


@dataclass(frozen=True, slots=True)
class SetRule:
    """Give a scope's rule a profile, or these numbers, or both; the rest of it stays.

    `place`, from 1, moves it among the rules of its kind.
    """

    scope: Scope
    profile: Profile | None = None
    settings: tuple[Setting, ...] = ()
    place: int | None = None

    def apply(self, rules: RuleSet) -> RuleSet:
        """The next revision. Raises NotFound where a rule is to move, and there is none."""
        rule = rules.of_scope(self.scope).with_settings(*self.settings)
        if self.profile is not None:
            rule = replace(rule, profile=self.profile)
        if rule.is_empty:
            raise _no_rule(self.scope)
        return rules.with_rule(rule, self.place)


@dataclass(frozen=True, slots=True)
class UnsetRule:
    """Take these numbers, or the profile, out of a scope's rule; without any, end the rule."""

    scope: Scope
    names: tuple[str, ...] = ()
    profile: bool = False

    def apply(self, rules: RuleSet) -> RuleSet:
        """The next revision. Raises NotFound where the rule gives no such thing."""
        rule = rules.of_scope(self.scope)
        if rule.is_empty:
            raise NotFound(
                f"there is no rule for {self.scope}", remedy="See: seedvault policy list"
            )
        for name in self.names:
            number_called(name)
            if not rule.gives_by_name(name):
                raise self._lacks(name)
        if self.profile and rule.profile is None:
            raise self._lacks("a profile")
        left = rule.without(*self.names)
        if self.profile or not self.names:
            left = replace(left, profile=None)
        if not self.profile and not self.names:
            left = replace(left, settings=())
        return rules.with_rule(left)

    def _lacks(self, what: str) -> NotFound:
        return NotFound(
            f"the rule for {self.scope} does not give {what}", remedy="See: seedvault policy list"
        )


RuleChange = SetRule | UnsetRule


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did, or would do, to a scope's rule. It is the `revision` of all rules.

    `places` are where the rule stood among its kind, and where it stands; 0 is nowhere.
    """

    scope: Scope
    revision: int
    changes: tuple[Change, ...]
    places: tuple[int, int]

    @property
    def is_none(self) -> bool:
        """Whether everything is as it was."""
        return not self.changes and self.places[0] == self.places[1]

    def __str__(self) -> str:
        told = [str(change) for change in self.changes]
        if 0 not in self.places and self.places[0] != self.places[1]:
            told.append(f"place {self.places[0]} -> {self.places[1]}")
        return f"{self.scope}: {', '.join(told)}"


def changed(old: RuleSet, new: RuleSet, scope: Scope) -> Changed:
    """What differs between two sets in one scope."""
    differ = tuple(changes(old.of_scope(scope), new.of_scope(scope)))
    return Changed(scope, new.revision, differ, (_place(old, scope), _place(new, scope)))


def on_record(revision: int, what: str) -> str:
    """The detail of the event by which the rules came to `revision`."""
    return f"revision {revision}; {what}"


def revision_on_record(detail: str | None) -> int:
    """The revision in such a detail; 0 where it names none."""
    found = _REVISION.match(detail or "")
    return int(found[1]) if found else 0


def _no_rule(scope: Scope) -> NotFound:
    return NotFound(f"there is no rule for {scope}", remedy="See: seedvault policy list")


def _place(rules: RuleSet, scope: Scope) -> int:
    same = [rule.scope for rule in rules.rules if type(rule.scope) is type(scope)]
    return same.index(scope) + 1 if scope in same else 0
