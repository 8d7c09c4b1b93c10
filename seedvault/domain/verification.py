"""Whether one code is accepted (RFC 4226 section 7, RFC 6238 section 5.2)."""

from dataclasses import replace
from datetime import datetime

from seedvault.domain import lockout, window
from seedvault.domain.oath import Mac, TotpParameters, is_any_code, is_code
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.pin import PinRule
from seedvault.domain.pin_keeping import MaskedPin, StretchedPin
from seedvault.domain.policy import Policy
from seedvault.domain.token import Bound, Device, Progress, State, Token, state_of

_NOT_USABLE = {
    State.SUSPENDED: Reason.SUSPENDED,
    State.QUARANTINED: Reason.QUARANTINED,
    State.REVOKED: Reason.REVOKED,
    State.RETIRED: Reason.RETIRED,
}
_BY_ROW = {
    *_NOT_USABLE.values(),
    Reason.NOT_BOUND,
    Reason.NOT_YET_VALID,
    Reason.EXPIRED,
    Reason.USED_UP,
    Reason.NO_PIN,
    Reason.NEEDS_CHALLENGE,
    Reason.NO_CHALLENGES,
}


def held_back(
    token: Token, codes: tuple[str, ...], now: datetime, policy: Policy
) -> Rejected | None:
    """Why single codes, or responses, need not be computed, whoever presents them, or None.

    What `refusal` says, and: nothing proves anything about a user while the token has none, or
    without the PIN that has to go with it.
    """
    return (
        unbound(token)
        or refusal(token, codes, now, policy)
        or out_of_step(token)
        or without_pin(token, policy)
    )


def unbound(token: Token) -> Rejected | None:
    """Nothing that is presented proves anything about a user who is not there."""
    return Rejected(Reason.NOT_BOUND) if state_of(token) is State.IN_STOCK else None


def out_of_step(token: Token) -> Rejected | None:
    """One code is not enough where nobody knows which codes are spent."""
    return Rejected(Reason.NEEDS_RESYNC) if token.progress.must_resync else None


def without_pin(token: Token, policy: Policy) -> Rejected | None:
    """Whether a PIN is asked for, by the policy or the token's suite, and none was set."""
    parameters, pin = token.device.parameters, token.pin if isinstance(token, Bound) else None
    if isinstance(parameters, OcraParameters):
        missing = parameters.inputs.pin is not None and not isinstance(pin, MaskedPin)
    else:
        missing = policy.pin is not PinRule.NONE and not isinstance(pin, StretchedPin)
    return Rejected(Reason.NO_PIN) if missing else None


def refusal(token: Token, codes: tuple[str, ...], now: datetime, policy: Policy) -> Rejected | None:
    """Why these codes need not be computed at all, or None. Costs no failure, opens no seed."""
    unusable = _NOT_USABLE.get(state_of(token))
    if unusable is not None:
        return Rejected(unusable)
    device = token.device
    if device.not_before is not None and now < device.not_before:
        return Rejected(Reason.NOT_YET_VALID, device.not_before)
    if device.not_after is not None and now > device.not_after:
        return Rejected(Reason.EXPIRED)
    if device.use_limit is not None and token.progress.uses >= device.use_limit:
        return Rejected(Reason.USED_UP)
    return _misfit(device, codes) or lockout.refusal(device.parameters, token.progress, now, policy)


def _misfit(device: Device, codes: tuple[str, ...]) -> Rejected | None:
    """Why none of `codes` can be one of the token's, or None."""
    if codes and isinstance(device.parameters, OcraParameters):
        return Rejected(Reason.NEEDS_CHALLENGE)
    if not all(is_code(code, device.counting.digits) for code in codes):
        return Rejected(Reason.MALFORMED)
    return None


def rests_on_row(refused: Rejected, codes: tuple[str, ...]) -> bool:
    """Whether another row would have led to another answer.

    Progress would too, but stands outside the seal. What is no code of any token needs no row.
    """
    if refused.reason is Reason.MALFORMED:
        return all(is_any_code(code) for code in codes)
    return refused.reason in _BY_ROW


def verify(
    token: Token, code: str, now: datetime, policy: Policy, mac: Mac
) -> tuple[Progress, Outcome]:
    """The outcome of one code, and the progress that must be committed before anyone hears it.

    `refusal` must have been asked first.
    """
    device, progress = token.device, token.progress
    counting = device.counting
    factors = window.for_verification(counting, progress, now, policy)
    found = window.search(mac, code, factors, counting.digits)
    unspent = [factor for factor in found if factor >= progress.next_factor]
    if unspent:
        # The highest: were the same digits due twice in this window, both are spent now.
        return accept(device, progress, unspent[-1], now)
    reason = Reason.ALREADY_USED if found else Reason.NO_MATCH
    return lockout.charge(progress, now), Rejected(reason)


def accept(
    device: Device, progress: Progress, factor: int, now: datetime
) -> tuple[Progress, Accepted]:
    """Spend `factor` and all before it; learn the clock's drift from it (RFC 6238 section 6)."""
    counting = device.counting
    offset = factor - window.origin(counting, progress, now)
    drift = offset if isinstance(counting, TotpParameters) else progress.drift_steps
    spent = replace(
        lockout.clear(progress),
        next_factor=factor + 1,
        drift_steps=drift,
        synchronised_at=now,
        uses=progress.uses + 1,
        stray=None,
    )
    return spent, Accepted(factor, offset)
