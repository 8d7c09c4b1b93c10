"""Resynchronisation by two consecutive codes (RFC 4226 section 7.4, RFC 6238 section 6)."""

from dataclasses import replace
from datetime import datetime, timedelta

from seedvault.domain import lockout, window
from seedvault.domain.oath import Mac
from seedvault.domain.outcome import Outcome, Reason, Rejected
from seedvault.domain.policy import Policy
from seedvault.domain.token import Progress, Token
from seedvault.domain.verification import accept

_DAY = timedelta(days=1)


def refusal(token: Token, now: datetime, policy: Policy) -> Rejected | None:
    """Whether the day's budget of resynchronisations is spent, or None."""
    progress = token.progress
    since = progress.resyncs_since
    if since is None or now >= since + _DAY or progress.resyncs < policy.resyncs_a_day:
        return None
    return Rejected(Reason.RESYNCS_SPENT, since + _DAY)


def resynchronise(
    token: Token, codes: tuple[str, str], now: datetime, policy: Policy, mac: Mac
) -> tuple[Progress, Outcome]:
    """Where `codes` stand, one right after the other and strictly above all that was accepted.

    Both are spent. A try that finds nothing counts as one failure. `verification.refusal` and
    `refusal` must have been asked first.
    """
    device, progress = token.device, _count(token.progress, now)
    factors = window.for_resynchronisation(device.counting, progress, now, policy)
    digits = device.counting.digits
    cached = _remembering(mac)
    first = window.search(cached, codes[0], factors, digits)
    second = window.search(cached, codes[1], range(factors.start + 1, factors.stop + 1), digits)
    pairs = [factor for factor in first if factor + 1 in second]
    ahead = [factor for factor in pairs if factor >= progress.next_factor]
    if ahead:
        return accept(device, replace(progress, must_resync=False), ahead[-1] + 1, now)
    return lockout.charge(progress, now), Rejected(_why_not(pairs, first, second))


def _why_not(pairs: list[int], first: list[int], second: list[int]) -> Reason:
    if pairs:
        return Reason.BACKWARDS
    return Reason.NOT_CONSECUTIVE if first and second else Reason.NO_MATCH


def _count(progress: Progress, now: datetime) -> Progress:
    since = progress.resyncs_since
    if since is None or now >= since + _DAY:
        return replace(progress, resyncs=1, resyncs_since=now)
    return replace(progress, resyncs=progress.resyncs + 1)


def _remembering(mac: Mac) -> Mac:
    """`mac`, each message computed once: the two codes are searched in the same factors."""
    known: dict[bytes, bytes] = {}

    def remembered(message: bytes) -> bytes:
        if message not in known:
            known[message] = mac(message)
        return known[message]

    return remembered
