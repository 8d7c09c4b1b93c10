"""What a vault that was put back to an earlier state must do before a code is accepted again.

Codes that were accepted since the backup stand in no restored row. What is known of them, the
exported audit log says; against what nobody knows, floors are raised, and single codes held back.
docs/explanation/restore.md goes through the cases.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import Enum

from seedvault.domain import response, verification, window
from seedvault.domain.oath import HotpParameters, TotpParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.policy import Policy
from seedvault.domain.token import Bound, Device, InStock, Progress, Suspended, Token


class Coverage(Enum):
    """What is known of the codes that were accepted since the backup, in the words of records."""

    ALL = "every code that was accepted is known"
    UP_TO_A_CHECKPOINT = "codes accepted after the last checkpoint of the export are not known"
    NOTHING = "codes accepted since the backup are not known"


def spent_since(device: Device, progress: Progress, factor: int, at: datetime) -> Progress:
    """The progress once a code, or a response, is known to have been accepted at that moment."""
    if factor < progress.next_factor:
        return progress
    if isinstance(device.parameters, OcraParameters):
        return response.spent(device.parameters.inputs, progress, factor, at)
    return verification.accept(device, progress, factor, at)[0]


def put_back(
    token: Token, now: datetime, policies: Sequence[Policy], coverage: Coverage
) -> Progress:
    """The progress from which a restored token goes on; it never goes back.

    `policies` are those by which codes may have been accepted since.

    A code accepted at any time before `now` stood in the window of that time, and so below the end
    of the window of `now`: there is a time-based token's floor. A counter tells no time: where a
    code may have been accepted that nobody knows of, two consecutive ones must be shown. So must
    a time-based token's where even a resynchronisation would not be known, for that moves windows.
    A response is to a fresh challenge, and those of before the restore count no more.
    """
    progress = token.progress
    if not isinstance(token, InStock | Bound | Suspended):
        return progress  # it never verifies again
    match token.device.parameters:
        case TotpParameters() as counting:
            step = counting.step_at(now)
            floor = max(window.around(step, progress, now, each).stop for each in policies)
            doubted = coverage is Coverage.NOTHING
        case HotpParameters():
            floor, doubted = 0, coverage is not Coverage.ALL
        case _:
            return progress
    return replace(
        progress,
        next_factor=max(progress.next_factor, floor),
        must_resync=progress.must_resync or doubted,
        stray=None,
    )
