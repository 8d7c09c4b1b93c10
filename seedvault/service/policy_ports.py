"""What the policy's rules need: where they are kept, and what seals them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from seedvault.domain.audit import AuditEvent
from seedvault.domain.names import GroupName, UserName
from seedvault.domain.policy import Policy
from seedvault.domain.rule_set import RuleSet
from seedvault.service.ports import Seal, StoredToken, Transaction, User, Vault


@dataclass(frozen=True, slots=True)
class StoredRules:
    """The rules as the vault holds them, with the seal over all of them and their revision.

    There is no seal where none were ever set.
    """

    rules: RuleSet
    seal: Seal | None


class Policies(Protocol):
    """Which policy holds for a token."""

    def of(self, stored: StoredToken) -> Policy:
        """By the rules in force when it was read, or newer ones.

        Raises SealBroken where the rules are not what was sealed: then nothing is decided.
        """

    def of_all(self) -> Policy:
        """What holds for all tokens, for what is about no single one. Raises as above."""


class PolicyTransaction(Transaction, Protocol):
    """A write transaction that may change the policy's rules, and the groups of users."""

    def replace_rules(self, seen: StoredRules | None, now: StoredRules) -> None:
        """Write all rules. Raises Stale where they are no longer those `seen`; None asks not."""

    def regroup(
        self, user: User, groups: Sequence[GroupName], tokens: Sequence[StoredToken]
    ) -> None:
        """Write the groups of a user whose tokens are `tokens`, each to be replaced next.

        Raises Stale where user or tokens are no longer what was seen.
        """


class PolicyVault(Vault, Protocol):
    """The database, and the policy's rules in it."""

    def policy_rules(self) -> StoredRules:
        """All rules, of one moment. Raises SealBroken where they are none that can be written."""

    def newest_rule_event(self) -> AuditEvent | None:
        """The newest event on record by which the rules were changed."""

    def models(self) -> list[str]:
        """The models of all tokens, each once."""

    def tokens_of(self, owner: UserName) -> list[StoredToken]:
        """Every token that a user holds."""

    def transaction(self) -> AbstractContextManager[PolicyTransaction]: ...


class PolicyKeys(Protocol):
    """The seal key, for the policy's rules. Raises HsmUnavailable whenever it cannot answer."""

    def seal_rules(self, rules: RuleSet) -> Seal:
        """By the seal key in use."""

    def check_rules(self, rules: RuleSet, seal: Seal) -> None:
        """Raises SealBroken where these are not the rules that were sealed."""
