"""What the fake vault keeps of a token, and which tokens and events a filter asks for."""

from dataclasses import dataclass

from seedvault.domain.audit import RULE_CHANGES, AuditEvent, LoggedEvent
from seedvault.domain.names import Serial, UserName
from seedvault.domain.token import owner_of, state_of
from seedvault.service.policy_ports import StoredRules
from seedvault.service.ports import EventFilter, ListedToken, StoredToken, TokenFilter


@dataclass(frozen=True, slots=True)
class FakeRow:
    """A token as it is kept."""

    stored: StoredToken
    batch: int
    fingerprint: bytes


class ReadRules:
    """What the fake vault tells of the policy's rules, and of what they are for."""

    rules: StoredRules
    rows: dict[Serial, FakeRow]
    chains: dict[int, list[LoggedEvent]]

    def as_read(self, row: FakeRow) -> StoredToken:
        raise NotImplementedError

    def policy_rules(self) -> StoredRules:
        return self.rules

    def newest_rule_event(self) -> AuditEvent | None:
        changes = (e.event for e in reversed(self.chains[0]) if e.event.kind in RULE_CHANGES)
        return next(changes, None)

    def models(self) -> list[str]:
        found = {row.stored.token.device.model for row in self.rows.values()}
        return sorted(model for model in found if model is not None)

    def tokens_of(self, owner: UserName) -> list[StoredToken]:
        rows = self.rows.values()
        return [self.as_read(row) for row in rows if owner_of(row.stored.token) == owner]


def listed(row: FakeRow) -> ListedToken:
    """The token, for people to look at."""
    wrapped = row.stored.wrapped
    return ListedToken(row.stored.token, row.batch, wrapped.length, wrapped.kek_id)


def is_wanted(row: FakeRow, wanted: TokenFilter) -> bool:
    """Whether the filter asks for this token."""
    owner = owner_of(row.stored.token)
    return (
        wanted.batch in (None, row.batch)
        and wanted.owner in (None, owner)
        and wanted.state in (None, state_of(row.stored.token))
    )


def is_asked_for(event: AuditEvent, wanted: EventFilter) -> bool:
    """Whether the filter asks for this event."""
    return (
        wanted.serial in (None, event.serial)
        and wanted.user in (None, event.user)
        and wanted.actor in (None, event.actor)
        and wanted.batch in (None, event.batch)
        and _is_of_kind(event, wanted)
        and (wanted.since is None or event.at >= wanted.since)
    )


def _is_of_kind(event: AuditEvent, wanted: EventFilter) -> bool:
    if isinstance(wanted.kind, frozenset):
        return event.kind in wanted.kind
    return wanted.kind in (None, event.kind)
