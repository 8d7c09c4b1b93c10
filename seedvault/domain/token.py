"""What a token is, in the vault's eyes: a device, its progress, and an owner or none."""

from dataclasses import dataclass
from datetime import datetime

from seedvault.domain.names import Serial, UserName
from seedvault.domain.oath import Counting, KeptParameters, Parameters


@dataclass(frozen=True, slots=True)
class Device:
    """What never changes about a token. Dates are aware UTC and inclusive."""

    serial: Serial
    parameters: Parameters
    manufacturer: str | None = None
    model: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None

    @property
    def counting(self) -> Counting:
        """How it computes. A key that is only kept is in quarantine: nobody verifies its codes."""
        if isinstance(self.parameters, KeptParameters):
            raise TypeError(f"{self.serial} does not count: it is kept as {self.parameters.kind}")
        return self.parameters


@dataclass(frozen=True, slots=True)
class Progress:
    """What verification moves: it never goes back.

    `next_factor` is the lowest counter or time step that may still be accepted; `drift_steps` is
    the token's clock minus ours, in time steps; `synchronised_at` is when that was last known.
    """

    next_factor: int
    synchronised_at: datetime
    drift_steps: int = 0
    failures: int = 0
    last_failure_at: datetime | None = None
    resyncs: int = 0
    resyncs_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class InStock:
    """Held by the organisation, given to nobody."""

    device: Device
    progress: Progress


@dataclass(frozen=True, slots=True)
class Bound:
    """Given to one user (SP 800-63B: bound to the subscriber's account)."""

    device: Device
    progress: Progress
    owner: UserName
    bound_at: datetime


@dataclass(frozen=True, slots=True)
class Quarantined:
    """Kept and not usable: `reason` says what Seedvault does not enforce or compute."""

    device: Device
    progress: Progress
    reason: str


Token = InStock | Bound | Quarantined
