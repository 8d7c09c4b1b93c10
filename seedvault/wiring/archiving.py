"""Backing a vault up: the use case with what it needs."""

# ruff: noqa: PLC0415 - adapters are imported when they are first used

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from seedvault.domain.errors import InvalidInput
from seedvault.service.backup import BackUp
from seedvault.wiring.clock import system_clock

if TYPE_CHECKING:
    from seedvault.archive import Recipients
    from seedvault.wiring import Application


def recipients(keys: Iterable[str], files: Iterable[Path]) -> "Recipients":
    """Public keys as they were given, and those in files, one a line. Raises InvalidInput."""
    from seedvault.archive import recipients_in, recipients_of

    try:
        listed = [key for file in files for key in recipients_in(file.read_text("utf-8"))]
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"a file of recipients cannot be read: {error}") from error
    return recipients_of([*keys, *listed])


def back_up(application: "Application", to: "Recipients") -> BackUp:
    """Of an open vault, to files that only `to` can open."""
    from seedvault.archive import BackupFiles

    return BackUp(application.vault, application.record_signer, BackupFiles(to), system_clock)
