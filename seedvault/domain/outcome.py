"""What a decision can be. A wrong code is a value, so that its failure count is committed."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class Reason(Enum):
    """Why a code was not accepted, in the words staff see; relying parties never see it."""

    MALFORMED = "not a code of this token"
    NOT_BOUND = "not assigned to anyone"
    SUSPENDED = "suspended"
    QUARANTINED = "in quarantine"
    REVOKED = "revoked"
    RETIRED = "retired"
    NOT_YET_VALID = "not valid yet"
    EXPIRED = "expired"
    USED_UP = "used as often as it may be"
    DELAYED = "too soon after failures"
    LOCKED = "locked"
    DISABLED = "disabled after too many failures"
    NEEDS_RESYNC = "needs resynchronisation"
    ALREADY_USED = "already used"
    NO_MATCH = "no match"
    NO_PIN = "has no PIN"
    NEEDS_CHALLENGE = "answers challenges only"
    NO_CHALLENGES = "computes codes, and answers no challenge"
    NO_CHALLENGE = "no such challenge"
    CHALLENGE_OVER = "the challenge has expired"
    NOT_CONSECUTIVE = "found, but not consecutive"
    BACKWARDS = "found only before a code that was already accepted"
    SAME_CODE = "the same code twice"
    RESYNCS_SPENT = "too many resynchronisations today"


@dataclass(frozen=True, slots=True)
class Accepted:
    """One code, spent. `offset` is the clock's drift in steps, or the counters skipped."""

    factor: int
    offset: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not accepted; `until` says when trying again makes sense, where time heals it."""

    reason: Reason
    until: datetime | None = None


Outcome = Accepted | Rejected
