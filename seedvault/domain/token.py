"""What a token is, in the vault's eyes: a device, its progress, and an owner or none."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from seedvault.domain.names import Serial, UserName
from seedvault.domain.oath import Counting
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.pin_keeping import KeptPin


@dataclass(frozen=True, slots=True)
class Device:
    """What never changes about a token. Dates are aware UTC and inclusive.

    `use_limit` is how many codes may be accepted in all (RFC 6030 section 5,
    NumberOfTransactions); None is any number.
    """

    serial: Serial
    parameters: Parameters
    manufacturer: str | None = None
    model: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    use_limit: int | None = None

    @property
    def counting(self) -> Counting:
        """How it computes codes. Whoever asks this of another kind has made a mistake."""
        if not isinstance(self.parameters, Counting):
            raise TypeError(f"{self.serial} does not count: {self.parameters}")
        return self.parameters

    @property
    def answering(self) -> OcraParameters:
        """How it answers challenges; as above."""
        if not isinstance(self.parameters, OcraParameters):
            raise TypeError(f"{self.serial} does not answer: {self.parameters}")
        return self.parameters


@dataclass(frozen=True, slots=True)
class Stray:
    """The last code, refused at that time, stood at `factor`, outside its window."""

    factor: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """What verification moves: it never goes back.

    `next_factor` is the lowest counter or time step that may still be accepted; `drift_steps` is
    the token's clock minus ours, in time steps; `synchronised_at` is when that was last known.
    `uses` counts the acceptances. `must_resync` holds every single code back until two consecutive
    ones were found: after a restore nobody knows which were spent.
    """

    next_factor: int
    synchronised_at: datetime
    drift_steps: int = 0
    failures: int = 0
    last_failure_at: datetime | None = None
    resyncs: int = 0
    resyncs_since: datetime | None = None
    uses: int = 0
    must_resync: bool = False
    stray: Stray | None = None


@dataclass(frozen=True, slots=True)
class InStock:
    """Held by the organisation, given to nobody."""

    device: Device
    progress: Progress


@dataclass(frozen=True, slots=True)
class Bound:
    """Given to one user (SP 800-63B: bound to the subscriber's account), whose PIN is `pin`."""

    device: Device
    progress: Progress
    owner: UserName
    bound_at: datetime
    pin: KeptPin | None = None


@dataclass(frozen=True, slots=True)
class Suspended:
    """Still its owner's, and not to be used for now: lost, on leave, reported.

    SP 800-63B section 6.2.
    """

    device: Device
    progress: Progress
    owner: UserName
    bound_at: datetime
    since: datetime
    reason: str
    pin: KeptPin | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Kept and not usable: `reason` says what Seedvault does not enforce or compute."""

    device: Device
    progress: Progress
    reason: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """Never to be trusted again: stolen, copied, its seed known (SP 800-63B section 6.4)."""

    device: Device
    progress: Progress
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Retired:
    """Out of service: worn out, returned, destroyed."""

    device: Device
    progress: Progress
    since: datetime
    reason: str


Token = InStock | Bound | Suspended | Quarantined | Revoked | Retired
Owned = Bound | Suspended
"""A token that has an owner."""


class State(Enum):
    """Where a token is in its life, in the words of tables, documents and the database."""

    IN_STOCK = "in-stock"
    BOUND = "bound"
    SUSPENDED = "suspended"
    QUARANTINED = "quarantined"
    REVOKED = "revoked"
    RETIRED = "retired"


_STATES: dict[type[Token], State] = {
    InStock: State.IN_STOCK,
    Bound: State.BOUND,
    Suspended: State.SUSPENDED,
    Quarantined: State.QUARANTINED,
    Revoked: State.REVOKED,
    Retired: State.RETIRED,
}


def state_of(token: Token) -> State:
    """The state that a token's type is."""
    return _STATES[type(token)]


def owner_of(token: Token) -> UserName | None:
    """Whose token it is."""
    return token.owner if isinstance(token, Owned) else None
