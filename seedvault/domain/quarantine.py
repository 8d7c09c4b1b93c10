"""Which tokens are kept and not usable, and which of them may be let out by now."""

import re
from dataclasses import replace

from seedvault.domain.errors import Conflict
from seedvault.domain.oath import MIN_DIGITS, KeptParameters
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.parameters import Parameters
from seedvault.domain.token import InStock, Quarantined

# What earlier versions wrote of that which is verified and counted now.
_UNANSWERED = "OCRA responses are not verified by this version"
_UNCOUNTED = re.compile(r"its policy allows ([0-9]{1,15}) uses, which are not counted here")


def why_kept(parameters: Parameters) -> str | None:
    """Why a key that computes so is not to be used, or None."""
    match parameters:
        case OcraParameters(digits=digits) if 0 < digits < MIN_DIGITS:
            # SP 800-63B-4 section 3.1.4.1 asks for six; RFC 6287 section 5.2 takes four.
            return f"responses of {digits} digits are guessed too easily"
        case KeptParameters("yubico"):
            return "Yubico codes are not verified by this version"
        case KeptParameters(kind):
            return f"keys of the kind {kind} are not verified by this version"
    return None


def released(token: Quarantined) -> InStock:
    """The token in stock. Raises Conflict while what keeps it in quarantine still holds."""
    device, reason = token.device, why_kept(token.device.parameters)
    uncounted = _UNCOUNTED.fullmatch(token.reason)
    if reason is None and token.reason != _UNANSWERED and uncounted is None:
        reason = token.reason
    if reason is not None:
        raise Conflict(
            f"{device.serial} stays in quarantine: {reason}",
            remedy="Give its holder another token; ask its maker for one without this restriction.",
        )
    if uncounted is not None:
        device = replace(device, use_limit=int(uncounted[1]))
    return InStock(device, token.progress)
