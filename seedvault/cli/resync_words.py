"""What a resynchronisation found, in words for staff and fields for programs."""

from seedvault.cli.outcomes import drift_words, outcome_fields, rejected
from seedvault.domain.finding import Absent, Backwards, Consecutive, Finding, Scattered
from seedvault.domain.names import Serial
from seedvault.domain.oath import Counting, HotpParameters, TotpParameters
from seedvault.domain.outcome import Accepted, Rejected
from seedvault.service.resync import Answer

_SPENT = {2: "both codes are spent", 3: "all three codes are spent"}
_KINDS = {
    Consecutive: "consecutive",
    Scattered: "scattered",
    Backwards: "backwards",
    Absent: "absent",
}
_CHECK = """\
rejected: not found: check the serial
is {serial} the one on the token? did each code follow the one before at once? were all of them new?
Take new codes each time; if they are not found either, ask the staff who issue tokens."""
_FURTHER = (
    "It may be further away: three codes search wider: seedvault token resync {serial} --wide"
)


def found(parameters: Counting, accepted: Accepted, codes: int) -> str:
    """Where so many consecutive codes stand."""
    match parameters:
        case HotpParameters():
            where = f"counter {accepted.offset:+d}"
        case TotpParameters(step_s=step_s):
            where = f"clock {drift_words(accepted.offset, step_s)}"
    return f"resynchronised: {where}; {_SPENT[codes]}"


def not_found(serial: Serial, outcome: Rejected, finding: Finding | None, codes: int) -> str:
    """Why nothing was resynchronised by so many codes, and what to try next."""
    match finding:
        case Scattered() as scattered:
            told = f"rejected: found, but not consecutive: {scattered}"
            return f"{told}\nread codes that follow each other directly"
        case Backwards(by):
            told = f"rejected: would go backwards: found {by} before the first that is not spent"
            return f"{told}\nread new codes"
        case Absent():
            told = _CHECK if codes > 2 else f"{_CHECK}\n{_FURTHER}"
            return told.format(serial=serial)
    return rejected(serial, outcome)


def fields(serial: Serial, answer: Answer) -> dict[str, object]:
    """The same for a document."""
    return {**outcome_fields(serial, answer.outcome), **_finding(answer)}


def _finding(answer: Answer) -> dict[str, object]:
    finding = answer.finding
    return {
        "finding": _KINDS[type(finding)] if finding else None,
        "offsets": finding.offsets if isinstance(finding, Scattered) else None,
        "back": finding.by if isinstance(finding, Backwards) else None,
    }
