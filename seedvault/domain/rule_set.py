"""Which policy holds for a token: all rules, and which of them wins.

A rule with a profile gives every number, one without gives those that it names. Of the rules that
apply to a token and give a number, the most specific wins: group over batch over model over all
tokens. Of several groups of its owner, the one whose rule stands first. What no rule gives is the
default's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from seedvault.domain.names import fold
from seedvault.domain.policy import DEFAULT, NUMBERS, Policy
from seedvault.domain.policy_number import Number, Value
from seedvault.domain.policy_rule import (
    BROADEST_FIRST,
    AllTokens,
    OfBatch,
    OfGroup,
    OfModel,
    Rule,
    Scope,
    Standing,
)

NOWHERE = Standing(0)
"""In no batch, for none has this number, and in no group."""


@dataclass(frozen=True, slots=True)
class Given:
    """A number that holds for a token, and the rule that gave it; None is the default's."""

    name: str
    number: Number
    value: Value
    by: Rule | None

    @property
    def by_name(self) -> bool:
        """Whether that rule names it, and does not give it by its profile."""
        return self.by is not None and self.by.gives_by_name(self.name)

    @property
    def because(self) -> str:
        """Which rule gave it, and how."""
        if self.by is None:
            return "default"
        profile = None if self.by_name else self.by.profile
        return f"{self.by.scope}, profile {profile.value}" if profile else str(self.by.scope)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules, the broadest first, those of groups in the order in which they win.

    Every change is a new revision. There is one rule for a scope, and none that gives nothing.
    """

    revision: int = 0
    rules: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        kinds = [_breadth(rule) for rule in self.rules]
        if len({rule.scope for rule in self.rules}) != len(kinds) or sorted(kinds) != kinds:
            raise ValueError("two rules for one scope, or a narrow one before a broader")
        if self.revision < 0 or any(rule.is_empty for rule in self.rules):
            raise ValueError("no revision, or a rule that gives nothing")

    def of_scope(self, scope: Scope) -> Rule:
        """The scope's rule; an empty one where there is none."""
        return next((rule for rule in self.rules if rule.scope == scope), Rule(scope))

    def for_token(self, model: str | None, standing: Standing) -> list[Rule]:
        """The rules that apply to such a token, the one that wins first."""
        folded = None if model is None else fold(model)
        applying = [rule for rule in self.rules if _applies(rule.scope, folded, standing)]
        return sorted(applying, key=_breadth, reverse=True)  # which keeps the order of groups

    def explain(self, model: str | None, standing: Standing) -> Iterator[Given]:
        """Every number that holds for such a token, and why."""
        rules = self.for_token(model, standing)
        for name, number in NUMBERS.items():
            by = next((rule for rule in rules if rule.given(name) is not None), None)
            value = None if by is None else by.given(name)
            yield Given(name, number, number.default if value is None else value, by)

    def policy(self, model: str | None, standing: Standing) -> Policy:
        """The policy that holds for such a token."""
        if not self.rules:
            return DEFAULT
        values = {each.name: each.value for each in self.explain(model, standing)}
        return Policy(**values)  # type: ignore[arg-type]  # each of its own type: see `Setting`

    def for_all(self) -> Policy:
        """What holds for a token that no narrower rule is for."""
        return self.policy(None, NOWHERE)

    def with_rule(self, rule: Rule, place: int | None = None) -> "RuleSet":
        """The next revision, in which `rule` is its scope's; an empty rule ends it.

        A new one goes behind the others of its kind; `place`, from 1, puts it among them.
        """
        same = [each.scope for each in self.rules if _breadth(each) == _breadth(rule)]
        stood = same.index(rule.scope) if rule.scope in same else len(same)
        kept = [each for each in self.rules if each.scope != rule.scope]
        kinds = [[each for each in kept if type(each.scope) is kind] for kind in BROADEST_FIRST]
        if not rule.is_empty:
            kinds[_breadth(rule)].insert(stood if place is None else place - 1, rule)
        return RuleSet(self.revision + 1, tuple(chain.from_iterable(kinds)))


def _breadth(rule: Rule) -> int:
    return BROADEST_FIRST.index(type(rule.scope))


def _applies(scope: Scope, model: str | None, standing: Standing) -> bool:
    """Whether it is the scope of a token of this model (folded) that stands there."""
    match scope:
        case AllTokens():
            return True
        case OfModel(named):
            return named.folded == model
        case OfBatch(number):
            return number == standing.batch
        case OfGroup(group):
            return group in standing.groups
