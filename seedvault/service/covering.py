"""Checkpoints as they are written in passing: with their copies, and without getting in the way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seedvault.domain.checkpoint import AT_ONCE, USUAL, Pace, SignedCheckpoint
from seedvault.domain.errors import Conflict, SeedvaultError
from seedvault.service.audit_export import CopyToSyslog, ExportAudit
from seedvault.service.checkpoints import WriteCheckpoint

Copy = Callable[[SignedCheckpoint], str | None]
"""Brings what a new checkpoint covers somewhere; what there is to remark, or None."""

Remark = Callable[[str], None]
"""Told what did not go as it should, and spoils nothing."""


@dataclass(frozen=True, slots=True)
class CoverLog:
    """A checkpoint, and its copies. A copy that fails is remarked on: the log itself is whole."""

    write: WriteCheckpoint
    copies: Sequence[Copy]
    remark: Remark

    def __call__(self, pace: Pace = USUAL) -> SignedCheckpoint | None:
        """The checkpoint; None where none was due. Raises as `WriteCheckpoint` does."""
        signed = self.write(pace)
        if signed is not None:
            for copy in self.copies:
                said = _tried(copy, signed)
                if said:
                    self.remark(said)
        return signed

    def in_passing(self) -> None:
        """The same for the end of something that was done: whatever happens is a remark at most.

        A key or a vault that was replaced meanwhile is none: the next checkpoint covers it all.
        """
        try:
            self()
        except Conflict:
            return
        except SeedvaultError as error:
            self.remark(f"no checkpoint was written over the audit log: {error.what}")


@dataclass(frozen=True, slots=True)
class FollowLog:
    """Cover the log as it grows, until told to end; then once more, so that nothing is left."""

    cover: CoverLog
    pause: Callable[[], bool]
    """Waits a moment; whether to go on."""

    def __call__(self) -> bool:
        """False where the vault has to be opened anew: its keys, or all of it, were replaced."""
        said = ""
        going_on = True
        while going_on:
            going_on = self.pause()
            try:
                self.cover(USUAL if going_on else AT_ONCE)
                said = ""
            except Conflict:
                return not going_on
            except SeedvaultError as error:
                if error.what != said:  # once, however long it lasts
                    said = error.what
                    self.cover.remark(f"no checkpoint is written over the audit log: {said}")
        return True


def to_file(export: ExportAudit) -> Copy:
    """Continues the exported file."""

    def copy(_: SignedCheckpoint) -> str | None:
        behind = export.in_passing()
        if not behind:
            return None
        return f"the audit export is {behind} events behind; to write them: seedvault audit export"

    return copy


def to_syslog(send: CopyToSyslog) -> Copy:
    """Sends what the checkpoint covers."""

    def copy(signed: SignedCheckpoint) -> str | None:
        if send(signed):
            return None
        number = signed.checkpoint.number
        return f"checkpoint {number} covers too much for syslog: see the audit export"

    return copy


def _tried(copy: Copy, signed: SignedCheckpoint) -> str | None:
    try:
        return copy(signed)
    except SeedvaultError as error:
        return "\n".join(filter(None, (error.what, error.remedy)))
