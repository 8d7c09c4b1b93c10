"""Whether a response answers a challenge (RFC 6287 section 7), and what it spends.

What makes a response fresh is the challenge, to which the vault takes one response. A counter is
spent strictly forward besides. A clock is not: a time step can be hours long, and two challenges
within it have two responses; but it never goes back.
"""

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from seedvault.domain import lockout, ocra, pin_keeping, verification, window
from seedvault.domain.oath import Mac
from seedvault.domain.ocra import Inputs
from seedvault.domain.ocra_suite import OcraInputs, OcraParameters
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.pin_keeping import MaskedPin
from seedvault.domain.policy import Policy
from seedvault.domain.token import Bound, Progress, Token


@dataclass(frozen=True, slots=True)
class Response:
    """What was typed, the question it answers, and the session where the suite asks for it."""

    text: str
    question: str
    session: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the token may stand; None where its suite has no such factor."""

    counter: int | None
    time_step: int | None


def held_back(token: Token, now: datetime, policy: Policy) -> Rejected | None:
    """Why no response of this token would be computed, or None."""
    answers = isinstance(token.device.parameters, OcraParameters)
    misfit = None if answers else Rejected(Reason.NO_CHALLENGES)
    return verification.held_back(token, (), now, policy) or misfit


def is_malformed(parameters: OcraParameters, given: Response) -> bool:
    """Whether it cannot be a response of this suite, or its session is not one."""
    length, session = parameters.inputs.session_octets, given.session
    if (length is None) != (session is None) or len(session or b"") > (length or 0):
        return True
    return not ocra.is_response(parameters, given.text)


def verify(
    token: Token, given: Response, now: datetime, policy: Policy, mac: Mac
) -> tuple[Progress, Outcome]:
    """The outcome, and the progress to be committed together with the end of the challenge.

    `held_back` and `is_malformed` must have been asked first.
    """
    parameters, progress, kept = token.device.answering, token.progress, _kept_pin(token)
    pin_hash = pin_keeping.unmask(mac, kept) if kept else None
    inputs = Inputs(given.question, pin_hash, given.session)
    places = list(_places(parameters.inputs, progress, now, policy))
    there = [ocra.at(inputs, place.counter, place.time_step) for place in places]
    wanted, shown = given.text.lower(), ocra.responses(mac, parameters, there)
    # All are computed and compared, each in constant time: no early exit.
    right = [hmac.compare_digest(each, wanted) for each in shown]
    found = [place for place, is_right in zip(places, right, strict=True) if is_right]
    if not found:
        return lockout.charge(progress, now), Rejected(Reason.NO_MATCH)
    # The furthest: were the same digits due twice in this window, both are spent now.
    return _accept(parameters.inputs, progress, found[-1], now)


def _places(
    asked: OcraInputs, progress: Progress, now: datetime, policy: Policy
) -> Iterator[_Place]:
    """Every place to look at: each counter of the window with each time step of it."""
    counters: list[int | None] = [None]
    if asked.counter:
        counters = [*window.ahead(progress, policy)]
    steps: list[int | None] = [None]
    if asked.step_s is not None:
        around = window.around(_step_at(asked.step_s, now), progress, now, policy)
        steps = [step for step in around if asked.counter or step >= progress.next_factor]
    return (_Place(counter, step) for counter in counters for step in steps)


def _accept(
    asked: OcraInputs, progress: Progress, place: _Place, now: datetime
) -> tuple[Progress, Accepted]:
    """Spend the counter; learn the clock's drift; else count the answers in a factor's place."""
    first, drift = progress.next_factor, progress.drift_steps
    if asked.step_s is not None and place.time_step is not None:
        drift = place.time_step - _step_at(asked.step_s, now)
    if place.counter is not None:
        factor, offset = place.counter, place.counter - first
    elif place.time_step is not None:
        factor, offset = place.time_step, drift
    else:
        factor, offset = first, 0
    after = replace(spent(asked, progress, factor, now), drift_steps=drift)
    return after, Accepted(factor, offset)


def spent(asked: OcraInputs, progress: Progress, factor: int, now: datetime) -> Progress:
    """The progress after a response was accepted at `factor`.

    Of a suite that counts, it does not tell the clock's drift.
    """
    next_factor, drift = factor + 1, progress.drift_steps
    if asked.step_s is not None and not asked.counter:
        next_factor, drift = factor, factor - _step_at(asked.step_s, now)
    return replace(
        lockout.clear(progress),
        next_factor=next_factor,
        drift_steps=drift,
        synchronised_at=now,
        uses=progress.uses + 1,
    )


def _step_at(step_s: int, now: datetime) -> int:
    """Steps since 1970 (RFC 6287 section 6.3)."""
    return int(now.timestamp()) // step_s


def _kept_pin(token: Token) -> MaskedPin | None:
    pin = token.pin if isinstance(token, Bound) else None
    return pin if isinstance(pin, MaskedPin) else None
