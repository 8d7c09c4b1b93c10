"""A vault that was put back to an earlier state goes on in another epoch, with higher floors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from seedvault.domain import restoring
from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.clock import TOLERANCE
from seedvault.domain.errors import ClockUntrusted, NotAllowed, StorageUnavailable
from seedvault.domain.policy import Profile
from seedvault.domain.restoring import Coverage
from seedvault.service.backup_ports import Tell
from seedvault.service.evidence import Evidence, Gathered
from seedvault.service.ports import Stale, StoredToken
from seedvault.service.restore_ports import FoundToken, Restoration, RestoringHsm

_ATTEMPTS = 200
_WIDEST = Profile.LENIENT.policy
"""Floors reckon with its windows at least: rules set since the backup are not in it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the earlier state comes from, in words; no clock may be behind `newest`.

    `public_keys` are those whose signatures count.
    """

    words: str
    newest: datetime | None = None
    public_keys: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Restored:
    """What a vault was put back to. `unsealed` rows are not what was sealed: they stay unusable.

    `seals_checked` tells whether the HSM was there to look.
    """

    vault_id: str
    was_epoch: int
    epoch: int
    tokens: int
    must_resync: int
    unsealed: int
    seals_checked: bool
    gathered: Gathered


@dataclass(slots=True)
class _Tally:
    tokens: int = 0
    must_resync: int = 0
    unsealed: int = 0


@dataclass(frozen=True, slots=True)
class PutBack:
    """Raise the epoch, spend what is known to be spent, raise floors; then commit the event."""

    tell: Tell
    actor: str
    approved_by: str
    dry_run: bool

    def __call__(
        self,
        restoration: Restoration,
        hsm: RestoringHsm | None,
        evidence: Evidence,
        origin: Origin,
        now: datetime,
    ) -> Restored:
        """Raises ClockUntrusted where this machine's clock is behind what the evidence tells of.

        A dry run does not commit.
        """
        before = restoration.identity
        kept = hsm.memory.recall() if hsm else None
        epoch = max(before.epoch, kept or 0) + 1
        restoration.raise_epoch(epoch)
        newest = restoration.newest()
        gathered = evidence.gather(restoration, hsm, origin.public_keys)
        _check_clock(now, origin.newest, newest, gathered.newest)
        tally = self._tokens(restoration, hsm, gathered.coverage, now)
        if not self.dry_run:
            detail = self._detail(before.epoch, epoch, origin, gathered, tally)
            event = AuditEvent(EventKind.VAULT_RESTORED, now, self.actor, detail=detail)
            restoration.commit(event)
        return Restored(
            before.vault_id,
            before.epoch,
            epoch,
            tally.tokens,
            tally.must_resync,
            tally.unsealed,
            hsm is not None,
            gathered,
        )

    def _tokens(
        self, restoration: Restoration, hsm: RestoringHsm | None, coverage: Coverage, now: datetime
    ) -> _Tally:
        tally = _Tally()
        for found in _all(restoration):
            tally.tokens += 1
            if found.stored is None or (hsm is not None and not hsm.is_sealed(found.stored)):
                tally.unsealed += 1
            if found.stored is None:
                restoration.hold_back(found.row)
            else:
                tally.must_resync += self._put_back(restoration, found.stored, coverage, now)
            if not tally.tokens % 1_000:
                self.tell(tally.tokens)
        self.tell(tally.tokens)
        if hsm is not None and tally.tokens and tally.unsealed == tally.tokens:
            raise _other_keys()
        return tally

    def _put_back(
        self, restoration: Restoration, seen: StoredToken, coverage: Coverage, now: datetime
    ) -> bool:
        """Whether the token must be resynchronised. Another node may move it meanwhile."""
        for _ in range(_ATTEMPTS):
            progress = restoring.put_back(
                seen.token, now, (_WIDEST, restoration.policy_of(seen)), coverage
            )
            try:
                if progress != seen.token.progress:
                    restoration.move(seen, progress)
            except Stale:
                again = restoration.token(seen.token.device.serial)
                if again is None:
                    break
                seen = again
            else:
                return progress.must_resync
        raise StorageUnavailable(
            f"{seen.token.device.serial} changed faster than its floor could be raised",
            remedy="Stop what uses the vault, then run the same again.",
        )

    def _detail(
        self, was: int, epoch: int, origin: Origin, gathered: Gathered, tally: _Tally
    ) -> str:
        return (
            f"epoch {was} -> {epoch}, {origin.words}; {gathered.words}; "
            f"{tally.must_resync} of {tally.tokens} tokens must resynchronise; "
            f"approved by {self.approved_by}"
        )


def _all(restoration: Restoration) -> Iterator[FoundToken]:
    after = 0
    while page := restoration.tokens(after):
        yield from page
        after = page[-1].row


def _check_clock(now: datetime, *known: datetime | None) -> None:
    latest = max((moment for moment in known if moment is not None), default=None)
    if latest is not None and now < latest - 2 * TOLERANCE:
        raise ClockUntrusted(
            f"this machine's clock shows {now:%Y-%m-%d %H:%M:%S} UTC, and the vault knows of "
            f"{latest:%Y-%m-%d %H:%M:%S}: floors would be too low",
            unchanged="Nothing was restored.",
            remedy="Set the clock, then run the same again.",
        )


def _other_keys() -> NotAllowed:
    return NotAllowed(
        "no token's seal holds by the keys in this HSM: they are another vault's, or the backup "
        "was altered",
        unchanged="Nothing was restored.",
        remedy="Name this vault's PKCS#11 token in seedvault.toml.",
    )
