"""A manufacturer's seed file becomes a batch in the vault: all of it, or nothing."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

from seedvault.domain.audit import AuditEvent, EventKind
from seedvault.domain.batch import Batch
from seedvault.domain.errors import Conflict, FileRefused, StorageUnavailable
from seedvault.domain.names import Serial, legible
from seedvault.domain.token import InStock
from seedvault.service.ports import (
    Clock,
    Delivered,
    Intake,
    Keys,
    NewToken,
    OpenedSeedFile,
    SeedFileKey,
    SeedTaker,
    Staging,
    Vault,
)

_CHUNK = 1_000  # tokens written per transaction: bounds memory and what a crash leaves behind
_RECOMMENDED_SEED = 20  # octets: RFC 4226 section 4 R6 recommends 160 bits
_NAMED = 10  # serials named in a message; the rest are counted


class ImportObserver(Protocol):
    """Who watches an import: a progress bar, or nobody."""

    def opened(self, file: OpenedSeedFile) -> None: ...
    def advanced(self, tokens: int, octets: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file. `batch` is None where it held nothing new, and in a dry run."""

    batch: Batch | None
    tokens: int
    held: tuple[Serial, ...]
    short_seeds: int
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    tokens: int = 0
    short_seeds: int = 0
    held: list[Serial] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


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
        except (FileRefused, Conflict) as refused:
            if not dry_run:
                self._record_refusal(path, actor, refused)
            raise

    def _take_over(
        self, file: OpenedSeedFile, actor: str, observer: ImportObserver, *, dry_run: bool
    ) -> ImportReport:
        with self._staging(file, actor) as staging:
            tally = self._stage(file, staging, observer)
            batch = None
            if tally.tokens and not dry_run:
                batch = self._publish(staging, file, tally, actor)
        return ImportReport(
            batch, tally.tokens, tuple(tally.held), tally.short_seeds, tuple(file.warnings)
        )

    @contextmanager
    def _staging(self, file: OpenedSeedFile, actor: str) -> Iterator[Staging]:
        staging = self.vault.stage(file.source, self.keys.import_tier, actor, self.clock())
        try:
            yield staging
        except StorageUnavailable:
            raise  # what was staged is invisible, and goes with the next import of the file
        except BaseException:
            staging.discard()
            raise
        staging.discard()

    def _stage(self, file: OpenedSeedFile, staging: Staging, observer: ImportObserver) -> _Tally:
        tally = _Tally()
        with self.keys.taking_from(file) as taker:
            for chunk in _chunks(file):
                staging.add(list(self._new_tokens(chunk, taker, tally)))
                observer.advanced(tally.tokens + len(tally.held), file.position)
        if tally.conflicts:
            raise _conflict(tally.conflicts)
        return tally

    def _new_tokens(
        self, chunk: list[Delivered], taker: SeedTaker, tally: _Tally
    ) -> Iterator[tuple[NewToken, int]]:
        taken = [taker.take(delivered.seed, delivered.device) for delivered in chunk]
        held = self.vault.held(
            [delivered.device.serial for delivered in chunk], [seed.fingerprint for seed in taken]
        )
        by_serial = {token.serial: token.fingerprint for token in held}
        by_seed = {token.fingerprint: token.serial for token in held}
        for delivered, seed in zip(chunk, taken, strict=True):
            serial = delivered.device.serial
            if by_serial.get(serial) == seed.fingerprint:
                tally.held.append(serial)
            elif serial in by_serial:
                tally.conflicts.append(
                    f"{serial} (line {delivered.line}) is held with another seed"
                )
            elif seed.fingerprint in by_seed:
                other = by_seed[seed.fingerprint]
                tally.conflicts.append(f"{serial} (line {delivered.line}) has the seed of {other}")
            else:
                tally.tokens += 1
                tally.short_seeds += seed.wrapped.length < _RECOMMENDED_SEED
                token = InStock(delivered.device, delivered.start)
                seal = self.keys.seal(token, seed.wrapped, 0)
                yield NewToken(delivered.device, delivered.start, seed, seal), delivered.line

    def _publish(self, staging: Staging, file: OpenedSeedFile, tally: _Tally, actor: str) -> Batch:
        detail = (
            f"{tally.tokens} tokens, {len(tally.held)} held already; {file.source.file_name}, "
            f"SHA-256 {file.source.sha256.hex()}; {file.source.format}, {file.source.protection}; "
            f"tier {self.keys.import_tier.value}"
        )
        event = AuditEvent(EventKind.BATCH_IMPORTED, self.clock(), actor, detail=detail)
        with self.vault.transaction() as transaction:
            return transaction.publish(staging, file.source, len(tally.held), event)

    def _record_refusal(self, path: Path, actor: str, refused: FileRefused | Conflict) -> None:
        event = AuditEvent(
            EventKind.BATCH_REFUSED,
            self.clock(),
            actor,
            detail=f"{legible(path.name)}: {refused.what}",
        )
        with self.vault.transaction() as transaction:
            transaction.commit(event)


def _chunks(file: Iterable[Delivered]) -> Iterator[list[Delivered]]:
    delivered = iter(file)
    while chunk := list(islice(delivered, _CHUNK)):
        yield chunk


def _conflict(conflicts: list[str]) -> Conflict:
    named = "\n".join(f"  {conflict}" for conflict in conflicts[:_NAMED])
    more = f"\n  and {len(conflicts) - _NAMED} more" if len(conflicts) > _NAMED else ""
    return Conflict(
        f"this file contradicts the vault in {len(conflicts)} places:\n{named}{more}",
        unchanged="Nothing was imported, nothing overwritten.",
        remedy="Ask the maker which file is right. See also: seedvault token show SERIAL",
    )
