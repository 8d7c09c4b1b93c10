"""What a record of a seed file is to the vault: new, held already, in conflict, or refused."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from seedvault.domain.errors import FileRefused
from seedvault.domain.names import Serial
from seedvault.service.ports import Delivered, RefusedRecord, SeedTaker, TakenSeed, Vault

CHUNK = 1_000
"""Records looked at, and written, at a time: bounds memory and what a crash leaves behind."""


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


def sort(
    chunk: list[Delivered | RefusedRecord], taker: SeedTaker, vault: Vault, *, skip_bad: bool
) -> Iterator[Sorted]:
    """Each record with its seed taken over, beside what the vault holds.

    A seed that cannot be taken over is a refused record if bad ones are skipped, else raised.
    """
    taken: list[tuple[Delivered, TakenSeed]] = []
    for record in chunk:
        if isinstance(record, RefusedRecord):
            yield record
            continue
        try:
            taken.append((record, taker.take(record.seed, record.device)))
        except FileRefused as error:
            if not skip_bad:
                raise
            yield RefusedRecord(str(record.device.serial), record.line, error.what)
    yield from _beside(taken, vault)


def _beside(taken: list[tuple[Delivered, TakenSeed]], vault: Vault) -> Iterator[Sorted]:
    held = vault.held(
        [delivered.device.serial for delivered, _ in taken], [seed.fingerprint for _, seed in taken]
    )
    by_serial = {token.serial: token.fingerprint for token in held}
    by_seed = {token.fingerprint: token.serial for token in held}
    for delivered, seed in taken:
        serial = delivered.device.serial
        if by_serial.get(serial) == seed.fingerprint:
            yield Held(delivered, seed)
        elif serial in by_serial:
            yield _contrary(delivered, serial, "is held with another seed")
        elif seed.fingerprint in by_seed:
            yield _contrary(delivered, serial, f"has the seed of {by_seed[seed.fingerprint]}")
        else:
            yield New(delivered, seed)


def _contrary(delivered: Delivered, serial: Serial, what: str) -> Contrary:
    return Contrary(delivered, f"{serial} (line {delivered.line}) {what}")
