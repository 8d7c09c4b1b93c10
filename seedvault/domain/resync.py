"""Resynchronisation by consecutive codes (RFC 4226 section 7.4, RFC 6238 section 6).

Two codes nearby, three far away: the more places are searched, the more codes it takes to tell a
token from chance.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from seedvault.domain import lockout, window
from seedvault.domain.finding import Absent, Backwards, Consecutive, Finding, Scattered
from seedvault.domain.oath import Mac
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.outcome import Outcome, Reason, Rejected
from seedvault.domain.policy import Policy, Reach
from seedvault.domain.token import Progress, Token
from seedvault.domain.verification import accept

Codes = tuple[str, str] | tuple[str, str, str]
"""As the token showed them, one right after the other. The third makes the search a wide one."""

_DAY = timedelta(days=1)
_REASONS = {
    Scattered: Reason.NOT_CONSECUTIVE,
    Backwards: Reason.BACKWARDS,
    Absent: Reason.NO_MATCH,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided: `progress` and `outcome` are to be committed, `finding` is for staff."""

    progress: Progress
    outcome: Outcome
    finding: Finding


def refusal(token: Token, codes: tuple[str, ...], now: datetime, policy: Policy) -> Rejected | None:
    """Why these codes need not be searched, or None. Costs nothing.

    A code that was read twice is no evidence: a guesser of one code would need no second.
    """
    if isinstance(token.device.parameters, OcraParameters):
        return Rejected(Reason.NEEDS_CHALLENGE)
    if len(set(codes)) < len(codes):
        return Rejected(Reason.SAME_CODE)
    progress = token.progress
    since = progress.resyncs_since
    if since is None or now >= since + _DAY or progress.resyncs < policy.resyncs_a_day:
        return None
    return Rejected(Reason.RESYNCS_SPENT, since + _DAY)


def reach(codes: tuple[str, ...], policy: Policy) -> Reach:
    """How far that many codes are looked for."""
    return policy.wide if len(codes) > 2 else policy.near


def resynchronise(token: Token, codes: Codes, now: datetime, policy: Policy, mac: Mac) -> Decision:
    """Where `codes` stand, one right after the other and strictly above all that was accepted.

    All are spent. A try that finds nothing counts as one failure. `verification.refusal` and
    `refusal` must have been asked first.
    """
    device, progress = token.device, _count(token.progress, now)
    counting, later = device.counting, len(codes) - 1
    first = window.for_resynchronisation(counting, progress, now, reach(codes, policy))
    last = range(first.start, first.stop + later)
    computed = window.computed(mac, last, counting.digits)
    places = [
        [place for place in computed.places(code) if place - n in first]
        for n, code in enumerate(codes)
    ]
    runs = window.runs(places)
    ahead = [run for run in runs if run >= progress.next_factor]
    if ahead:
        # The highest. By chance there is a second run once in 4 * 10**9 tries (241 places, twice
        # six digits); were the nearer taken, codes that were shown could be accepted once more.
        known = replace(progress, must_resync=False)
        spent, accepted = accept(device, known, ahead[-1] + later, now)
        return Decision(spent, accepted, Consecutive(accepted.offset))
    finding: Scattered | Backwards | Absent = Absent()
    if runs:
        finding = Backwards(progress.next_factor - runs[-1])
    elif all(places):
        expected = window.origin(counting, progress, now)
        finding = Scattered(tuple(_nearest(found, expected) - expected for found in places))
    return Decision(lockout.charge(progress, now), Rejected(_REASONS[type(finding)]), finding)


def _nearest(places: list[int], expected: int) -> int:
    return min(places, key=lambda place: abs(place - expected))


def _count(progress: Progress, now: datetime) -> Progress:
    since = progress.resyncs_since
    if since is None or now >= since + _DAY:
        return replace(progress, resyncs=1, resyncs_since=now)
    return replace(progress, resyncs=progress.resyncs + 1)
