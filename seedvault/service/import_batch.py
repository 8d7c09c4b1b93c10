"""A manufacturer's seed file becomes a batch in the vault: all of it, or nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Batch, Tier
from seedvault.domain.errors import Conflict, FileRefused, KeyNeeded
from seedvault.domain.names import Serial, legible
from seedvault.domain.token import Quarantined
from seedvault.service.fips import CarefulTaker, refuse_unapproved
from seedvault.service.ports import Arrival, Clock, Keys, NewToken, Staging, Vault
from seedvault.service.seed_files import (
    NO_TERMS,
    Intake,
    OpenedSeedFile,
    RefusedRecord,
    SeedFileKey,
    Terms,
)
from seedvault.service.sorting import Contrary, Held, New, Sorted, Sorter, chunks

_RECOMMENDED_SEED = 20  # octets: RFC 4226 section 4 R6 recommends 160 bits
_NAMED = 10  # serials named in a message; the rest are counted
_T = TypeVar("_T")


class ImportObserver(Protocol):
    """Who watches an import: a progress bar, a report of what is left out, or nobody."""

    def opened(self, file: OpenedSeedFile) -> None: ...
    def advanced(self, tokens: int, octets: int) -> None: ...
    def refused(self, record: RefusedRecord) -> None: ...
    def proposed(self, serial: Serial, user: str) -> None:
        """The file names a user for a token: nothing is assigned."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file. `batch` is None where it held nothing new, and in a dry run.

    `held` has the first ten of the `held_count` serials that the vault held already. `tokens`
    counts what is new, `quarantined` those of them that are kept and not usable.
    """

    batch: Batch | None
    tokens: int
    held: tuple[Serial, ...]
    held_count: int
    short_seeds: int
    warnings: tuple[str, ...]
    quarantined: int = 0
    refused: int = 0
    proposed: int = 0


@dataclass(slots=True)
class _Counted(Generic[_T]):
    """How many there were, and the first of them: constant in memory."""

    count: int = 0
    first: list[_T] = field(default_factory=list)

    def note(self, one: _T) -> None:
        self.count += 1
        if len(self.first) < _NAMED:
            self.first.append(one)


@dataclass(slots=True)
class _Tally:
    observer: ImportObserver
    terms: Terms
    tokens: int = 0
    quarantined: int = 0
    short_seeds: int = 0
    refused: int = 0
    proposed: int = 0
    tier: Tier = Tier.INSIDE
    held: _Counted[Serial] = field(default_factory=_Counted)
    conflicts: _Counted[str] = field(default_factory=_Counted)

    def note(self, found: Sorted) -> None:
        """Count one record, and tell whoever watches what they must know."""
        match found:
            case New(delivered, seed):
                self.tokens += 1
                self.tier = max(self.tier, seed.tier, key=lambda tier: tier.value)
                self.quarantined += isinstance(delivered.token, Quarantined)
                self.short_seeds += seed.wrapped.length < _RECOMMENDED_SEED
                if delivered.user is not None:
                    self.proposed += 1
                    self.observer.proposed(delivered.device.serial, delivered.user)
            case Held(delivered):
                self.held.note(delivered.device.serial)
            case RefusedRecord():
                self._refuse(found)
            case Contrary(delivered, why) if self.terms.skip_bad:
                self._refuse(RefusedRecord(str(delivered.device.serial), delivered.line, why))
            case Contrary(why=why):
                self.conflicts.note(why)

    def _refuse(self, record: RefusedRecord) -> None:
        self.refused += 1
        self.observer.refused(record)


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """Take over every seed of a file into the HSM, then make the tokens visible at once."""

    vault: Vault
    keys: Keys
    intake: Intake
    clock: Clock
    require_fips: bool = False

    def __call__(
        self,
        path: Path,
        key: SeedFileKey,
        actor: str,
        observer: ImportObserver,
        terms: Terms = NO_TERMS,
    ) -> ImportReport:
        """Raises FileRefused or Conflict with nothing visible; a dry run does all but publish.

        On terms that skip bad records, what can be taken over is; the observer hears of the rest.
        """
        try:
            with self.intake.open(path, key, self.clock(), terms) as file:
                observer.opened(file)
                if self.require_fips:
                    refuse_unapproved(file, key, terms, self.keys)
                return self._take_over(file, actor, _Tally(observer, terms))
        except KeyNeeded:
            raise  # nothing is refused: the key is about to be asked for
        except (FileRefused, Conflict) as refused:
            if not terms.dry_run:
                detail = f"{legible(path.name)}: {refused.what}"
                self._record(EventKind.BATCH_REFUSED, actor, detail)
            raise

    def _take_over(self, file: OpenedSeedFile, actor: str, tally: _Tally) -> ImportReport:
        tier, dry_run = self.keys.import_tier, tally.terms.dry_run
        with self.vault.stage(file.source, tier, actor, self.clock(), dry_run=dry_run) as staging:
            self._stage(file, staging, tally)
            batch = None if dry_run else self._conclude(file, staging, tally, actor)
        return ImportReport(
            batch,
            tally.tokens,
            tuple(tally.held.first),
            tally.held.count,
            tally.short_seeds,
            tuple(file.warnings),
            tally.quarantined,
            tally.refused,
            tally.proposed,
        )

    def _stage(self, file: OpenedSeedFile, staging: Staging, tally: _Tally) -> None:
        with self.keys.taking_from(file, tally.terms) as taker:
            careful = CarefulTaker(taker) if self.require_fips else taker
            sorter = Sorter(careful, self.vault, tally.terms.skip_bad)
            for chunk in chunks(file):
                staging.add(list(self._arrivals(sorter.sort(chunk), tally)))
                done = tally.tokens + tally.held.count + tally.refused
                tally.observer.advanced(done, file.position)
        if tally.conflicts.count:
            raise _conflict(tally.conflicts)

    def _arrivals(self, records: Iterator[Sorted], tally: _Tally) -> Iterator[Arrival]:
        for found in records:
            tally.note(found)
            if isinstance(found, New | Held):
                yield self._arrival(found)

    def _arrival(self, found: New | Held) -> Arrival:
        token, taken = found.delivered.token, found.seed
        seal = self.keys.seal(token, taken.wrapped, 0)
        new = NewToken(token, taken, seal)
        return Arrival(new, found.delivered.line, isinstance(found, Held))

    def _conclude(
        self, file: OpenedSeedFile, staging: Staging, tally: _Tally, actor: str
    ) -> Batch | None:
        """The batch, published; None where nothing is new. Either is on record."""
        source = file.source
        where = f"{source.file_name}, SHA-256 {source.sha256.hex()}"
        refused = f", {tally.refused} refused" if tally.refused else ""
        if not tally.tokens:
            detail = f"nothing new: {tally.held.count} tokens are held already{refused}; {where}"
            self._record(EventKind.BATCH_UNCHANGED, actor, detail)
            return None
        quarantined = f", {tally.quarantined} in quarantine" if tally.quarantined else ""
        exportable = "; exportable" if tally.terms.exportable else ""
        signed = f"; signed by {source.signer}" if source.signer else ""
        detail = (
            f"{tally.tokens} tokens{quarantined}, {tally.held.count} held already{refused}; "
            f"{where}; {source.format}, {source.protection}{signed}; "
            f"tier {tally.tier.value}{exportable}"
        )
        event = AuditEvent(EventKind.BATCH_IMPORTED, self.clock(), actor, detail=detail)
        return staging.publish(
            event, tally.refused, exportable=tally.terms.exportable, tier=tally.tier
        )

    def _record(self, kind: EventKind, actor: str, detail: str) -> None:
        with self.vault.transaction() as transaction:
            transaction.commit(AuditEvent(kind, self.clock(), actor, detail=detail))


def _conflict(conflicts: _Counted[str]) -> Conflict:
    named = "\n".join(f"  {conflict}" for conflict in conflicts.first)
    unnamed = conflicts.count - len(conflicts.first)
    more = f"\n  and {unnamed} more" if unnamed else ""
    return Conflict(
        f"this file contradicts the vault in {conflicts.count} places:\n{named}{more}",
        unchanged="Nothing was imported, nothing overwritten.",
        remedy="Ask the maker which file is right. See also: seedvault token show SERIAL",
    )
