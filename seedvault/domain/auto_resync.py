"""Automatic resynchronisation: two codes in a row bring a drifted token back, without staff.

Off by default, since it lets whoever saw two unused codes use them up to an hour later. It accepts
nothing that was spent, unlike LinOTP's (CVE-2019-12887): the floor holds here as everywhere, and
the first of the two is refused, and charged, like any wrong code.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from seedvault.domain import verification, window
from seedvault.domain.oath import Mac
from seedvault.domain.outcome import Outcome, Reason, Rejected
from seedvault.domain.policy import Policy
from seedvault.domain.token import Progress, Stray, Token

_NONE = range(0)


def verify(
    token: Token, code: str, now: datetime, policy: Policy, mac: Mac
) -> tuple[Progress, Outcome]:
    """As `verification.verify`, and where the policy says so, a stray code is remembered.

    Its exact successor is accepted if it is the very next code. A code that matches nothing costs
    as many HMACs as resynchronising by two codes; one that is in its window costs none more.
    """
    progress, outcome = verification.verify(token, code, now, policy, mac)
    if not policy.auto_resync or outcome != Rejected(Reason.NO_MATCH):
        return progress, outcome
    before, digits = token.progress, token.device.counting.digits
    if found := window.search(mac, code, _successor(before, now, policy), digits):
        return verification.accept(token.device, before, found[0], now)
    # The highest where there are several, as everywhere: the others are spent with it.
    strays = window.search(mac, code, _ahead(token, now, policy), digits)
    return replace(progress, stray=Stray(strays[-1], now) if strays else None), outcome


def _successor(progress: Progress, now: datetime, policy: Policy) -> range:
    """The one factor whose code would prove the stray before it, if there is one."""
    stray = progress.stray
    if stray is None or not timedelta(0) <= now - stray.at <= policy.auto_resync_within:
        return _NONE
    return range(max(stray.factor + 1, progress.next_factor), stray.factor + 2)


def _ahead(token: Token, now: datetime, policy: Policy) -> range:
    """The near range of a resynchronisation, as far as it is not spent."""
    progress = token.progress
    near = window.for_resynchronisation(token.device.counting, progress, now, policy.near)
    return range(max(near.start, progress.next_factor), near.stop)
