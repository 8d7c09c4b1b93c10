"""Seed files on disk: where `importers`, which knows no vault, meets the vault's tokens."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import importers
from seedvault.domain.batch import Source
from seedvault.domain.errors import FileRefused, InvalidInput, KeyNeeded
from seedvault.domain.fips import Protected
from seedvault.domain.names import legible
from seedvault.intake.records import check_said, delivered
from seedvault.intake.words import protected, protection_words, sentences
from seedvault.service.seed_files import (
    NO_TERMS,
    Delivered,
    DeliveredKey,
    OpenedSeedFile,
    RefusedRecord,
    SeedFileKey,
    Terms,
)

_NOTHING_IMPORTED = "Nothing was imported."
_READ_SIZE = 1 << 20
_PEM = b"-----BEGIN"


class SeedFiles:
    """The `Intake` port: opens seed files by path."""

    @contextmanager
    def open(
        self, path: Path, key: SeedFileKey, now: datetime, terms: Terms = NO_TERMS
    ) -> Iterator[OpenedSeedFile]:
        """The file is hashed before it is read and while it is: it must not change meanwhile."""
        with ExitStack() as held:
            with _refusals(path):
                stream = held.enter_context(path.open("rb"))
                opened = _Opening(path, key, terms, now).read(stream, held)
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
    """A file that must be what it was when it was hashed, at the end of reading."""

    def __init__(self, stream: BinaryIO, sha256: bytes) -> None:
        self._stream = stream
        self._expected = sha256
        self._hash = hashlib.sha256()

    @property
    def unchanged(self) -> bool:
        """Whether all that was read, to the end, is what was hashed before."""
        return self._hash.digest() == self._expected

    def read(self, size: int = -1) -> bytes:
        octets = self._stream.read(size)
        self._hash.update(octets)
        return octets

    def seek(self, offset: int) -> int:
        """Begin anew: what a signature covers is read more than once."""
        self._hash = hashlib.sha256()
        return self._stream.seek(offset)


class OpenedFile:
    """The `OpenedSeedFile` port: one seed file, authenticated record by record as it is read."""

    def __init__(
        self,
        seed_file: importers.SeedFile,
        reader: _HashingReader,
        source: Source,
        opening: "_Opening",
    ) -> None:
        self.source = source
        self._file = seed_file
        self._reader = reader
        self._opening = opening
        self._said = opening.said
        self._pins = 0
        self._refused: list[RefusedRecord] = []
        if opening.terms.skip_bad:
            seed_file.on_refusal = self._refuse

    @property
    def summary(self) -> Sequence[str]:
        macs = self._file.header.value_macs
        authenticated = f"value MACs {macs}" if macs else "no value MACs"
        return (
            f"{self.source.format} · {self.source.protection} · {authenticated}",
            f"signed by {self.source.signer}"
            if self.source.signer
            else "no signature is verified: serials and parameters are not authenticated",
        )

    @property
    def protected(self) -> Protected:
        return protected(self._file.header)

    @property
    def position(self) -> int:
        return self._file.position

    @property
    def warnings(self) -> Sequence[str]:
        pins = [f"pins ({self._pins}): PINs are not verified here and were left out"]
        return sentences(self._file.warnings) + (pins if self._pins else [])

    @property
    def authenticated(self) -> bool:
        return self._file.header.value_macs is not None or self.source.signer is not None

    @property
    def transport_key(self) -> DeliveredKey | None:
        key = self._file.transport_key
        return None if key is None else DeliveredKey(key)

    def __iter__(self) -> Iterator[Delivered | RefusedRecord]:
        with _refusals(Path(self.source.file_name)):
            for record in self._file:
                if self._refused:
                    yield from self._passed_over()
                if isinstance(record.parameters, importers.PinParameters):
                    self._pins += 1
                else:
                    yield self._delivered(record)
            yield from self._passed_over()
        if not self._reader.unchanged:
            raise _changed(self.source.file_name)

    def _delivered(self, record: importers.SeedRecord) -> Delivered | RefusedRecord:
        line = record.provenance.line
        try:
            if self._said:
                check_said(record, self._opening.terms)
            return delivered(record, self._opening.now)
        except InvalidInput as error:
            if self._opening.terms.skip_bad:
                return RefusedRecord(record.serial, line, error.what)
            raise FileRefused(
                f"{self.source.file_name}, line {line}: {error.what}", unchanged=_NOTHING_IMPORTED
            ) from error

    def _passed_over(self) -> list[RefusedRecord]:
        """What the reader left out since it was asked last."""
        refused, self._refused = self._refused, []
        return refused

    def _refuse(self, error: importers.ImporterError) -> None:
        self._refused.append(RefusedRecord(error.serial, error.line, error.reason))


@dataclass(frozen=True, slots=True)
class _Opening:
    """One file about to be opened, with all that the operator said of it."""

    path: Path
    key: SeedFileKey
    terms: Terms
    now: datetime

    @property
    def said(self) -> bool:
        """Whether the operator says how the tokens compute, so that files must agree."""
        terms = self.terms
        return any((terms.kind, terms.digest, terms.digits, terms.step_s))

    def read(self, stream: BinaryIO, held: ExitStack) -> OpenedFile:
        """The file, opened for as long as `held` lasts."""
        name = legible(self.path.name)
        sha256 = _sha256(stream)
        content = self._unwrapped(stream, name, sha256, held) if self.terms.unwrap else stream
        reader = _HashingReader(content, sha256 if content is stream else _sha256(content))
        seed_file = held.enter_context(
            importers.open_seed_file(
                reader, _unlock(self.key), name=name, instructions=_instructions(self.terms)
            )
        )
        header = seed_file.header
        source = Source(
            name,
            sha256,
            header.format,
            protection_words(header.protection),
            seed_file.signer,
            self.key.held.label if self.key.held else None,
        )
        return OpenedFile(seed_file, reader, source, self)

    def _unwrapped(self, stream: BinaryIO, name: str, sha256: bytes, held: ExitStack) -> BinaryIO:
        """What is in the container, in memory. It must not change while it is unpacked."""
        content = held.enter_context(importers.unwrap(stream, name, _container_unlock(self.key)))
        if _sha256(stream) != sha256:
            raise _changed(name)
        return content


def _sha256(stream: BinaryIO) -> bytes:
    """The hash of all of it; it stands at its beginning afterwards."""
    stream.seek(0)
    found = hashlib.sha256()
    while octets := stream.read(_READ_SIZE):
        found.update(octets)
    stream.seek(0)
    return found.digest()


def _changed(name: str) -> FileRefused:
    return FileRefused(f"{name} changed while it was read", unchanged=_NOTHING_IMPORTED)


def _instructions(terms: Terms) -> importers.Instructions:
    return importers.Instructions(
        format=terms.format,
        kind=None if terms.kind is None else importers.Kind(terms.kind),
        digest=None if terms.digest is None else importers.Digest[terms.digest.name],
        digits=terms.digits,
        step_s=terms.step_s,
        encoding=None if terms.encoding is None else importers.Encoding(terms.encoding),
        skip_bad=terms.skip_bad,
        allow_unauthenticated=terms.allow_unauthenticated,
        allow_short=terms.allow_short,
        legacy_macs=terms.legacy_macs,
        cipher=terms.cipher,
        signed_by=terms.signed_by,
    )


def _unlock(key: SeedFileKey) -> importers.Unlock | None:
    held = key.held
    if held is not None:
        return importers.HeldKey(held.label, lambda cipher, value: held.decrypt(cipher.name, value))
    if key.key_file is not None and _PEM in key.key_file:
        passphrase = None if key.passphrase is None else importers.Passphrase(key.passphrase)
        return importers.read_private_key(key.key_file, passphrase)
    if key.passphrase is not None:
        return importers.Passphrase(key.passphrase)
    if key.key_file is not None:
        return importers.read_key_file(key.key_file)
    return None


def _container_unlock(key: SeedFileKey) -> importers.ContainerUnlock:
    passphrase, pgp_key = key.container_passphrase, key.pgp_key
    return importers.ContainerUnlock(
        None if passphrase is None else importers.Passphrase(passphrase),
        None if pgp_key is None else importers.PgpKey(pgp_key),
    )
