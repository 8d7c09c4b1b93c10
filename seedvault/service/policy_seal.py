"""What the seal of the policy's rules covers: all of them, their order and their revision.

Without it, whoever can write to the database could widen every window, or never lock a token.
"""

from seedvault.domain.canonical import Field, encode
from seedvault.domain.errors import SealBroken
from seedvault.domain.policy_rule import Rule
from seedvault.domain.rule_set import RuleSet

_VERSION = 1


def sealed_rules(vault_id: str, rules: RuleSet) -> bytes:
    """The canonical octets under the seal.

    They begin with a text, those of a token with an integer: neither's seal is ever the other's.
    """
    fields = [field for rule in rules.rules for field in _fields(rule)]
    return encode("policy", _VERSION, vault_id, rules.revision, len(rules.rules), *fields)


def rules_altered(how: str) -> SealBroken:
    """The error for rules that Seedvault did not write: nothing is decided under them."""
    return SealBroken(
        f"the policy's rules are not those that were sealed: {how}",
        unchanged="No code was tried and no failure was counted.",
        remedy="The database was changed from outside: keep it as evidence and restore a backup, "
        "or end every rule and begin anew: seedvault policy unset --all",
    )


def _fields(rule: Rule) -> list[Field]:
    profile = None if rule.profile is None else rule.profile.value
    settings = [str(setting) for setting in rule.settings]
    return [rule.scope.code, rule.scope.target, profile, len(settings), *settings]
