"""A manufacturer's seed file becomes a batch in the vault: all of it, or nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Batch
from seedvault.domain.errors import Conflict, FileRefused, KeyNeeded
from seedvault.domain.names import Serial, legible
from seedvault.domain.token import InStock
from seedvault.service.ports import (
    Arrival,
    Clock,
    Delivered,
    Intake,
    Keys,
    NewToken,
    OpenedSeedFile,
    SeedFileKey,
    SeedTaker,
    Staging,
    TakenSeed,
    Vault,
)

_CHUNK = 1_000  # tokens written per transaction: bounds memory and what a crash leaves behind
_RECOMMENDED_SEED = 20  # octets: RFC 4226 section 4 R6 recommends 160 bits
_NAMED = 10  # serials named in a message; the rest are counted
_T = TypeVar("_T")


class ImportObserver(Protocol):
    """Who watches an import: a progress bar, or nobody."""

    def opened(self, file: OpenedSeedFile) -> None: ...
    def advanced(self, tokens: int, octets: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file. `batch` is None where it held nothing new, and in a dry run.

    `held` has the first ten of the `held_count` serials that the vault held already.
    """

    batch: Batch | None
    tokens: int
    held: tuple[Serial, ...]
    held_count: int
    short_seeds: int
    warnings: tuple[str, ...]


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
    tokens: int = 0
    short_seeds: int = 0
    held: _Counted[Serial] = field(default_factory=_Counted)
    conflicts: _Counted[str] = field(default_factory=_Counted)


@dataclass(frozen=True, slots=True)
class ImportBatch:
    """Take over every seed of a file into the HSM, then make the tokens visible at once."""

    vault: Vault
    keys: Keys
    intake: Intake
    clock: Clock

    def __call__(
        self,
        path: Path,
        key: SeedFileKey,
        actor: str,
        observer: ImportObserver,
        *,
        dry_run: bool = False,
    ) -> ImportReport:
        """Raises FileRefused or Conflict with nothing visible; a dry run does all but publish."""
        try:
            with self.intake.open(path, key, self.clock()) as file:
                observer.opened(file)
                return self._take_over(file, actor, observer, dry_run=dry_run)
        except KeyNeeded:
            raise  # nothing is refused: the key is about to be asked for
        except (FileRefused, Conflict) as refused:
            if not dry_run:
                detail = f"{legible(path.name)}: {refused.what}"
                self._record(EventKind.BATCH_REFUSED, actor, detail)
            raise

    def _take_over(
        self, file: OpenedSeedFile, actor: str, observer: ImportObserver, *, dry_run: bool
    ) -> ImportReport:
        tier = self.keys.import_tier
        with self.vault.stage(file.source, tier, actor, self.clock(), dry_run=dry_run) as staging:
            tally = self._stage(file, staging, observer)
            batch = None if dry_run else self._conclude(file, staging, tally, actor)
        return ImportReport(
            batch,
            tally.tokens,
            tuple(tally.held.first),
            tally.held.count,
            tally.short_seeds,
            tuple(file.warnings),
        )

    def _stage(self, file: OpenedSeedFile, staging: Staging, observer: ImportObserver) -> _Tally:
        tally = _Tally()
        with self.keys.taking_from(file) as taker:
            for chunk in _chunks(file):
                staging.add(list(self._arrivals(chunk, taker, tally)))
                observer.advanced(tally.tokens + tally.held.count, file.position)
        if tally.conflicts.count:
            raise _conflict(tally.conflicts)
        return tally

    def _arrivals(
        self, chunk: list[Delivered], taker: SeedTaker, tally: _Tally
    ) -> Iterator[Arrival]:
        taken = [taker.take(delivered.seed, delivered.device) for delivered in chunk]
        held = self.vault.held(
            [delivered.device.serial for delivered in chunk], [seed.fingerprint for seed in taken]
        )
        by_serial = {token.serial: token.fingerprint for token in held}
        by_seed = {token.fingerprint: token.serial for token in held}
        for delivered, seed in zip(chunk, taken, strict=True):
            serial = delivered.device.serial
            if by_serial.get(serial) == seed.fingerprint:
                tally.held.note(serial)
                yield self._arrival(delivered, seed, held=True)
            elif serial in by_serial:
                tally.conflicts.note(f"{serial} (line {delivered.line}) is held with another seed")
            elif seed.fingerprint in by_seed:
                other = by_seed[seed.fingerprint]
                tally.conflicts.note(f"{serial} (line {delivered.line}) has the seed of {other}")
            else:
                tally.tokens += 1
                tally.short_seeds += seed.wrapped.length < _RECOMMENDED_SEED
                yield self._arrival(delivered, seed, held=False)

    def _arrival(self, delivered: Delivered, seed: TakenSeed, *, held: bool) -> Arrival:
        token = InStock(delivered.device, delivered.start)
        seal = self.keys.seal(token, seed.wrapped, 0)
        new = NewToken(delivered.device, delivered.start, seed, seal)
        return Arrival(new, delivered.line, held)

    def _conclude(
        self, file: OpenedSeedFile, staging: Staging, tally: _Tally, actor: str
    ) -> Batch | None:
        """The batch, published; None where nothing is new. Either is on record."""
        source = file.source
        where = f"{source.file_name}, SHA-256 {source.sha256.hex()}"
        if not tally.tokens:
            detail = f"nothing new: {tally.held.count} tokens are held already; {where}"
            self._record(EventKind.BATCH_UNCHANGED, actor, detail)
            return None
        detail = (
            f"{tally.tokens} tokens, {tally.held.count} held already; {where}; "
            f"{source.format}, {source.protection}; tier {self.keys.import_tier.value}"
        )
        return staging.publish(
            AuditEvent(EventKind.BATCH_IMPORTED, self.clock(), actor, detail=detail)
        )

    def _record(self, kind: EventKind, actor: str, detail: str) -> None:
        with self.vault.transaction() as transaction:
            transaction.commit(AuditEvent(kind, self.clock(), actor, detail=detail))


def _chunks(file: Iterable[Delivered]) -> Iterator[list[Delivered]]:
    delivered = iter(file)
    while chunk := list(islice(delivered, _CHUNK)):
        yield chunk


def _conflict(conflicts: _Counted[str]) -> Conflict:
    named = "\n".join(f"  {conflict}" for conflict in conflicts.first)
    unnamed = conflicts.count - len(conflicts.first)
    more = f"\n  and {unnamed} more" if unnamed else ""
    return Conflict(
        f"this file contradicts the vault in {conflicts.count} places:\n{named}{more}",
        unchanged="Nothing was imported, nothing overwritten.",
        remedy="Ask the maker which file is right. See also: seedvault token show SERIAL",
    )
