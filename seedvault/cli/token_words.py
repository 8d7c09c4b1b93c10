"""How a token, and how it computes, is put into words and fields."""

from seedvault.domain.oath import HotpParameters, KeptParameters, TotpParameters
from seedvault.domain.ocra_suite import OcraInputs, OcraParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.token import (
    Bound,
    InStock,
    Quarantined,
    Retired,
    Revoked,
    Suspended,
    Token,
    owner_of,
    state_of,
)


def kind_words(parameters: Parameters) -> str:
    """Such as "TOTP-6/30 s", "HOTP-8", or an OCRA suite."""
    match parameters:
        case HotpParameters(digits=digits):
            return f"HOTP-{digits}"
        case TotpParameters(digits=digits, step_s=step_s):
            return f"TOTP-{digits}/{step_s} s"
        case OcraParameters(suite):
            return suite
        case KeptParameters(kind):
            return kind


def kind_of(parameters: Parameters) -> dict[str, object]:
    """The same for a document."""
    digits: int | None
    step_s: int | None
    suite: str | None = None
    match parameters:
        case HotpParameters(_, digits):
            kind, step_s = "hotp", None
        case TotpParameters(_, digits, step_s):
            kind = "totp"
        case OcraParameters(suite, digits=digits, inputs=OcraInputs(step_s=step_s)):
            kind = "ocra"
        case KeptParameters(kind):
            digits = step_s = None
    digest = parameters.digest.value
    return {"kind": kind, "digest": digest, "digits": digits, "step_s": step_s, "suite": suite}


def state_words(token: Token) -> str:
    """Where the token is, and with whom."""
    match token:
        case Bound(owner=owner):
            return f"bound to {owner}"
        case Quarantined(reason=reason):
            return f"in quarantine: {reason}"
        case Suspended(owner=owner, since=since, reason=reason):
            return f"suspended since {since.astimezone():%Y-%m-%d} ({reason}); it is {owner}'s"
        case Revoked(since=since, reason=reason) | Retired(since=since, reason=reason):
            return f"{state_of(token).value} since {since.astimezone():%Y-%m-%d} ({reason})"
        case InStock():
            return "in stock"


def state_fields(token: Token) -> dict[str, object]:
    """The same for a document; `since` and `reason` only where the state has them."""
    owner = owner_of(token)
    return {
        "state": state_of(token).value,
        "since": getattr(token, "since", None),
        "reason": getattr(token, "reason", None),
        "user": str(owner) if owner else None,
        "pin_set": getattr(token, "pin", None) is not None,
    }
