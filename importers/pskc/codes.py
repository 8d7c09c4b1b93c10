"""How codes and challenges are written: ResponseFormat and ChallengeFormat (RFC 6030 4.3.4)."""

from dataclasses import dataclass

from importers import lexical
from importers.errors import Malformed, Unsupported
from importers.pskc import algorithms, grammar
from importers.pskc.numbers import MAX_INT
from importers.rules import Rule
from importers.xml import Capture

VALUE_FORMATS = frozenset({"DECIMAL", "HEXADECIMAL", "ALPHANUMERIC", "BASE64", "BINARY"})


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a challenge consists of, and of how many characters."""

    encoding: str
    shortest: int
    longest: int


def decimal_digits(capture: Capture, low: int, high: int) -> int:
    """How many digits a code has, from `low` to `high`. Raises Unsupported for anything else."""
    rule = grammar.RESPONSE_FORMAT
    if not capture.has(rule):
        raise Malformed("ResponseFormat is missing: how many digits?", capture.place(rule))
    encoding = capture.attribute(rule, "Encoding", "Format")
    if encoding != "DECIMAL":
        shown = algorithms.shown(encoding)
        raise Unsupported(f"codes in {shown} instead of DECIMAL", capture.place(rule))
    length = capture.attribute(rule, "Length") or ""
    try:
        digits = lexical.integer(length, low, high)
    except ValueError as flaw:
        reason = f"ResponseFormat cannot be read (Length {low} to {high}): {flaw}"
        raise Malformed(reason, capture.place(rule)) from None
    _no_check_digit(capture, rule, "codes")
    return digits


def challenge_of(capture: Capture) -> Challenge | None:
    """The ChallengeFormat; None where it is absent."""
    rule = grammar.CHALLENGE_FORMAT
    if not capture.has(rule):
        return None
    encoding = capture.attribute(rule, "Encoding", "Format")
    if encoding is None or encoding not in VALUE_FORMATS:
        raise Malformed("ChallengeFormat has no Encoding of RFC 6030", capture.place(rule))
    try:
        shortest = lexical.integer(capture.attribute(rule, "Min") or "", 0, MAX_INT)
        longest = lexical.integer(capture.attribute(rule, "Max") or "", shortest, MAX_INT)
    except ValueError as flaw:
        reason = f"ChallengeFormat cannot be read (Min, Max): {flaw}"
        raise Malformed(reason, capture.place(rule)) from None
    _no_check_digit(capture, rule, "challenges")
    return Challenge(encoding, shortest, longest)


def _no_check_digit(capture: Capture, rule: Rule, what: str) -> None:
    try:
        checked = lexical.boolean(capture.attribute(rule, "CheckDigits", "CheckDigit") or "false")
    except ValueError as flaw:
        reason = f"{rule.local} cannot be read (CheckDigits): {flaw}"
        raise Malformed(reason, capture.place(rule)) from None
    if checked:
        raise Unsupported(f"{what} with a check digit are not read here", capture.place(rule))
