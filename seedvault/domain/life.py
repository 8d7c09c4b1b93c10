"""The life of a token: which states follow which, by whose decision, and what undoes it.

Being locked, disabled or out of step are no states of their own: they pass, and stand in the
token's progress (see `lockout` and `resync`). The documentation's table is made from `TRANSITIONS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from seedvault.domain.audit import EventKind
from seedvault.domain.errors import Conflict
from seedvault.domain.names import UserName, check_line
from seedvault.domain.permission import Role
from seedvault.domain.quarantine import released
from seedvault.domain.token import (
    Bound,
    InStock,
    Owned,
    Quarantined,
    Retired,
    Revoked,
    State,
    Suspended,
    Token,
    owner_of,
    state_of,
)

MAX_REASON_LENGTH = 200

Step = Callable[[Token, datetime, str], Token]
"""Where a token gets to at a moment, for a reason in one line; Conflict where it cannot."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step in a token's life: from any of `sources` to `target`; `inverse` undoes it."""

    name: str
    sources: tuple[State, ...]
    target: State
    role: Role
    event: EventKind
    inverse: str | None = None


ASSIGN = Transition(
    "assign",
    (State.IN_STOCK,),
    State.BOUND,
    Role.HELPDESK,
    EventKind.TOKEN_ASSIGNED,
    "unassign",
)
UNASSIGN = Transition(
    "unassign",
    (State.BOUND, State.SUSPENDED),
    State.IN_STOCK,
    Role.HELPDESK,
    EventKind.TOKEN_UNASSIGNED,
    "assign",
)
SUSPEND = Transition(
    "suspend",
    (State.BOUND,),
    State.SUSPENDED,
    Role.HELPDESK,
    EventKind.TOKEN_SUSPENDED,
    "resume",
)
RESUME = Transition(
    "resume",
    (State.SUSPENDED,),
    State.BOUND,
    Role.HELPDESK,
    EventKind.TOKEN_RESUMED,
    "suspend",
)
REVOKE = Transition(
    "revoke",
    (State.IN_STOCK, State.BOUND, State.SUSPENDED, State.QUARANTINED),
    State.REVOKED,
    Role.HELPDESK,
    EventKind.TOKEN_REVOKED,
)
RETIRE = Transition(
    "retire",
    (State.IN_STOCK, State.QUARANTINED, State.REVOKED),
    State.RETIRED,
    Role.HELPDESK,
    EventKind.TOKEN_RETIRED,
)
RELEASE = Transition(
    "release",
    (State.QUARANTINED,),
    State.IN_STOCK,
    Role.IMPORTER,
    EventKind.TOKEN_RELEASED,
)
TRANSITIONS = (ASSIGN, UNASSIGN, SUSPEND, RESUME, REVOKE, RETIRE, RELEASE)


def assign(token: Token, owner: UserName, now: datetime) -> Bound:
    """Raises Conflict, saying whose it is already or why it is nobody's to have."""
    if not isinstance(token, InStock):
        raise _not_assigned(token, owner)
    return Bound(token.device, token.progress, owner, now)


def owned(token: Token) -> Owned:
    """The same token. Raises Conflict where nobody holds it."""
    if not isinstance(token, Owned):
        serial = token.device.serial
        raise Conflict(
            f"{serial} is not assigned: nobody holds it", remedy="See: seedvault token list"
        )
    return token


def unassign(token: Owned) -> InStock:
    """Back to stock; what it accepted stays spent. Its owner's PIN goes with them."""
    return InStock(token.device, token.progress)


def suspend(token: Token, now: datetime, reason: str) -> Suspended:
    """Its owner's still, and not usable until `resume`."""
    _check_reason(reason)
    if not isinstance(token, Bound):
        raise _out_of_place(token, SUSPEND)
    owner, bound_at = token.owner, token.bound_at
    return Suspended(token.device, token.progress, owner, bound_at, now, reason, token.pin)


def resume(token: Token, _now: datetime, reason: str) -> Bound:
    """Usable again by its owner."""
    _check_reason(reason)
    if not isinstance(token, Suspended):
        raise _out_of_place(token, RESUME)
    return Bound(token.device, token.progress, token.owner, token.bound_at, token.pin)


def revoke(token: Token, now: datetime, reason: str) -> Revoked:
    """For good: nothing leads back. The record alone remembers whose it was."""
    _check_reason(reason)
    if state_of(token) not in REVOKE.sources:
        raise _out_of_place(token, REVOKE)
    return Revoked(token.device, token.progress, now, reason)


def retire(token: Token, now: datetime, reason: str) -> Retired:
    """For good. A token that somebody holds is taken back, or revoked, before."""
    _check_reason(reason)
    if state_of(token) not in RETIRE.sources:
        raise _out_of_place(token, RETIRE)
    return Retired(token.device, token.progress, now, reason)


def release(token: Token, _now: datetime, reason: str) -> InStock:
    """Usable after all. Raises Conflict while what keeps it in quarantine still holds."""
    _check_reason(reason)
    if not isinstance(token, Quarantined):
        raise _out_of_place(token, RELEASE)
    return released(token)


def _check_reason(reason: str) -> None:
    check_line("reason", reason, MAX_REASON_LENGTH)


def _out_of_place(token: Token, transition: Transition) -> Conflict:
    serial, state = token.device.serial, state_of(token).value
    whose = f", held by {owner}" if (owner := owner_of(token)) else ""
    done = transition.event.value.removeprefix("token.")
    allowed = " or ".join(source.value for source in transition.sources)
    return Conflict(
        f"{serial} cannot be {done}: it is {state}{whose}, and has to be {allowed}",
        remedy=f"See what happened to it: seedvault token history {serial}",
    )


def _not_assigned(
    token: Bound | Suspended | Quarantined | Revoked | Retired, owner: UserName
) -> Conflict:
    """Why `owner` cannot have it, and what to do instead."""
    serial = token.device.serial
    another = f"Give them another token. What happened to it: seedvault token history {serial}"
    match token:
        case Bound(owner=holder) if holder == owner:
            why, remedy = "already theirs", "Nothing is to be done."
        case Bound(owner=holder):
            why = f"already {holder}'s"
            remedy = f"Take it back first: seedvault token unassign {serial}"
        case Suspended(owner=holder, since=since, reason=reason) if holder == owner:
            why = f"theirs, and suspended since {since:%Y-%m-%d}: {reason}"
            remedy = f"Let it be used again: seedvault token resume {serial}"
        case Suspended(owner=holder, since=since, reason=reason):
            why = f"{holder}'s, and suspended since {since:%Y-%m-%d}: {reason}"
            remedy = f"Take it back first: seedvault token unassign {serial}"
        case Quarantined(reason=reason):
            why = f"in quarantine: {reason}"
            remedy = "Give them another token; ask its maker for one without this restriction."
        case Revoked(since=since, reason=reason) | Retired(since=since, reason=reason):
            why, remedy = f"{state_of(token).value} since {since:%Y-%m-%d}: {reason}", another
    return Conflict(f"{serial} cannot be assigned to {owner}: it is {why}", remedy=remedy)
