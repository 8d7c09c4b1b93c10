"""Codes that depend on the time are judged by a clock that the database does not contradict."""

from dataclasses import dataclass
from datetime import datetime

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.clock import TimeOnRecord, distrust
from seedvault.domain.errors import ClockUntrusted
from seedvault.domain.oath import HotpParameters
from seedvault.service.clock_ports import TimeVault
from seedvault.service.ports import Clock, StoredToken

_REMEDY = (
    "Set this machine's clock by NTP, then try again. Where a clock once ran ahead, and that is "
    "what is on record: seedvault db clock --accept"
)


def check_clock(stored: StoredToken, now: datetime) -> None:
    """Raises ClockUntrusted where codes of this token cannot be judged now.

    What only counts needs no clock; the challenge of a token that answers is over at a moment.
    """
    if stored.record is None or isinstance(stored.token.device.parameters, HotpParameters):
        return
    why = distrust(now, stored.record)
    if why is not None:
        raise ClockUntrusted(why, unchanged="No code was looked at.", remedy=_REMEDY)


@dataclass(frozen=True, slots=True)
class ClockState:
    """This node's clock beside the database's word; `why` it is not trusted, if it is not."""

    now: datetime
    record: TimeOnRecord
    why: str | None


@dataclass(frozen=True, slots=True)
class CompareClocks:
    """Tell whether this node's clock is trusted."""

    vault: TimeVault
    clock: Clock

    def __call__(self) -> ClockState:
        record, now = self.vault.time_on_record(), self.clock()
        return ClockState(now, record, distrust(now, record))


@dataclass(frozen=True, slots=True)
class AcceptClock:
    """Trust this node's clock from now on, whatever later time is on record."""

    vault: TimeVault
    clock: Clock

    def __call__(self, actor: str) -> ClockState:
        """How it was before. Raises ClockUntrusted where the database's own clock says otherwise.

        That one is not overruled: some node would be wrong about every code.
        """
        before = self.check()
        detail = f"the latest time on record was {before.record.newest.isoformat()}"
        with self.vault.transaction() as transaction:
            transaction.accept_time(before.now)
            transaction.commit(
                AuditEvent(EventKind.CLOCK_ACCEPTED, before.now, actor, detail=detail)
            )
        return before

    def check(self) -> ClockState:
        """How it is; raises what accepting would raise, and changes nothing."""
        state = CompareClocks(self.vault, self.clock)()
        why = distrust(state.now, TimeOnRecord(state.now, state.record.ahead))
        if why is not None:
            raise ClockUntrusted(why, remedy="Set the clocks of both machines by NTP.")
        return state
