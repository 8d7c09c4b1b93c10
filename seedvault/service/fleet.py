"""Telling how often codes fail over all tokens."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from seedvault.domain.fleet import ACCEPTED, DAY, FAILED, HOUR, FleetRates, Span
from seedvault.service.ports import Clock, EventFilter, Vault


@dataclass(frozen=True, slots=True)
class CountFailures:
    """Count the codes of the last hour and day, by the record; the HSM is not asked."""

    vault: Vault
    clock: Clock
    most_an_hour: int

    def __call__(self) -> FleetRates:
        now = self.clock()
        with self.vault.snapshot():
            hour, day = self._span(now, HOUR), self._span(now, DAY)
        return FleetRates(hour, day, self.most_an_hour)

    def _span(self, now: datetime, length: timedelta) -> Span:
        """Up to whatever is on record: no clock that runs ahead hides what its node refused."""
        accepted, failed = (
            self.vault.count_events(EventFilter(kind=kinds, since=now - length))
            for kinds in (ACCEPTED, FAILED)
        )
        return Span(accepted, failed)
