"""How a token computes, by PSKC's algorithm profiles: HOTP and TOTP (RFC 6030 section 10)."""

import re
from dataclasses import dataclass
from operator import itemgetter

from importers import lexical
from importers.errors import Malformed, Unsupported
from importers.model import (
    MAX_COUNTER,
    MAX_DIGITS,
    MAX_STEP_S,
    MIN_DIGITS,
    Digest,
    HotpParameters,
    TotpParameters,
)
from importers.pskc import algorithms, grammar
from importers.rules import Rule
from importers.xml import Capture

_SUITE = re.compile(r"(?:hmac-?)?sha-?(1|256|512)", re.ASCII)
_DIGESTS = {"1": Digest.SHA1, "256": Digest.SHA256, "512": Digest.SHA512}
_MAX_INT = 2**31 - 1  # xs:int
# The texts that say, together with two elements' attributes, how a token computes.
_texts_of = itemgetter(
    grammar.SUITE.number,
    grammar.COUNTER.number,
    grammar.TIME.number,
    grammar.TIME_INTERVAL.number,
    grammar.TIME_DRIFT.number,
)


@dataclass(frozen=True, slots=True)
class Computation:
    """How a token computes, and for which elements the standard's default was taken."""

    parameters: HotpParameters | TotpParameters
    defaults_used: tuple[str, ...]


class Profiles:
    """Reads how tokens compute. A batch computes alike: the last answer is kept (4 of 35 us)."""

    def __init__(self) -> None:
        self._told: tuple[object, ...] | None = None
        self._answer: Computation | None = None

    def computation(self, capture: Capture) -> Computation:
        """How the token of this key package computes."""
        told = (
            capture.attribute(grammar.KEY, "Algorithm"),
            capture.attributes.get(grammar.RESPONSE_FORMAT),
            _texts_of(capture.texts),
        )
        if self._answer is None or told != self._told:
            defaults: list[str] = []
            parameters = parameters_of(capture, defaults)
            self._told, self._answer = told, Computation(parameters, tuple(defaults))
        return self._answer


def parameters_of(capture: Capture, defaults: list[str]) -> HotpParameters | TotpParameters:
    """The parameters of a key package's key; what the standard fills in is added to `defaults`."""
    uri = capture.attribute(grammar.KEY, "Algorithm")
    if uri is None:
        raise Malformed("Key has no Algorithm", capture.place(grammar.KEY))
    # The profile's name is the last part of the URI in the RFC, its drafts and ActivIdentity.
    match uri.strip().replace("#", ":").rpartition(":")[2].casefold():
        case "hotp":
            return _hotp(capture, defaults)
        case "totp":
            return _totp(capture, defaults)
        case _:
            raise Unsupported(
                f"the algorithm {algorithms.shown(uri)} is not read here",
                capture.place(grammar.KEY),
                "Ask for HOTP or TOTP tokens.",
            )


def _hotp(capture: Capture, defaults: list[str]) -> HotpParameters:
    # Section 10.1 asks for a Counter, and the RFC's own figure 7 has none.
    return HotpParameters(
        digest=_digest(capture),
        digits=_digits(capture),
        counter=_number(capture, grammar.COUNTER, MAX_COUNTER, defaults),
    )


def _totp(capture: Capture, defaults: list[str]) -> TotpParameters:
    if not capture.has(grammar.SUITE):
        defaults.append("Suite")
    return TotpParameters(
        digest=_digest(capture),
        digits=_digits(capture),
        step_s=_step(capture),
        time_steps=_number(capture, grammar.TIME, _MAX_INT, defaults),
        drift_steps=capture.parsed(grammar.TIME_DRIFT, _drift) or 0,
    )


def _digest(capture: Capture) -> Digest:
    suite = capture.text(grammar.SUITE)
    if suite is None:
        return Digest.SHA1
    match = _SUITE.fullmatch(suite.strip().casefold())
    if match is None:
        raise Unsupported(
            f"the suite {algorithms.shown(suite)} is not read here", capture.place(grammar.SUITE)
        )
    return _DIGESTS[match[1]]


def _digits(capture: Capture) -> int:
    rule = grammar.RESPONSE_FORMAT
    if not capture.has(rule):
        raise Malformed("ResponseFormat is missing: how many digits?", capture.place(rule))
    encoding = capture.attribute(rule, "Encoding", "Format")
    if encoding != "DECIMAL":
        shown = algorithms.shown(encoding)
        raise Unsupported(f"codes in {shown} instead of DECIMAL", capture.place(rule))
    length = capture.attribute(rule, "Length") or ""
    check = capture.attribute(rule, "CheckDigits", "CheckDigit") or "false"
    try:
        digits = lexical.integer(length, MIN_DIGITS, MAX_DIGITS)
        checked = lexical.boolean(check)
    except ValueError as flaw:
        reason = f"ResponseFormat cannot be read (Length {MIN_DIGITS} to {MAX_DIGITS}): {flaw}"
        raise Malformed(reason, capture.place(rule)) from None
    if checked:
        raise Unsupported("codes with a check digit are not read here", capture.place(rule))
    return digits


def _step(capture: Capture) -> int:
    step_s = capture.parsed(
        grammar.TIME_INTERVAL, lambda text: lexical.integer(text, 1, MAX_STEP_S)
    )
    if step_s is None:
        raise Malformed(
            "TimeInterval is missing: how many seconds?", capture.place(grammar.TIME_INTERVAL)
        )
    return step_s


def _number(capture: Capture, rule: Rule, high: int, defaults: list[str]) -> int:
    number = capture.parsed(rule, lambda text: lexical.integer(text, 0, high))
    if number is None:
        assert rule.parent is not None  # noqa: S101 - a value stands within its element
        defaults.append(rule.parent.local)
        return 0
    return number


def _drift(text: str) -> int:
    return lexical.integer(text, -_MAX_INT, _MAX_INT)
