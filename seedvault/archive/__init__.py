"""Backups as files: lines of JSON, compressed, encrypted to public keys by age."""

from seedvault.archive.age import Recipients, identities_of, recipients_in, recipients_of
from seedvault.archive.reading import BackupFile
from seedvault.archive.writing import BackupFiles

__all__ = [
    "BackupFile",
    "BackupFiles",
    "Recipients",
    "identities_of",
    "recipients_in",
    "recipients_of",
]
