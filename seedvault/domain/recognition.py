"""Whether a token shows a code: for staff who have a code, and no serial.

Nothing is accepted here, and nothing spent. A code that was accepted a moment ago is recognised
too, since it is still the token's.
"""

from datetime import datetime

from seedvault.domain import lockout, window
from seedvault.domain.oath import (
    MAX_DIGITS,
    MIN_DIGITS,
    KeptParameters,
    Mac,
    is_any_code,
    is_code,
)
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.outcome import Reason, Rejected
from seedvault.domain.policy import Policy
from seedvault.domain.token import Quarantined, Token

Shown = tuple[str] | tuple[str, str]
"""A code, or two that followed each other directly."""


def flaw(codes: Shown) -> str | None:
    """Why these are no codes that any token shows one after the other, or None."""
    if not all(map(is_any_code, codes)):
        return f"a code has {MIN_DIGITS} to {MAX_DIGITS} digits, and nothing else"
    if len(set(map(len, codes))) > 1:
        return "the two codes differ in length: they are of different tokens"
    if len(set(codes)) < len(codes):
        return "the same code was given twice"
    return None


def refusal(token: Token, codes: Shown, now: datetime, policy: Policy) -> Rejected | None:
    """Why the token is left out of a search, or None.

    A suspended, expired or retired token is looked at: it is the one that turns up in a drawer. A
    locked one is not: a guesser must not hear here what verification would no longer tell
    (Keycloak CVE-2026-9798: the lockout was missing on one path).
    """
    parameters = token.device.parameters
    if isinstance(parameters, OcraParameters):
        return Rejected(Reason.NEEDS_CHALLENGE)
    if isinstance(token, Quarantined) or isinstance(parameters, KeptParameters):
        return Rejected(Reason.QUARANTINED)
    if not all(is_code(code, parameters.digits) for code in codes):
        return Rejected(Reason.MALFORMED)
    return lockout.refusal(parameters, token.progress, now, policy)


def places(token: Token, now: datetime, policy: Policy) -> range:
    """Where the first code may stand."""
    return window.for_verification(token.device.counting, token.progress, now, policy)


def shows(token: Token, codes: Shown, now: datetime, policy: Policy, mac: Mac) -> bool:
    """Whether `codes` stand in the token's window, one right after the other, spent or not."""
    first = places(token, now, policy)
    longer = range(first.start, first.stop + len(codes) - 1)
    computed = window.computed(mac, longer, token.device.counting.digits)
    return bool(window.runs([computed.places(code) for code in codes]))


def by_chance(searched: int, codes: Shown) -> float:
    """How many tokens are to be expected to show these codes by chance, in so many places."""
    return searched / float(10 ** (len(codes[0]) * len(codes)))
