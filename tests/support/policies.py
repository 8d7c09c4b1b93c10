"""Policies for tests: one for every token, whatever the rules."""

from dataclasses import dataclass

from seedvault.domain.policy import DEFAULT, Policy
from seedvault.service.ports import StoredToken


@dataclass(frozen=True, slots=True)
class Boundless(Policy):
    """Numbers that no rule may give, for what is repeated more often than any of them allows."""

    def __post_init__(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Everywhere:
    """The `Policies` port: the same policy for every token."""

    policy: Policy

    def of(self, _stored: StoredToken) -> Policy:
        return self.policy

    def of_all(self) -> Policy:
        return self.policy


DEFAULTS = Everywhere(DEFAULT)
