"""The groups of a user, by which rules of the policy go: under the seals of the user's tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.names import GroupName, UserName
from seedvault.service.decide import Case, broken_on_record, until_settled
from seedvault.service.lookup import user_of
from seedvault.service.policy_ports import PolicyVault
from seedvault.service.ports import Clock, Keys, StoredToken, User


@dataclass(frozen=True, slots=True)
class Grouped:
    """A user as they were, and the groups they are in now."""

    user: User
    groups: tuple[GroupName, ...]

    @property
    def changed(self) -> bool:
        """Whether they were in others."""
        return self.groups != self.user.groups


@dataclass(frozen=True, slots=True)
class GroupUser:
    """Put a user into exactly these groups, and seal their tokens anew with them."""

    vault: PolicyVault
    keys: Keys
    clock: Clock

    def __call__(self, name: UserName, groups: Sequence[GroupName], actor: str) -> Grouped:
        """Raises SealBroken, on record, where a row of theirs was altered: then nothing changes."""
        return until_settled(lambda: self._attempt(name, groups, actor))

    def check(self, name: UserName, groups: Sequence[GroupName]) -> Grouped:
        """The same; raises what grouping would raise, and changes nothing."""
        for stored in self.vault.tokens_of(name):
            self.keys.check(stored)
        return Grouped(user_of(self.vault, name), in_order(groups))

    def _attempt(self, name: UserName, groups: Sequence[GroupName], actor: str) -> Grouped:
        now = self.clock()
        with broken_on_record(self.vault, AuditEvent(EventKind.SEAL_BROKEN, now, actor)):
            grouped = Grouped(user_of(self.vault, name), in_order(groups))
            held = self.vault.tokens_of(name)
        if not grouped.changed:
            return grouped
        cases = [Case(self.vault, self.keys, stored, actor, now) for stored in held]
        resealed = [_resealed(case, grouped.groups) for case in cases]
        with self.vault.transaction() as transaction:
            transaction.regroup(grouped.user, grouped.groups, held)
            for seen, sealed in zip(held, resealed, strict=True):
                transaction.replace(seen, sealed)
            transaction.commit(_event(grouped, len(held), AuditEvent(
                EventKind.USER_GROUPED, now, actor, user=str(grouped.user.name),
            )))  # fmt: skip
        return grouped


def in_order(groups: Sequence[GroupName]) -> tuple[GroupName, ...]:
    """Each group once, by name."""
    return tuple(sorted(set(groups), key=lambda group: group.folded))


def _resealed(case: Case, groups: tuple[GroupName, ...]) -> StoredToken:
    case.check_seal()
    return case.resealed(case.stored.token, groups)


def _event(grouped: Grouped, tokens: int, event: AuditEvent) -> AuditEvent:
    old, new = (", ".join(map(str, each)) or "-" for each in (grouped.user.groups, grouped.groups))
    return replace(event, detail=f"{old} -> {new}; {tokens} tokens sealed anew")
