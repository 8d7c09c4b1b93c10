"""Among which tokens a search for a code looks, and how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from seedvault.domain.audit import AuditEvent
from seedvault.domain.errors import InvalidInput
from seedvault.domain.names import Serial, UserName
from seedvault.domain.policy import Policy
from seedvault.service.lookup import batch_of, user_of
from seedvault.service.ports import EventFilter, TokenFilter, Vault

_DAY, _MILLISECOND = timedelta(days=1), timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class InBatch:
    """The tokens of one batch, such as "B-0001"."""

    name: str


@dataclass(frozen=True, slots=True)
class OfUser:
    """The tokens of one user."""

    name: UserName


@dataclass(frozen=True, slots=True)
class Listed:
    """These tokens, such as those of a box that fell on the floor."""

    serials: Sequence[Serial]


Scope = InBatch | OfUser | Listed


@dataclass(frozen=True, slots=True)
class Searched:
    """What a scope comes to: the tokens, and by which batch or user it is on record."""

    name: str
    serials: Sequence[Serial]
    batch: str | None = None
    user: str | None = None


def searched(vault: Vault, scope: Scope, policy: Policy) -> Searched:
    """Raises NotFound for an unknown batch or user, InvalidInput beyond the cap."""
    limit = policy.search_tokens + 1
    match scope:
        case InBatch(name):
            batch = batch_of(vault, name)
            wanted = TokenFilter(batch=batch.number, limit=limit)
            found = Searched(f"batch {batch.name}", vault.serials(wanted), batch=batch.name)
        case OfUser(name):
            owner = user_of(vault, name).name
            wanted = TokenFilter(owner=owner, limit=limit)
            found = Searched(f"user {owner}", vault.serials(wanted), user=owner.verbatim)
        case Listed(serials):
            found = Searched("a list", list(dict.fromkeys(serials)))
    if len(found.serials) < limit:
        return found
    raise InvalidInput(
        f"{found.name} has more than {policy.search_tokens} tokens: too many to search for a code",
        remedy="Name a user, or list the serials it can be, one a line: --serials FILE",
    )


def budget_ends(vault: Vault, charge: AuditEvent, allowed: int, policy: Policy) -> datetime | None:
    """When the next search is possible, where more than `allowed` like `charge` are on record.

    A list counts against all that its actor has searched: it may name any batch's tokens.
    """
    wanted = EventFilter(
        user=charge.user,
        actor=charge.actor,
        batch=charge.batch,
        kind=charge.kind,
        since=charge.at - _DAY + _MILLISECOND,
        limit=policy.searches_a_day + 1,
    )
    spent = vault.events(wanted)
    if len(spent) <= allowed:
        return None
    return spent[policy.searches_a_day - 1].event.at + _DAY
