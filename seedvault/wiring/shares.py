"""The recovery key's shares on their way to the custodians: a new file for each."""

# ruff: noqa: PLC0415 - adapters are imported when they are first used

import os
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seedvault.domain.errors import Conflict, InvalidInput, StorageUnavailable

if TYPE_CHECKING:
    import hsm

RECOVERY_SHARE = "recovery-share"
"""Where the one share goes that is made unless others are asked for; it belongs elsewhere."""


# Lines that begin with # are for people; what reads a share passes over them.
_SHARE = """\
# Seedvault: share {0} of {1} of a recovery key ({2}, set {3}), 33 words (SLIP-0039).
# It helps to bring back every key of a vault. Keep it apart from the others and from the vault.
{4}"""


@dataclass(frozen=True, slots=True)
class SharePlan:
    """Where the shares of the recovery key go, a file each, and how many bring the key back."""

    needed: int
    files: tuple[Path, ...]

    def __str__(self) -> str:
        return f"{self.needed}-of-{len(self.files)}"


def check_shares(shares: SharePlan | None, home: Path | None = None) -> None:
    """Raises InvalidInput for an impossible plan, Conflict where a file is there already.

    The vault's `home` may be made later; every other directory must be there.
    """
    import hsm

    if shares is None:
        return
    try:
        hsm.Quorum(shares.needed, len(shares.files))
    except hsm.Policy as error:
        raise InvalidInput(str(error)) from error
    for file in shares.files:
        if file.parent != home and not file.parent.is_dir():
            raise StorageUnavailable(
                f"{file}: there is no directory {file.parent} to write the share to",
                remedy="Make it first, or name another place for this share.",
            )
        if file.exists() or shares.files.count(file) > 1:
            raise Conflict(
                f"{file}: there is a file already, or two shares would go there",
                remedy="Name a new file for each share, best on a medium of each custodian's own.",
            )


def write_shares(plan: SharePlan, undo: ExitStack) -> "hsm.RecoveryKey":
    """A new recovery key; its shares are written before anything depends on them."""
    import hsm

    quorum = hsm.Quorum(plan.needed, len(plan.files))
    recovery, shares = hsm.RecoveryKey.generate(quorum, secrets.token_bytes)
    undo.callback(recovery.wipe)
    for number, (file, share) in enumerate(zip(plan.files, shares, strict=True), 1):
        write_secret(file, _SHARE.format(number, len(shares), plan, recovery.set_id, share))
        undo.callback(file.unlink)
    return recovery


def write_secret(path: Path, text: str) -> None:
    """A new file that this user alone may read. Raises OSError where there is one already."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(text + "\n")
