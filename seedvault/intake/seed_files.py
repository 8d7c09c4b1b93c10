"""Seed files on disk: where `importers`, which knows no vault, meets the vault's tokens."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import importers
from seedvault.domain.batch import Source
from seedvault.domain.errors import FileRefused, InvalidInput
from seedvault.domain.names import Serial
from seedvault.domain.oath import Digest, HotpParameters, Parameters, TotpParameters
from seedvault.domain.token import Device, Progress
from seedvault.service.ports import Delivered, DeliveredKey, DeliveredSeed, SeedFileKey

_NOTHING_IMPORTED = "Nothing was imported."
_READ_SIZE = 1 << 20
_DIGESTS = {digest.name: digest for digest in Digest}


class SeedFiles:
    """The `Intake` port: opens seed files by path."""

    @contextmanager
    def open(self, path: Path, key: SeedFileKey, now: datetime) -> Iterator["OpenedFile"]:
        """The file's octets are hashed before and while they are read: it must not change."""
        try:
            with path.open("rb") as stream:
                yield _opened(stream, path.name, key, now)
        except OSError as error:
            raise FileRefused(
                f"{path}: {error.strerror or error}", unchanged=_NOTHING_IMPORTED
            ) from error


class OpenedFile:
    """One seed file, authenticated record by record while it is read."""

    def __init__(self, seed_file: importers.SeedFile, source: Source, now: datetime) -> None:
        self.source = source
        self._file = seed_file
        self._now = now
