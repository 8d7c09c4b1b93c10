"""Numbers of the policy of which one must not outgrow another, whichever rules give the two."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from seedvault.domain.errors import InvalidInput
from seedvault.domain.policy import NUMBERS
from seedvault.domain.policy_number import Value, spelt
from seedvault.domain.policy_rule import OfBatch, OfGroup, OfModel, Rule, Scope, Standing
from seedvault.domain.rule_set import NOWHERE, Given, RuleSet


@dataclass(frozen=True, slots=True)
class Order:
    """`smaller` is at most `larger`; where they may not be `equal`, it is below."""

    smaller: str
    larger: str
    because: str
    equal: bool = True

    @property
    def words(self) -> str:
        """How the first stands to the second."""
        return "at most" if self.equal else "below"

    def holds(self, smaller: Value, larger: Value) -> bool:
        """Whether these two values are in order."""
        return smaller < larger or (self.equal and smaller == larger)  # type: ignore[operator]  # both are counts


_FARTHER = "more codes in a row are asked for to look farther, not less far"
_WIDER = "a code that is accepted alone must stand where two are looked for"
_WAITING = "the failure that locks cannot be one without waiting"
_LOCKED = "else a token is disabled that never was locked"

ORDERS = (
    Order("look_ahead", "resync_counters", _WIDER),
    Order("resync_counters", "wide_counters", _FARTHER),
    Order("window_steps", "max_window_steps", "the wider is a bound on the other"),
    Order("max_window_steps", "resync_steps", _WIDER),
    Order("resync_steps", "wide_steps", _FARTHER),
    Order("free_failures", "lock_at", _WAITING, equal=False),
    Order("lock_at", "disable_at", _LOCKED),
    Order("lock_at", "disable_hotp6_at", _LOCKED),
    Order("disable_hotp6_at", "disable_at", "HOTP of six digits is easier to hit, not harder"),
)
"""Every two that must stand in order. The profiles do."""


@dataclass(frozen=True, slots=True)
class Disorder:
    """Two numbers out of order that one token could have."""

    order: Order
    smaller: Given
    larger: Given
    settled_by: Scope

    def __str__(self) -> str:
        return (
            f"{_told(self.smaller)} must be {self.order.words} {_told(self.larger)}: "
            f"{self.order.because}"
        )

    @property
    def remedy(self) -> str:
        """What the rule that wins could give instead."""
        smaller, larger = self.smaller, self.larger
        least = "at least" if self.order.equal else "above"
        return (
            f"Let the rule for {self.settled_by} give {smaller.name} {self.order.words} "
            f"{spelt(larger.value)}, or {larger.name} {least} {spelt(smaller.value)}."
        )


def disorders(rules: RuleSet) -> Iterator[Disorder]:
    """Every two numbers out of order that some token could have, whether one is there or not."""
    for order in ORDERS:
        pairs = product(_sources(rules, order.smaller), _sources(rules, order.larger))
        for smaller, larger in pairs:
            if order.holds(smaller.value, larger.value):
                continue
            winner = _winner(rules, smaller, larger)
            if winner is not None:
                yield Disorder(order, smaller, larger, winner)


def check_order(old: RuleSet, new: RuleSet) -> None:
    """Raises InvalidInput where a change brings two numbers out of order.

    Those that were so before may be mended one by one, or left.
    """
    known = set(map(str, disorders(old)))
    for found in disorders(new):
        if str(found) not in known:
            raise InvalidInput(str(found), remedy=found.remedy)


def _sources(rules: RuleSet, name: str) -> Iterator[Given]:
    """Every value that a number has for somebody: the default's, and each rule's."""
    number = NUMBERS[name]
    yield Given(name, number, number.default, None)
    for rule in rules.rules:
        value = rule.given(name)
        if value is not None:
            yield Given(name, number, value, rule)


def _winner(rules: RuleSet, one: Given, other: Given) -> Scope | None:
    """The narrower of the rules that give these numbers; None where no token has them both.

    It is enough to look at the token that only their rules, and that of all tokens, are for: where
    these do not win, they win for none of which more rules speak.
    """
    by = [each.by for each in (one, other) if each.by]
    model, standing = _token_of(by)
    applying = rules.for_token(model, standing)
    for each in (one, other):
        if each.by != next((rule for rule in applying if rule.given(each.name) is not None), None):
            return None
    return next(rule.scope for rule in applying if rule in by)


def _token_of(rules: list[Rule]) -> tuple[str | None, Standing]:
    """The model and the standing of a token that these rules are for, as far as there is one."""
    model, batch, groups = None, NOWHERE.batch, list(NOWHERE.groups)
    for rule in rules:
        match rule.scope:
            case OfModel(named):
                model = str(named)
            case OfBatch(number):
                batch = number
            case OfGroup(group):
                groups.append(group)
    return model, Standing(batch, tuple(groups))


def _told(given: Given) -> str:
    return f"{given.name} = {spelt(given.value)} ({given.because})"
