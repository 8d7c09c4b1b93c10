"""Seed files on disk: where `importers`, which knows no vault, meets the vault's tokens."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import importers
from seedvault.domain.batch import Source
from seedvault.domain.errors import FileRefused, InvalidInput, KeyNeeded
from seedvault.domain.names import Serial, legible
from seedvault.domain.oath import Digest, HotpParameters, Parameters, TotpParameters
from seedvault.domain.token import Device, Progress
from seedvault.intake.words import sentences
from seedvault.service.ports import (
    Delivered,
    DeliveredKey,
    DeliveredSeed,
    OpenedSeedFile,
    SeedFileKey,
)

_NOTHING_IMPORTED = "Nothing was imported."
_READ_SIZE = 1 << 20
_MAX_COUNTER = 2**62  # a token that has counted this far has not been pressed, but altered
_DIGESTS = {digest: Digest[digest.name] for digest in importers.Digest}


class SeedFiles:
    """The `Intake` port: opens seed files by path."""

    @contextmanager
    def open(self, path: Path, key: SeedFileKey, now: datetime) -> Iterator[OpenedSeedFile]:
        """The file is hashed before it is read and while it is: it must not change meanwhile."""
        with _refusals(path):
            stream = path.open("rb")
        with stream:
            with _refusals(path):
                opened = _opened(stream, path, key, now)
            with opened:
                yield opened


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    """Turn what reading a seed file can raise into FileRefused."""
    try:
        yield
    except importers.KeyMissing as error:
        raise KeyNeeded(
            f"{error.place}: {error.reason}",
            passphrase=error.passphrase,
            unchanged=_NOTHING_IMPORTED,
            remedy=error.remedy,
        ) from error
    except importers.ImporterError as error:
        raise FileRefused(
            f"{error.place}: {error.reason}", unchanged=_NOTHING_IMPORTED, remedy=error.remedy
        ) from error
    except OSError as error:
        raise FileRefused(
            f"{path}: {error.strerror or error}", unchanged=_NOTHING_IMPORTED
        ) from error


class _HashingReader:
    """A file that knows the SHA-256 of what was read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        octets = self._stream.read(size)
        self._hash.update(octets)
        return octets

    def digest(self) -> bytes:
        return self._hash.digest()


class OpenedFile:
    """The `OpenedSeedFile` port: one seed file, authenticated record by record as it is read."""

    def __init__(
        self, seed_file: importers.SeedFile, reader: _HashingReader, source: Source, now: datetime
    ) -> None:
        self.source = source
        self._file = seed_file
        self._reader = reader
        self._now = now

    def __enter__(self) -> "OpenedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def summary(self) -> Sequence[str]:
        macs = self._file.header.value_macs
        authenticated = f"value MACs {macs}" if macs else "no value MACs"
        return (
            f"{self.source.format} · {self.source.protection} · {authenticated}",
            "no signature is verified: serials and parameters are not authenticated",
        )

    @property
    def position(self) -> int:
        return self._file.position

    @property
    def warnings(self) -> Sequence[str]:
        return sentences(self._file.warnings)

    @property
    def transport_key(self) -> DeliveredKey | None:
        key = self._file.transport_key
        return None if key is None else DeliveredKey(key)

    def __iter__(self) -> Iterator[Delivered]:
        with _refusals(Path(self.source.file_name)):
            for record in self._file:
                yield self._delivered(record)
        if self._reader.digest() != self.source.sha256:
            raise FileRefused(
                f"{self.source.file_name} changed while it was read", unchanged=_NOTHING_IMPORTED
            )

    def _delivered(self, record: importers.SeedRecord) -> Delivered:
        line = record.provenance.line
        try:
            _check_policy(record)
            device = Device(
                Serial(record.serial),
                _parameters(record),
                record.manufacturer,
                record.model,
                record.not_before,
                record.not_after,
            )
        except InvalidInput as error:
            raise FileRefused(
                f"{self.source.file_name}, line {line}: {error.what}", unchanged=_NOTHING_IMPORTED
            ) from error
        start = _start(record.parameters, self._now)
        return Delivered(device, start, DeliveredSeed(record.seed), line)


def _opened(stream: BinaryIO, path: Path, key: SeedFileKey, now: datetime) -> OpenedFile:
    name = legible(path.name)
    sha256 = _HashingReader(stream)
    while sha256.read(_READ_SIZE):
        pass
    stream.seek(0)
    reader = _HashingReader(stream)
    seed_file = importers.open_seed_file(reader, _unlock(key), name=name)
    header = seed_file.header
    source = Source(name, sha256.digest(), header.format, _words(header.protection))
    return OpenedFile(seed_file, reader, source, now)


def _words(protection: importers.Protection) -> str:
    match protection:
        case importers.Plain():
            return "seeds in the clear"
        case importers.UnderPreSharedKey(cipher, key_name):
            named = f' "{key_name}"' if key_name else ""
            return f"{cipher} under the pre-shared key{named}"
        case importers.UnderCertificate(cipher, key_name, certificate):
            return f"{cipher} for the private key of {certificate or key_name or 'no name'}"
        case importers.UnderPassphrase(cipher=cipher, prf=prf, iterations=iterations):
            return f"{cipher} under a passphrase (PBKDF2, {prf}, {iterations} iterations)"


def _unlock(key: SeedFileKey) -> importers.Unlock | None:
    if key.passphrase is not None:
        return importers.Passphrase(key.passphrase)
    if key.key_file is not None:
        return importers.read_key_file(key.key_file)
    return None


def _parameters(record: importers.SeedRecord) -> Parameters:
    parameters = record.parameters
    match parameters:
        case importers.HotpParameters(digest, digits, counter):
            if counter > _MAX_COUNTER:
                raise InvalidInput(f"the Counter of {record.serial} leaves no room to count on")
            return HotpParameters(_DIGESTS[digest], digits)
        case importers.TotpParameters(digest, digits, step_s, time_steps, t0_s=t0_s):
            if time_steps:
                # RFC 6030 section 4.3.5 counts Time from T0; nobody was seen to deliver another.
                raise InvalidInput(
                    f"the Time of {record.serial} is {time_steps} steps; only 0 is understood"
                )
            return TotpParameters(_DIGESTS[digest], digits, step_s, t0_s)
    raise InvalidInput(f"{record.serial} is neither an HOTP nor a TOTP token")


def _check_policy(record: importers.SeedRecord) -> None:
    """Refuse a policy that would not be enforced: none is dropped (RFC 6030 section 5)."""
    policy = record.policy
    if policy is None:
        return
    reason = policy.forbids
    if policy.max_transactions is not None:
        reason = reason or "its policy limits how often it may be used, which is not counted here"
    if policy.pin is not None and policy.pin.usage is not importers.PinUsage.LOCAL:
        reason = reason or "its policy asks for a PIN with the code, which is not checked here"
    if reason is not None:
        raise InvalidInput(f"{record.serial} cannot be used: {reason}")


def _start(parameters: importers.Parameters, now: datetime) -> Progress:
    """Where verification begins: the file's counter, or the file's clock drift."""
    match parameters:
        case importers.HotpParameters(counter=counter):
            return Progress(next_factor=counter, synchronised_at=now)
        case importers.TotpParameters(drift_steps=drift_steps):
            return Progress(next_factor=0, synchronised_at=now, drift_steps=drift_steps)
    return Progress(next_factor=0, synchronised_at=now)
