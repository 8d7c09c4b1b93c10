"""Challenge-response keys: a suite, and elements that must not contradict it (RFC 6287)."""

from importers import ocra_suite
from importers.errors import Malformed
from importers.model import OcraParameters
from importers.ocra_suite import OcraSuite
from importers.pskc import grammar
from importers.pskc.codes import challenge_of, decimal_digits
from importers.pskc.numbers import MAX_INT, Numbers
from importers.xml import Capture

_CHALLENGES = {"A": "ALPHANUMERIC", "N": "DECIMAL", "H": "HEXADECIMAL"}
_SUITE_MARK = "#ocra-1:"  # draft spelling: the suite is the fragment of Algorithm's URI


def names_ocra(uri: str) -> bool:
    """Whether Algorithm's URI is OCRA's in the draft spelling, with the suite in it."""
    return _SUITE_MARK in uri.casefold()


def ocra_parameters(numbers: Numbers) -> OcraParameters:
    """The parameters of a key package's OCRA key."""
    capture = numbers.capture
    text = _suite_text(capture)
    try:
        suite = ocra_suite.parse(text)
    except ValueError as flaw:
        raise Malformed(f"Suite cannot be read: {flaw}", capture.place(grammar.SUITE)) from None
    _check_response(capture, suite)
    _check_challenge(capture, suite)
    _check_step(numbers, suite)
    return OcraParameters(
        text, numbers.count(grammar.COUNTER) if suite.counter else 0, numbers.drift()
    )


def _suite_text(capture: Capture) -> str:
    uri = (capture.attribute(grammar.KEY, "Algorithm") or "").strip()
    named = uri.partition("#")[2] if names_ocra(uri) else None
    told = (capture.text(grammar.SUITE) or "").strip() or named
    if told is None:
        raise Malformed("Suite is missing: what is computed?", capture.place(grammar.SUITE))
    if named is not None and named != told:
        raise Malformed("Suite and Algorithm contradict each other", capture.place(grammar.SUITE))
    return told


def _check_response(capture: Capture, suite: OcraSuite) -> None:
    if not suite.digits or not capture.has(grammar.RESPONSE_FORMAT):
        return
    if decimal_digits(capture, 4, 10) != suite.digits:
        raise Malformed(
            "ResponseFormat and Suite contradict each other",
            capture.place(grammar.RESPONSE_FORMAT),
        )


def _check_challenge(capture: Capture, suite: OcraSuite) -> None:
    challenge = challenge_of(capture)
    if challenge is None:
        return
    if (
        challenge.encoding != _CHALLENGES[suite.challenge]
        or challenge.longest > suite.challenge_length
    ):
        raise Malformed(
            "ChallengeFormat and Suite contradict each other",
            capture.place(grammar.CHALLENGE_FORMAT),
        )


def _check_step(numbers: Numbers, suite: OcraSuite) -> None:
    """A suite's own time step starts at 1970, and no other is computed over."""
    step_s = numbers.number(grammar.TIME_INTERVAL, 1, MAX_INT)
    if step_s not in {None, suite.step_s} or numbers.number(grammar.TIME, 0, MAX_INT):
        raise Malformed(
            "Time or TimeInterval and Suite contradict each other",
            numbers.capture.place(grammar.TIME_INTERVAL.element),
        )
