"""Where the records of ceremonies are kept: a text to print, the signed JSON, its signature."""

import os
from dataclasses import dataclass
from errno import EACCES, EEXIST
from itertools import count
from pathlib import Path

import click

from seedvault.cli.options import F, Session
from seedvault.cli.public_keys import pem
from seedvault.domain.errors import NOTHING_CHANGED, StorageUnavailable
from seedvault.service.records import SignedRecord

_FOLDER = "ceremonies"
_DONE = "What the ceremony did is done, and on the audit log; only its written record is missing."


def record_option(command: F) -> F:
    """`--record`: where the ceremony's written record goes."""
    return click.option(
        "--record",
        "records",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Where the written record goes; default: ceremonies in the vault's home.",
    )(command)


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """The files that a record was written to, and the public key that verifies it."""

    text: Path
    document: Path
    signature: Path
    public_key: Path

    @property
    def fields(self) -> dict[str, object]:
        """For a document."""
        return {
            "text": str(self.text),
            "json": str(self.document),
            "signature": str(self.signature),
            "public_key": str(self.public_key),
        }


class RecordFolder:
    """A folder that takes records; found out to be writable before the ceremony begins."""

    def __init__(self, session: Session, chosen: Path | None) -> None:
        """Raises StorageUnavailable where nothing can be written there. It is made when needed."""
        self.path = (chosen or session.home / _FOLDER).absolute()
        present = self.path if self.path.exists() else self.path.parent
        if not (present.is_dir() and os.access(present, os.W_OK | os.X_OK)):
            raise self._failure(PermissionError(EACCES, os.strerror(EACCES)), NOTHING_CHANGED)

    def keep(self, signed: SignedRecord) -> KeptRecord:
        """Write the record's files, none in the place of another. Raises StorageUnavailable."""
        try:
            self.path.mkdir(mode=0o700, exist_ok=True)
            key = self._key_file(signed)
            stem = self._free_stem(signed.record.file_stem)
            kept = KeptRecord(
                self.path / f"{stem}.txt",
                self.path / f"{stem}.json",
                self.path / f"{stem}.json.sig",
                key,
            )
            _write(kept.document, signed.document)
            _write(kept.signature, signed.signature)
            _write(kept.text, signed.text(stem, key.name).encode())
        except OSError as error:
            raise self._failure(error, _DONE) from error
        return kept

    def _key_file(self, signed: SignedRecord) -> Path:
        """The public key's file; by another name where another vault's key has the place."""
        octets = pem(signed.public_key)
        for name in (f"{signed.signer.name}.pem", f"{signed.signer.public_key_sha256[:16]}.pem"):
            path = self.path / name
            if not path.exists():
                _write(path, octets)
            if path.read_bytes() == octets:
                return path
        raise FileExistsError(EEXIST, "another public key is in it", str(path))

    def _free_stem(self, stem: str) -> str:
        tried = (stem if number == 1 else f"{stem}-{number}" for number in count(1))
        return next(one for one in tried if not (self.path / f"{one}.json").exists())

    def _failure(self, error: OSError, unchanged: str) -> StorageUnavailable:
        return StorageUnavailable(
            f"{error.filename or self.path}: no record can be written: {error.strerror or error}",
            unchanged=unchanged,
            remedy="Name a folder that is there and writable: --record DIR",
        )


def _write(path: Path, octets: bytes) -> None:
    """A new file, on the disk before this returns."""
    with path.open("xb") as stream:
        stream.write(octets)
        stream.flush()
        os.fsync(stream.fileno())
