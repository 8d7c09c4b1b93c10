"""How a decision about a code is put into words for staff."""

import click

from seedvault.cli import output
from seedvault.cli.exits import Exit
from seedvault.cli.options import Session
from seedvault.domain.names import Serial
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
    Reason.SAME_CODE: "wait until the display changes, or press once more, and read the next",
    Reason.NO_PIN: "set one: seedvault token pin set {serial}",
    Reason.NEEDS_CHALLENGE: "ask it something: seedvault token challenge {serial}",
    Reason.NO_CHALLENGE: "answered, or another's; a new one: seedvault token challenge {serial}",
    Reason.CHALLENGE_OVER: "a new one: seedvault token challenge {serial}",
}
_OF_RESPONSES = {
    Reason.NO_MATCH: "that challenge has ended; a new one: seedvault token challenge {serial}",
    Reason.NEEDS_RESYNC: "a restore holds it back; once it is clear that its holder should have "
    "it: seedvault token unlock {serial}",
}
_LONG_S = 2 * 3600


def rejected(serial: Serial, outcome: Rejected) -> str:
    """Why, until when, and what to try next."""
    return _told(serial, outcome, _HINTS.get(outcome.reason))


def not_answered(serial: Serial, outcome: Rejected) -> str:
    """The same of a response: a wrong one has ended its challenge, and nothing resynchronises."""
    return _told(serial, outcome, {**_HINTS, **_OF_RESPONSES}.get(outcome.reason))


def _told(serial: Serial, outcome: Rejected, hint: str | None) -> str:
    until = f" until {output.local(outcome.until)}" if outcome.until else ""
    tail = "\n" + hint.format(serial=serial) if hint else ""
    return f"rejected: {outcome.reason.value}{until}{tail}"


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


def would_be_tried(session: Session, schema: str, serial: Serial, refusal: Rejected | None) -> int:
    """What a dry run of something with codes tells, and its exit code."""
    if session.as_json:
        reason = refusal.reason.value if refusal else None
        fields: dict[str, object] = {"serial": str(serial), "refused": reason}
        output.document(schema, {**fields, "dry_run": True})
    elif refusal is None:
        click.echo("would be tried; whether it is right is told only when it is spent")
    else:
        click.echo(rejected(serial, refusal))
    return Exit.DONE if refusal is None else Exit.DECIDED_NO


def _how_far(seconds: int) -> str:
    if seconds == 0:
        return ""
    size = abs(seconds)
    length = f"{size} s" if size < 60 else f"{size / 60:.3g} min"
    if size >= _LONG_S:
        length = f"{size / 3600:.3g} h"
    return f" ({length} {'fast' if seconds > 0 else 'slow'})"
