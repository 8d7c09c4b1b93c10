"""Seed files in memory, which the `Intake` port opens by name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from seedvault.domain.batch import Source
from seedvault.domain.errors import FileRefused
from seedvault.domain.fips import Protected
from seedvault.service.ports import StoredToken
from seedvault.service.seed_files import (
    NO_TERMS,
    Delivered,
    DeliveredKey,
    HandedOnSeed,
    OpenedSeedFile,
    RefusedRecord,
    SeedFileKey,
    Terms,
)


@dataclass(slots=True)
class FakeSeedFile:
    """The `OpenedSeedFile` port. An exception among the `records` is raised in its turn."""

    source: Source
    records: Sequence[Delivered | RefusedRecord | BaseException]
    warnings: Sequence[str] = ()
    summary: Sequence[str] = ("fake seeds",)
    transport_key: DeliveredKey | None = None
    authenticated: bool = True
    protected: Protected = field(default_factory=lambda: Protected("AES-128-CBC", "HMAC-SHA1"))
    position: int = field(default=0, init=False)

    def __iter__(self) -> Iterator[Delivered | RefusedRecord]:
        for record in self.records:
            if isinstance(record, BaseException):
                raise record
            self.position += 100
            yield record


@dataclass(frozen=True, slots=True)
class FakeIntake:
    """The `Intake` port over the files it was given, by name."""

    files: Mapping[str, FakeSeedFile]

    @contextmanager
    def open(
        self, path: Path, key: SeedFileKey, now: datetime, terms: Terms = NO_TERMS
    ) -> Iterator[OpenedSeedFile]:
        if path.name not in self.files:
            raise FileRefused(f"{path.name}: no such file")
        yield self.files[path.name]


class FakeHandler:
    """The `Handler` port: what it hands on is the seed, turned round."""

    mac_key = b"mac key"

    def __init__(self, seed_of: Callable[[StoredToken], bytes]) -> None:
        self._seed_of = seed_of

    def hand_on(self, stored: StoredToken) -> HandedOnSeed:
        return HandedOnSeed(self._seed_of(stored)[::-1], b"mac")


def no_held_key(label: str, cipher: str, value: bytes) -> bytes:
    """The `Keys` port's `decrypt_mac_key`, where there is no such key."""
    raise ValueError(f"{label} is no key of a fake")
