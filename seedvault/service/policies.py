"""The policy that holds for a token, by rules that are read once for each of their revisions."""

from collections.abc import Callable
from dataclasses import dataclass, field

from seedvault.domain.policy import Policy
from seedvault.domain.policy_rule import Standing
from seedvault.domain.rule_set import RuleSet
from seedvault.service.policy_ports import PolicyKeys, PolicyVault, StoredRules
from seedvault.service.policy_seal import rules_altered
from seedvault.service.ports import StoredToken


@dataclass(frozen=True, slots=True)
class _InForce:
    """Checked rules, and the policies that were made of them so far."""

    rules: RuleSet
    made: dict[tuple[str | None, Standing], Policy] = field(default_factory=dict)

    def policy(self, model: str | None, standing: Standing) -> Policy:
        key = (model, standing)
        policy = self.made.get(key)
        if policy is None:
            policy = self.made[key] = self.rules.policy(model, standing)
        return policy


class RulesInForce:
    """The `Policies` port. A row brings the revision along: when it is another, rules are read.

    Any thread may use it. The HSM is asked for only where rules were ever set.
    """

    __slots__ = ("_in_force", "_keys", "_vault")

    def __init__(self, vault: PolicyVault, keys: Callable[[], PolicyKeys]) -> None:
        self._vault = vault
        self._keys = keys
        self._in_force: _InForce | None = None

    def of(self, stored: StoredToken) -> Policy:
        """Raises SealBroken where the rules are not what was sealed, or older ones came back."""
        in_force = self._in_force
        if in_force is None or in_force.rules.revision != stored.policy_revision:
            in_force = self._read(stored.policy_revision)
        return in_force.policy(stored.token.device.model, stored.standing)

    def of_all(self) -> Policy:
        """Reads the rules each time: what asks is rare. Raises SealBroken as above."""
        return self._read(0).rules.for_all()

    def _read(self, at_least: int) -> _InForce:
        """The rules of now, which cannot be older than any that were seen."""
        known = self._in_force  # before the read: another thread may learn of newer rules meanwhile
        found = self._vault.policy_rules()
        newest = max(at_least, known.rules.revision if known else 0)
        if found.rules.revision < newest:
            raise rules_altered(
                f"revision {newest} was in force, and {found.rules.revision} is now"
            )
        check_rules(found, self._keys)
        self._in_force = read = _InForce(found.rules)
        return read


def check_rules(stored: StoredRules, keys: Callable[[], PolicyKeys]) -> None:
    """Raises SealBroken where these are not rules that Seedvault sealed."""
    if stored.seal is not None:
        keys().check_rules(stored.rules, stored.seal)
    elif stored.rules != RuleSet():
        raise rules_altered("they have no seal")
