"""A rule of the policy: for whom it holds, and which numbers it gives."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import ClassVar

from seedvault.domain.batch import batch_name, batch_number
from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import GroupName, ModelName
from seedvault.domain.policy import NUMBERS, Profile
from seedvault.domain.policy_number import Number, Value, spelt

_NEAREST = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a token stands: its batch, and the groups of its owner in the order of their names."""

    batch: int
    groups: tuple[GroupName, ...] = ()


@dataclass(frozen=True, slots=True)
class AllTokens:
    """Every token of the vault."""

    code: ClassVar[str] = "all"
    target: ClassVar[str] = ""

    def __str__(self) -> str:
        return "all tokens"


@dataclass(frozen=True, slots=True)
class OfModel:
    """Tokens of a maker's model."""

    code: ClassVar[str] = "model"
    model: ModelName

    @property
    def target(self) -> str:
        return str(self.model)

    def __str__(self) -> str:
        return f"model {self.model}"


@dataclass(frozen=True, slots=True)
class OfBatch:
    """Tokens of one batch."""

    code: ClassVar[str] = "batch"
    number: int

    @property
    def target(self) -> str:
        return batch_name(self.number)

    def __str__(self) -> str:
        return f"batch {self.target}"


@dataclass(frozen=True, slots=True)
class OfGroup:
    """Tokens whose owner is in a group."""

    code: ClassVar[str] = "group"
    group: GroupName

    @property
    def target(self) -> str:
        return str(self.group)

    def __str__(self) -> str:
        return f"group {self.group}"


Scope = AllTokens | OfModel | OfBatch | OfGroup
"""For whom a rule holds: `code` says of which kind it is, `target` which model, batch or group."""

BROADEST_FIRST = (AllTokens, OfModel, OfBatch, OfGroup)


def scope_of(code: str, target: str) -> Scope:
    """The scope that `code` and `target` stand for. Raises InvalidInput or ValueError."""
    match code:
        case "all":
            return AllTokens()
        case "model":
            return OfModel(ModelName(target))
        case "batch":
            return OfBatch(batch_number(target))
        case "group":
            return OfGroup(GroupName(target))
    raise ValueError(f"no rule is for {code!r}")


@dataclass(frozen=True, slots=True)
class Setting:
    """One number, given a value. Raises InvalidInput where it may not have it."""

    name: str
    value: Value

    def __post_init__(self) -> None:
        number_called(self.name).check(self.name, self.value)

    @classmethod
    def read(cls, text: str) -> "Setting":
        """Out of NAME=VALUE. Raises InvalidInput, naming the nearest numbers where it is none."""
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals:
            raise InvalidInput(f"{text!r} is not NAME=VALUE, such as look_ahead=10")
        return cls(name, number_called(name).read(name, value))

    def __str__(self) -> str:
        return f"{self.name}={spelt(self.value)}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for one scope: a profile, and single numbers that differ from it, by name."""

    scope: Scope
    profile: Profile | None = None
    settings: tuple[Setting, ...] = ()

    def __post_init__(self) -> None:
        names = [each.name for each in self.settings]
        if sorted(set(names)) != names:
            raise ValueError("the numbers of a rule stand once each, by name")
        for name in names:
            if not self._may_give(name):
                raise InvalidInput(
                    f"{name} is about no single token: it cannot differ for {self.scope}",
                    remedy=f"Set it for all tokens: seedvault policy set {name}=...",
                )

    def gives_by_name(self, name: str) -> bool:
        """Whether it gives this number itself, not by its profile."""
        return any(each.name == name for each in self.settings)

    def given(self, name: str) -> Value | None:
        """What it gives this number, or None."""
        if not self._may_give(name):
            return None
        for setting in self.settings:
            if setting.name == name:
                return setting.value
        return None if self.profile is None else self.profile.value_of(NUMBERS[name])

    def _may_give(self, name: str) -> bool:
        return NUMBERS[name].per_token or isinstance(self.scope, AllTokens)

    def with_settings(self, *settings: Setting) -> "Rule":
        """The same, giving these numbers too."""
        named = {each.name: each for each in (*self.settings, *settings)}
        return replace(self, settings=tuple(named[name] for name in sorted(named)))

    def without(self, *names: str) -> "Rule":
        """The same, no longer giving these numbers by name."""
        kept = (each for each in self.settings if each.name not in names)
        return replace(self, settings=tuple(kept))

    @property
    def is_empty(self) -> bool:
        """Whether it gives nothing."""
        return self.profile is None and not self.settings


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two rules for one scope, as it is written; None is nothing."""

    name: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        return f"{self.name} {self.old or '-'} -> {self.new or '-'}"


def changes(old: Rule, new: Rule) -> Iterator[Change]:
    """Every difference, the profile first."""
    before, after = dict(_written(old)), dict(_written(new))
    for name in before | after:
        change = Change(name, before.get(name), after.get(name))
        if change.old != change.new:
            yield change


def number_called(name: str) -> Number:
    """The number of this name. Raises InvalidInput, naming the nearest ones."""
    if name in NUMBERS:
        return NUMBERS[name]
    near = get_close_matches(name.lower(), NUMBERS, _NEAREST)
    raise InvalidInput(
        f"no number of the policy is called {name!r}",
        remedy=f"Nearest: {', '.join(near)}." if near else f"They are: {', '.join(NUMBERS)}.",
    )


def _written(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.profile is not None:
        yield "profile", rule.profile.value
    for setting in rule.settings:
        yield setting.name, spelt(setting.value)
