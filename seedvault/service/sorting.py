"""What a record of a seed file is to the vault: new, held already, in conflict, or refused."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from seedvault.domain.errors import FileRefused, ModuleLacks, SeedDamaged
from seedvault.service.ports import SeedTaker, TakenSeed, Vault
from seedvault.service.seed_files import Delivered, RefusedRecord

CHUNK = 1_000
"""Records looked at, and written, at a time: bounds memory and what a crash leaves behind."""

_WRONG_KEY = 10  # seeds that do not decrypt, before that is said of the key


@dataclass(frozen=True, slots=True)
class New:
    """A token whose serial and seed the vault does not know."""

    delivered: Delivered
    seed: TakenSeed


@dataclass(frozen=True, slots=True)
class Held:
    """A token that the vault holds already, with this very seed."""

    delivered: Delivered
    seed: TakenSeed


@dataclass(frozen=True, slots=True)
class Contrary:
    """A record that contradicts the vault; `why` names serial and line."""

    delivered: Delivered
    why: str


Sorted = New | Held | Contrary | RefusedRecord


def chunks(
    file: Iterable[Delivered | RefusedRecord],
) -> Iterator[list[Delivered | RefusedRecord]]:
    """The file in lists of at most `CHUNK` records."""
    records = iter(file)
    while chunk := list(islice(records, CHUNK)):
        yield chunk


@dataclass(slots=True)
class Sorter:
    """Takes over the seeds of one file, and sorts its records by what the vault holds.

    A seed that cannot be taken over is a refused record if bad ones are skipped, else raised.
    """

    taker: SeedTaker
    vault: Vault
    skip_bad: bool
    _taken: int = 0
    _damaged: int = 0

    def sort(self, chunk: list[Delivered | RefusedRecord]) -> Iterator[Sorted]:
        """What each record is.

        Raises FileRefused where so many seeds do not decrypt that the key must be another file's:
        ten of them and none that does, or more than one in a hundred.
        """
        taken: list[tuple[Delivered, TakenSeed]] = []
        for record in chunk:
            if isinstance(record, RefusedRecord):
                yield record
                continue
            try:
                taken.append((record, self.taker.take(record.seed, record.device)))
                self._taken += 1
            except FileRefused as error:
                if not self.skip_bad or isinstance(error, ModuleLacks):
                    raise
                self._note(error)
                yield RefusedRecord(str(record.device.serial), record.line, error.what)
        yield from _beside(taken, self.vault)

    def _note(self, error: FileRefused) -> None:
        self._damaged += isinstance(error, SeedDamaged)
        enough = self._damaged >= _WRONG_KEY
        if enough and (not self._taken or self._damaged * 100 > self._taken + self._damaged):
            raise FileRefused(
                f"{self._damaged} of the first {self._taken + self._damaged} encrypted seeds do "
                "not decrypt: the key given is another file's",
                unchanged="Nothing was imported.",
                remedy="Check the key against the letter that came with the file.",
            ) from error


def _beside(taken: list[tuple[Delivered, TakenSeed]], vault: Vault) -> Iterator[Sorted]:
    held = vault.held(
        [delivered.device.serial for delivered, _ in taken],
        [seed.fingerprint.octets for _, seed in taken],
    )
    by_serial = {token.serial: token for token in held}
    by_seed = {token.fingerprint: token.serial for token in held}
    for delivered, seed in taken:
        device = delivered.device
        known = by_serial.get(device.serial)
        if known is None and seed.fingerprint.octets not in by_seed:
            yield New(delivered, seed)
        elif known is None:
            yield _contrary(delivered, f"has the seed of {by_seed[seed.fingerprint.octets]}")
        elif known.fingerprint != seed.fingerprint.octets:
            yield _contrary(delivered, "is held with another seed")
        elif known.parameters != device.parameters:
            yield _contrary(delivered, "is held with this seed and computes otherwise")
        else:
            yield Held(delivered, seed)


def _contrary(delivered: Delivered, what: str) -> Contrary:
    return Contrary(delivered, f"{delivered.device.serial} (line {delivered.line}) {what}")
