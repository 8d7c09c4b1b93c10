"""What a vault that was put back to an earlier state must do before a code is accepted again.

Codes that were accepted since the backup stand in no restored row. What is known of them, the
exported audit log says; against what nobody knows, floors are raised, and single codes held back.
docs/explanation/restore.md goes through the cases.
"""

from dataclasses import replace
from datetime import datetime
from enum import Enum

from seedvault.domain import verification, window
from seedvault.domain.oath import HotpParameters, KeptParameters, TotpParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.policy import Policy
from seedvault.domain.token import Bound, Device, InStock, Progress, Suspended, Token


class Coverage(Enum):
    """What is known of the codes that were accepted since the backup, in the words of records."""

    ALL = "every code that was accepted is known"
    UP_TO_A_CHECKPOINT = "codes accepted after the last checkpoint of the export are not known"
    NOTHING = "codes accepted since the backup are not known"


def spent_since(device: Device, progress: Progress, factor: int, at: datetime) -> Progress:
    """The progress once a code is known to have been accepted: as it was made at that moment."""
    if factor < progress.next_factor:
        return progress
    return verification.accept(device, progress, factor, at)[0]


def put_back(token: Token, now: datetime, policy: Policy, coverage: Coverage) -> Progress:
    """The progress from which a restored token goes on; it never goes back.

    A code accepted at any time before `now` stood in the window of that time, and so below the end
    of the window of `now`: there is a time-based token's floor. A counter tells no time: where a
    code may have been accepted that nobody knows of, two consecutive ones must be shown. So must
    a time-based token's where even a resynchronisation would not be known, for that moves windows.
    """
    if not isinstance(token, InStock | Bound | Suspended):
        return token.progress  # it never verifies again
    progress, counting = token.progress, token.device.parameters
    match counting:
        case OcraParameters() | KeptParameters():
            # A response is to a challenge, and those of before the restore are answered no more.
            return progress
        case TotpParameters():
            half = window.half_width(progress, now, policy)
            floor = counting.step_at(now) + progress.drift_steps + half + 1
            doubted = coverage is Coverage.NOTHING
        case HotpParameters():
            floor, doubted = 0, coverage is not Coverage.ALL
    return replace(
        progress,
        next_factor=max(progress.next_factor, floor),
        must_resync=progress.must_resync or doubted,
    )
