"""What a seed file holds, told without importing it."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from seedvault.domain.errors import FileRefused
from seedvault.domain.parameters import Parameters
from seedvault.domain.token import Quarantined
from seedvault.service.fips import CarefulTaker, unapproved
from seedvault.service.ports import Arrival, Clock, Keys, NewToken, Seal, Vault
from seedvault.service.seed_files import (
    Delivered,
    Intake,
    OpenedSeedFile,
    RefusedRecord,
    SeedFileKey,
    Terms,
)
from seedvault.service.sorting import Contrary, Held, New, Sorted, Sorter, chunks

_NAMED = 10
_LISTED = 1_000  # different makers, models or reasons; a file with more is no delivery


@dataclass(slots=True)
class Findings:
    """Everything found out about one file. Counts are of records; lists have the first ten.

    `refusal` is why the whole file would be refused even so; then nothing behind it was read.
    `unapproved` is what stands against the file under `require_fips`, each with its clause.
    `format`, `protection`, `signer` and `summary` are known once it was opened.
    """

    format: str = ""
    protection: str = ""
    signer: str | None = None
    summary: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    refusal: str | None = None
    unapproved: tuple[str, ...] = ()
    records: int = 0
    new: int = 0
    held: int = 0
    contrary: list[str] = field(default_factory=list)
    contrary_count: int = 0
    refused: list[RefusedRecord] = field(default_factory=list)
    refused_count: int = 0
    makers: Counter[str | None] = field(default_factory=Counter)
    models: Counter[str | None] = field(default_factory=Counter)
    computing: Counter[Parameters] = field(default_factory=Counter)
    seed_octets: Counter[int] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    users: int = 0
    first_expiry: datetime | None = None
    last_expiry: datetime | None = None

    @property
    def is_welcome(self) -> bool:
        """Whether an import would take over all of it."""
        bad = self.refusal or self.unapproved or self.contrary_count or self.refused_count
        return not bad

    def note(self, found: Sorted) -> None:
        """Count one record."""
        self.records += 1
        match found:
            case RefusedRecord():
                self.refused_count += 1
                if len(self.refused) < _NAMED:
                    self.refused.append(found)
            case Contrary(delivered, why):
                self.contrary_count += 1
                if len(self.contrary) < _NAMED:
                    self.contrary.append(why)
                self._describe(delivered)
            case New(delivered, seed) | Held(delivered, seed):
                self.new += isinstance(found, New)
                self.held += isinstance(found, Held)
                self.seed_octets[seed.wrapped.length] += 1
                self._describe(delivered)

    def _describe(self, delivered: Delivered) -> None:
        device = delivered.device
        _count(self.makers, device.manufacturer)
        _count(self.models, device.model)
        _count(self.computing, device.parameters)
        if isinstance(delivered.token, Quarantined):
            _count(self.quarantined, delivered.token.reason)
        self.users += delivered.user is not None
        if device.not_after is not None:
            self.first_expiry = min(self.first_expiry or device.not_after, device.not_after)
            self.last_expiry = max(self.last_expiry or device.not_after, device.not_after)


@dataclass(frozen=True, slots=True)
class InspectFile:
    """Read a whole seed file as an import would, beside the vault, and change nothing."""

    vault: Vault
    keys: Keys
    intake: Intake
    clock: Clock
    require_fips: bool = False

    def __call__(self, path: Path, key: SeedFileKey, terms: Terms, actor: str) -> Findings:
        """Raises FileRefused for what keeps the file from being opened at all.

        What is wrong further on, with single records or with the file, is among the findings.
        """
        terms = replace(terms, skip_bad=True, dry_run=True)
        with self.intake.open(path, key, self.clock(), terms) as file:
            source = file.source
            findings = Findings(
                source.format, source.protection, source.signer, tuple(file.summary)
            )
            if self.require_fips:
                found = unapproved(file, key, terms, self.keys)
                findings.unapproved = tuple(map(str, found))
            try:
                self._read(file, terms, actor, findings)
            except FileRefused as refused:
                findings.refusal = refused.what
            findings.warnings = tuple(file.warnings)
            return findings

    def _read(self, file: OpenedSeedFile, terms: Terms, actor: str, findings: Findings) -> None:
        """Staged like a dry run, so that what stands twice in the file is found."""
        tier, now = self.keys.import_tier, self.clock()
        with (
            self.vault.stage(file.source, tier, actor, now, dry_run=True) as staging,
            self.keys.taking_from(file, terms) as taker,
        ):
            careful = CarefulTaker(taker) if self.require_fips else taker
            sorter = Sorter(careful, self.vault, skip_bad=True)
            for chunk in chunks(file):
                sorted_ = list(sorter.sort(chunk))
                for found in sorted_:
                    findings.note(found)
                staging.add([_arrival(each) for each in sorted_ if isinstance(each, New | Held)])


def _arrival(found: New | Held) -> Arrival:
    """To be compared and thrown away: it needs no seal, only the name of a key that is there."""
    token = NewToken(found.delivered.token, found.seed, Seal(b"", found.seed.fingerprint.key))
    return Arrival(token, found.delivered.line, isinstance(found, Held))


def _count(counter: Counter[Parameters] | Counter[str] | Counter[str | None], what: object) -> None:
    if what in counter or len(counter) < _LISTED:
        counter[what] += 1  # type: ignore[index]  # what each counter counts, its caller knows
