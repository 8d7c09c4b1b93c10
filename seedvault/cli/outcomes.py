"""How a decision about a code is put into words for staff."""

from seedvault.cli import output
from seedvault.domain.names import Serial
from seedvault.domain.oath import Counting, HotpParameters, TotpParameters
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected

_HINTS = {
    Reason.NO_MATCH: "if the token has drifted: seedvault token resync {serial}",
    Reason.NOT_BOUND: "give it to someone: seedvault token assign {serial} USER",
    Reason.QUARANTINED: "why: seedvault token show {serial}; give its holder another token",
    Reason.SUSPENDED: "once its holder is known: seedvault token resume {serial} --reason WHY",
    Reason.REVOKED: "nothing undoes it; give its holder another token",
    Reason.RETIRED: "nothing undoes it; give its holder another token",
    Reason.USED_UP: "its maker allows no more uses; give its holder another token",
    Reason.NEEDS_RESYNC: "take two consecutive codes: seedvault token resync {serial}",
    Reason.DISABLED: "once its holder is known: seedvault token unlock {serial}",
    Reason.LOCKED: "to let it try at once: seedvault token unlock {serial}",
    Reason.NOT_CONSECUTIVE: "read two codes that follow each other directly",
    Reason.BACKWARDS: "read two new codes",
}
_CHECK = """\
check: is {serial} the serial on the token? did the second code follow the first at once? were both
new? Take two new codes each time; if they do not match either, ask the staff who issue tokens."""


def rejected(serial: Serial, outcome: Rejected) -> str:
    """Why, until when, and what to try next."""
    return _told(serial, outcome, _HINTS.get(outcome.reason))


def not_resynchronised(serial: Serial, outcome: Rejected) -> str:
    """The same of two codes: where they match nothing, trying the same again does not help."""
    no_match = outcome.reason is Reason.NO_MATCH
    return _told(serial, outcome, _CHECK) if no_match else rejected(serial, outcome)


def resynchronised(parameters: Counting, outcome: Accepted) -> str:
    """Where the token was found."""
    match parameters:
        case HotpParameters():
            found = f"counter {outcome.offset:+d}"
        case TotpParameters(step_s=step_s):
            found = f"clock {outcome.offset:+d} steps{_how_far(outcome.offset * step_s)}"
    return f"resynchronised: {found}; both codes are spent"


def drift_words(drift_steps: int, step_s: int) -> str:
    """A clock's drift, such as "+4 steps (2 min fast)"."""
    return f"{drift_steps:+d} steps{_how_far(drift_steps * step_s)}"


def outcome_fields(serial: Serial, outcome: Outcome) -> dict[str, object]:
    """A decision for a document."""
    match outcome:
        case Accepted(factor, offset):
            return {"serial": str(serial), "accepted": True, "factor": factor, "offset": offset}
        case Rejected(reason, until):
            return {
                "serial": str(serial),
                "accepted": False,
                "reason": reason.name.lower().replace("_", "-"),
                "until": until,
            }


def _told(serial: Serial, outcome: Rejected, hint: str | None) -> str:
    until = f" until {output.local(outcome.until)}" if outcome.until else ""
    tail = "\n" + hint.format(serial=serial) if hint else ""
    return f"rejected: {outcome.reason.value}{until}{tail}"


def _how_far(seconds: int) -> str:
    if seconds == 0:
        return ""
    size = abs(seconds)
    length = f"{size} s" if size < 60 else f"{size / 60:.3g} min"
    return f" ({length} {'fast' if seconds > 0 else 'slow'})"
