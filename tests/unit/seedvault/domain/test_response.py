"""A response answers one question of one token, and what moves in it is spent."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain import ocra, pin_keeping, response, restoring
from seedvault.domain.names import UserName
from seedvault.domain.ocra import Inputs
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.policy import DEFAULT
from seedvault.domain.response import Response
from seedvault.domain.token import Bound, InStock, Progress
from tests.support.fakes import MacOf, mac_of
from tests.support.tokens import HOTP, NOON, device
from tests.unit.seedvault.domain.tokens import SEED, Watched

NEW = Progress(0, NOON)
QUESTION = "12345678"
MINUTE_AT_NOON = int(NOON.timestamp()) // 60
PLAIN, COUNTING, TIMED, BOTH, WITH_PIN, WITH_SESSION = (
    OcraParameters(f"OCRA-1:HOTP-SHA1-8:{rest}")
    for rest in ("QN08", "C-QN08", "QN08-T1M", "C-QN08-T1M", "QN08-PSHA256", "QN08-S004")
)


def token(parameters: OcraParameters, progress: Progress = NEW) -> Bound:
    return Bound(device(1, parameters), progress, UserName("alice"), NOON)


def shown(parameters: OcraParameters, **inputs: int | bytes) -> Response:
    """What the token shows, to the question of all these tests."""
    given = Inputs(QUESTION, **inputs)  # type: ignore[arg-type]  # each test names what it means
    return Response(ocra.response(mac_of(SEED), parameters, given), QUESTION, given.session)


def verify(
    parameters: OcraParameters, given: Response, progress: Progress = NEW
) -> tuple[Progress, Outcome]:
    return response.verify(token(parameters, progress), given, NOON, DEFAULT, mac_of(SEED))


def test_the_right_response_is_accepted_and_counted() -> None:
    progress, outcome = verify(PLAIN, shown(PLAIN))
    assert outcome == Accepted(0, 0)
    assert progress == Progress(1, NOON, uses=1)


def test_the_right_response_to_another_question_is_not() -> None:
    other = replace(shown(PLAIN), question="12345679")
    assert verify(PLAIN, other)[1] == Rejected(Reason.NO_MATCH)


def test_a_wrong_response_is_charged_once() -> None:
    progress, outcome = verify(COUNTING, Response("00000000", QUESTION))
    assert outcome == Rejected(Reason.NO_MATCH)
    assert progress == Progress(0, NOON, failures=1, last_failure_at=NOON)


def test_acceptance_forgets_failures_and_nothing_else() -> None:
    before = Progress(7, NOON, drift_steps=3, failures=2, last_failure_at=NOON, resyncs=1)
    progress, _ = verify(COUNTING, shown(COUNTING, counter=7), before)
    assert progress == Progress(8, NOON, drift_steps=3, resyncs=1, uses=1)


@pytest.mark.parametrize("ahead", [0, 1, DEFAULT.look_ahead])
def test_a_counter_is_looked_for_ahead_and_spent_with_all_before_it(ahead: int) -> None:
    progress, outcome = verify(COUNTING, shown(COUNTING, counter=5 + ahead), Progress(5, NOON))
    assert outcome == Accepted(5 + ahead, ahead)
    assert progress.next_factor == 6 + ahead


@pytest.mark.parametrize("counter", [4, 5 + DEFAULT.look_ahead + 1])
def test_a_counter_behind_or_too_far_ahead_is_not_found(counter: int) -> None:
    _, outcome = verify(COUNTING, shown(COUNTING, counter=counter), Progress(5, NOON))
    assert outcome == Rejected(Reason.NO_MATCH)


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_clock_may_differ_by_a_step_and_its_drift_is_learnt(offset: int) -> None:
    step = MINUTE_AT_NOON + offset
    progress, outcome = verify(TIMED, shown(TIMED, time_step=step))
    assert outcome == Accepted(step, offset)
    assert (progress.drift_steps, progress.next_factor) == (offset, step)


@pytest.mark.parametrize("offset", [-2, 2])
def test_a_clock_further_away_is_not_found(offset: int) -> None:
    given = shown(TIMED, time_step=MINUTE_AT_NOON + offset)
    assert verify(TIMED, given)[1] == Rejected(Reason.NO_MATCH)


def test_a_learnt_drift_is_followed() -> None:
    before = Progress(0, NOON, drift_steps=5)
    given = shown(TIMED, time_step=MINUTE_AT_NOON + 6)
    assert verify(TIMED, given, before)[1] == Accepted(MINUTE_AT_NOON + 6, 6)


def test_a_second_question_within_one_time_step_is_answered_too() -> None:
    progress, _ = verify(TIMED, shown(TIMED, time_step=MINUTE_AT_NOON))
    _, outcome = verify(TIMED, shown(TIMED, time_step=MINUTE_AT_NOON), progress)
    assert outcome == Accepted(MINUTE_AT_NOON, 0)


def test_a_clock_never_goes_back() -> None:
    progress, _ = verify(TIMED, shown(TIMED, time_step=MINUTE_AT_NOON))
    given = shown(TIMED, time_step=MINUTE_AT_NOON - 1)
    assert verify(TIMED, given, progress)[1] == Rejected(Reason.NO_MATCH)


def test_a_counter_with_a_clock_is_found_wherever_both_stand() -> None:
    given = shown(BOTH, counter=9, time_step=MINUTE_AT_NOON - 1)
    progress, outcome = verify(BOTH, given, Progress(4, NOON))
    assert outcome == Accepted(9, 5)
    assert (progress.next_factor, progress.drift_steps) == (10, -1)


@pytest.mark.parametrize(
    ("parameters", "places"),
    [
        (PLAIN, 1),
        (COUNTING, 1 + DEFAULT.look_ahead),
        (TIMED, 3),
        (BOTH, 3 + 3 * DEFAULT.look_ahead),
    ],
)
def test_every_place_is_looked_at_whether_or_not_one_was_found(
    parameters: OcraParameters, places: int
) -> None:
    right = shown(parameters, counter=0, time_step=MINUTE_AT_NOON - 1)
    for given in (right, Response("00000000", QUESTION)):
        watched = Watched(mac_of(SEED))
        response.verify(token(parameters), given, NOON, DEFAULT, watched)
        assert watched.calls == places


def test_the_highest_of_two_counters_with_one_response_is_spent() -> None:
    everywhere = MacOf(lambda _: bytes(20))
    given = Response("00000000", QUESTION)
    progress, _ = response.verify(token(COUNTING), given, NOON, DEFAULT, everywhere)
    assert progress.next_factor == DEFAULT.look_ahead + 1


def test_a_hexadecimal_response_is_taken_in_either_case() -> None:
    uncut = OcraParameters("OCRA-1:HOTP-SHA1-0:QN08")
    given = shown(uncut)
    assert verify(uncut, replace(given, text=given.text.upper()))[1] == Accepted(0, 0)


def test_the_pin_is_computed_over() -> None:
    mac = mac_of(SEED)
    right, wrong = (hashlib.sha256(pin).digest() for pin in (b"1234", b"1235"))
    kept = pin_keeping.mask(mac, right, b"nonce")
    holder = replace(token(WITH_PIN), pin=kept)
    for pin_hash, accepted in ((right, True), (wrong, False)):
        given = shown(WITH_PIN, pin_hash=pin_hash)
        _, outcome = response.verify(holder, given, NOON, DEFAULT, mac)
        assert isinstance(outcome, Accepted) is accepted


def test_a_token_whose_pin_is_not_known_is_held_back() -> None:
    assert response.held_back(token(WITH_PIN), NOON, DEFAULT) == Rejected(Reason.NO_PIN)
    kept = pin_keeping.mask(mac_of(SEED), b"h" * 32, b"nonce")
    assert response.held_back(replace(token(WITH_PIN), pin=kept), NOON, DEFAULT) is None


def test_a_session_is_computed_over_filled_up_on_the_left() -> None:
    given = shown(WITH_SESSION, session=b"\x07")
    assert verify(WITH_SESSION, given)[1] == Accepted(0, 0)
    assert verify(WITH_SESSION, replace(given, session=b"\x00\x07"))[1] == Accepted(0, 0)
    assert verify(WITH_SESSION, replace(given, session=b"\x07\x00"))[1] != Accepted(0, 0)


@pytest.mark.parametrize(
    ("parameters", "session"),
    [(PLAIN, b""), (PLAIN, b"1"), (WITH_SESSION, None), (WITH_SESSION, b"12345")],
)
def test_a_session_that_the_suite_does_not_have_is_malformed(
    parameters: OcraParameters, session: bytes | None
) -> None:
    assert response.is_malformed(parameters, Response("00000000", QUESTION, session))


def test_a_session_of_the_suite_is_not() -> None:
    assert not response.is_malformed(WITH_SESSION, Response("00000000", QUESTION, b"1234"))


@pytest.mark.parametrize("text", ["", "0000000", "000000000", "0000000a", " 0000000"])
def test_what_is_no_response_of_the_suite_is_malformed(text: str) -> None:
    assert response.is_malformed(PLAIN, Response(text, QUESTION))


def test_a_token_in_stock_answers_nobody() -> None:
    in_stock = InStock(device(1, PLAIN), NEW)
    assert response.held_back(in_stock, NOON, DEFAULT) == Rejected(Reason.NOT_BOUND)


def test_a_token_that_computes_codes_answers_nothing() -> None:
    bound = Bound(device(1, HOTP), NEW, UserName("alice"), NOON)
    assert response.held_back(bound, NOON, DEFAULT) == Rejected(Reason.NO_CHALLENGES)


def test_a_locked_token_answers_nothing() -> None:
    locked = Progress(0, NOON, failures=DEFAULT.lock_at, last_failure_at=NOON)
    refused = response.held_back(token(PLAIN, locked), NOON, DEFAULT)
    assert refused == Rejected(Reason.LOCKED, NOON + DEFAULT.lock_for)


def test_an_expired_token_answers_nothing() -> None:
    later = NOON + timedelta(days=10 * 366)
    assert response.held_back(token(PLAIN), later, DEFAULT) == Rejected(Reason.EXPIRED)


def test_a_token_that_a_restore_holds_back_answers_nothing() -> None:
    held = token(COUNTING, Progress(0, NOON, must_resync=True))
    assert response.held_back(held, NOON, DEFAULT) == Rejected(Reason.NEEDS_RESYNC)


@pytest.mark.parametrize("parameters", [PLAIN, COUNTING, TIMED])
def test_what_is_known_to_be_accepted_is_spent_as_it_was(parameters: OcraParameters) -> None:
    given = shown(parameters, counter=4, time_step=MINUTE_AT_NOON + 1)
    before = Progress(3, NOON, drift_steps=1, failures=2, last_failure_at=NOON)
    after, outcome = verify(parameters, given, before)
    assert isinstance(outcome, Accepted)
    device_of = token(parameters).device
    assert restoring.spent_since(device_of, before, outcome.factor, NOON) == after
    assert restoring.spent_since(device_of, after, 0, NOON) == after


def test_a_response_repeats_no_session() -> None:
    assert "secret" not in repr(Response("1", "2", b"secret"))
