"""Changing the policy's rules: sealed anew, on record, in force with the next verification."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.errors import NotFound, SealBroken
from seedvault.domain.names import fold
from seedvault.domain.policy_order import check_order
from seedvault.domain.policy_rule import OfBatch, OfGroup, OfModel, Scope
from seedvault.domain.rule_change import (
    Changed,
    RuleChange,
    SetRule,
    changed,
    on_record,
    revision_on_record,
)
from seedvault.domain.rule_set import RuleSet
from seedvault.service.decide import broken_on_record, until_settled
from seedvault.service.policies import check_rules
from seedvault.service.policy_ports import PolicyKeys, PolicyVault, StoredRules
from seedvault.service.policy_seal import rules_altered
from seedvault.service.ports import Clock

_NEAREST = 3


@dataclass(frozen=True, slots=True)
class ReadRules:
    """The rules, checked against their seal and against what is on record."""

    vault: PolicyVault
    keys: PolicyKeys
    clock: Clock

    def __call__(self, actor: str) -> StoredRules:
        """Raises SealBroken, on record, where they were altered, or older ones were put back."""
        event = AuditEvent(EventKind.SEAL_BROKEN, self.clock(), actor)
        with broken_on_record(self.vault, event):
            with self.vault.snapshot():
                stored = self.vault.policy_rules()
                newest = self.vault.newest_rule_event()
            check_rules(stored, lambda: self.keys)
            known = revision_on_record(newest.detail) if newest else 0
            if stored.rules.revision != known:
                raise rules_altered(
                    f"they are of revision {stored.rules.revision}, and the record is at {known}"
                )
        return stored


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """Change one scope's rule."""

    vault: PolicyVault
    keys: PolicyKeys
    clock: Clock

    def __call__(self, change: RuleChange, actor: str) -> Changed:
        """What was changed; where nothing is, nothing is written."""
        return until_settled(lambda: self._attempt(change, actor))

    def check(self, change: RuleChange, actor: str) -> Changed:
        """What would be changed; raises what changing would raise."""
        return self._changed(change, ReadRules(self.vault, self.keys, self.clock)(actor))[1]

    def _attempt(self, change: RuleChange, actor: str) -> Changed:
        seen = ReadRules(self.vault, self.keys, self.clock)(actor)
        rules, what = self._changed(change, seen)
        if what.is_none:
            return what
        now = StoredRules(rules, self.keys.seal_rules(rules))
        kind = EventKind.POLICY_SET if isinstance(change, SetRule) else EventKind.POLICY_UNSET
        batch = change.scope.target if isinstance(change.scope, OfBatch) else None
        detail = on_record(rules.revision, str(what))
        with self.vault.transaction() as transaction:
            transaction.replace_rules(seen, now)
            transaction.commit(AuditEvent(kind, self.clock(), actor, batch=batch, detail=detail))
        return what

    def _changed(self, change: RuleChange, seen: StoredRules) -> tuple[RuleSet, Changed]:
        _check_batch(self.vault, change.scope)
        rules = change.apply(seen.rules)
        check_order(seen.rules, rules)
        return rules, changed(seen.rules, rules, change.scope)


@dataclass(frozen=True, slots=True)
class EndRules:
    """End every rule, whatever stands there: the way out where they were altered from outside."""

    vault: PolicyVault
    keys: PolicyKeys
    clock: Clock

    def __call__(self, actor: str) -> StoredRules | None:
        """The rules that were ended; None where they were none that Seedvault sealed."""
        found = self.check()
        newest = self.vault.newest_rule_event()
        known = revision_on_record(newest.detail) if newest else 0
        revision = max(known, found.rules.revision if found else 0) + 1
        none = RuleSet(revision)
        told = "every rule ended" if found else "every rule ended: they were altered from outside"
        detail = on_record(revision, told)
        now = StoredRules(none, self.keys.seal_rules(none))
        with self.vault.transaction() as transaction:
            transaction.replace_rules(None, now)
            event = AuditEvent(EventKind.POLICY_UNSET, self.clock(), actor, detail=detail)
            transaction.commit(event)
        return found

    def check(self) -> StoredRules | None:
        """The same, changing nothing."""
        try:
            found = self.vault.policy_rules()
            check_rules(found, lambda: self.keys)
        except SealBroken:
            return None
        return found


@dataclass(frozen=True, slots=True)
class MoveRules:
    """Seal the rules as they are by the seal key in use, where another one sealed them."""

    vault: PolicyVault
    keys: PolicyKeys
    clock: Clock

    def __call__(self, actor: str) -> None:
        """Raises SealBroken, on record, where they are not what was sealed."""
        until_settled(lambda: self._attempt(actor))

    def _attempt(self, actor: str) -> None:
        if self.vault.policy_rules().seal is None:
            return
        seen = ReadRules(self.vault, self.keys, self.clock)(actor)
        now = StoredRules(seen.rules, self.keys.seal_rules(seen.rules))
        if now == seen or now.seal is None:
            return
        detail = f"revision {seen.rules.revision}, sealed by {now.seal.key}"
        with self.vault.transaction() as transaction:
            transaction.replace_rules(seen, now)
            event = AuditEvent(EventKind.POLICY_MOVED, self.clock(), actor, detail=detail)
            transaction.commit(event)


def nobody_in(vault: PolicyVault, scope: Scope) -> str | None:
    """That no token is in this scope yet, naming what it may be mistaken for; None where one is."""
    match scope:
        case OfModel(model):
            known = vault.models()
            return _nearest(f"no token is of model {model}", model.folded, known)
        case OfGroup(group):
            names = {str(each) for user in vault.users() for each in user.groups}
            return _nearest(f"no user is in group {group}", group.folded, names)
    return None


def _nearest(nobody: str, folded: str, known: Iterable[str]) -> str | None:
    by_folded = {fold(name): name for name in known}
    if folded in by_folded:
        return None
    near = [by_folded[name] for name in get_close_matches(folded, by_folded, _NEAREST)]
    return f"{nobody} yet; nearest: {', '.join(near)}" if near else f"{nobody} yet"


def _check_batch(vault: PolicyVault, scope: Scope) -> None:
    if isinstance(scope, OfBatch) and vault.batch(scope.number) is None:
        raise NotFound(f"no batch is called {scope.target}", remedy="See: seedvault batch list")
