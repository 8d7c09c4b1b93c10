"""A challenge is for one token and one response; what is accepted for it is accepted once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain.audit import EventKind
from seedvault.domain.challenge import Challenge, ChallengeId, Purpose
from seedvault.domain.errors import Conflict, InvalidInput, SealBroken, StorageUnavailable
from seedvault.domain.ocra_suite import OcraParameters
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.policy import DEFAULT
from seedvault.service.challenge import Answer
from seedvault.service.search_scope import OfUser
from tests.support.policies import Everywhere
from tests.support.tokens import HOTP, NOON, OCRA, serial
from tests.unit.seedvault.service.world import ALICE, PATIENT, World

COUNTING = OcraParameters("OCRA-1:HOTP-SHA1-8:C-QN08")
TINY = OcraParameters("OCRA-1:HOTP-SHA1-6:QN04")
UNKNOWN = ChallengeId("0123456789abcdef")
MS = timedelta(milliseconds=1)


def respond(world: World, issued: Challenge, text: str | None = None) -> Outcome:
    """The token's answer, or `text`, handed in."""
    shown = world.response(issued) if text is None else text
    return world.respond(serial(1), Answer(issued.id, shown), "rp")


def wrong(world: World, issued: Challenge) -> str:
    right = world.response(issued)
    return f"{(int(right) + 1) % 10 ** len(right):0{len(right)}d}"


def test_the_right_response_is_accepted_and_on_record(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue()
    assert respond(world, issued) == Accepted(0, 0)
    (event,) = world.events(EventKind.CODE_ACCEPTED)
    assert (event.user, event.factor) == ("alice", 0)
    assert event.detail == f"offset +0; challenge {issued.id}"


def test_a_challenge_says_what_it_is(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue()
    assert (len(issued.question), issued.purpose) == (8, Purpose.LOGIN)
    assert (issued.issued_at, issued.expires_at) == (NOON, NOON + DEFAULT.challenge_for)
    (event,) = world.events(EventKind.CHALLENGE_ISSUED)
    assert event.detail == f"{issued.id} to login: {issued.question}"


def test_each_challenge_has_another_question_and_another_id(world: World) -> None:
    world.bound(1, OCRA)
    first, second = world.issue(), world.issue()
    assert first.question != second.question
    assert first.id != second.id


def test_the_same_response_again_is_refused(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue()
    respond(world, issued)
    assert respond(world, issued) == Rejected(Reason.NO_CHALLENGE)


def test_a_wrong_response_ends_the_challenge_and_is_charged(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue()
    assert respond(world, issued, wrong(world, issued)) == Rejected(Reason.NO_MATCH)
    assert respond(world, issued) == Rejected(Reason.NO_CHALLENGE)
    assert world.progress().failures == 1
    assert world.events(EventKind.CODE_REJECTED)[-1].detail == f"no match; challenge {issued.id}"


def test_a_malformed_response_ends_nothing_and_opens_no_seed(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue()
    assert respond(world, issued, "12345") == Rejected(Reason.MALFORMED)
    assert (world.keys.opened, world.progress().failures) == ([], 0)
    assert respond(world, issued) == Accepted(0, 0)


def test_the_response_to_another_open_challenge_is_refused(world: World) -> None:
    world.bound(1, OCRA)
    first, second = world.issue(), world.issue()
    assert respond(world, first, world.response(second)) == Rejected(Reason.NO_MATCH)


def test_another_tokens_challenge_is_none_of_this_one(world: World) -> None:
    world.bound(1, OCRA)
    world.bound(2, OCRA)
    issued = world.issue(number=2)
    assert respond(world, issued) == Rejected(Reason.NO_CHALLENGE)
    assert (world.keys.opened, world.progress().failures) == ([], 0)


def test_a_challenge_that_was_never_issued_is_refused_uncharged(world: World) -> None:
    world.bound(1, OCRA)
    made_up = Challenge(UNKNOWN, "12345678", Purpose.LOGIN, NOON, NOON + MS)
    assert respond(world, made_up) == Rejected(Reason.NO_CHALLENGE)
    assert (world.keys.opened, world.progress().failures) == ([], 0)


@pytest.mark.parametrize(
    ("early", "outcome"), [(MS, Accepted(0, 0)), (0 * MS, Rejected(Reason.CHALLENGE_OVER))]
)
def test_a_challenge_expires_at_the_moment_that_was_said(
    world: World, early: timedelta, outcome: Outcome
) -> None:
    world.bound(1, OCRA)
    issued = world.issue()
    world.clock.now = issued.expires_at - early
    assert respond(world, issued) == outcome


def test_a_new_challenge_takes_the_oldests_place(world: World) -> None:
    world.bound(1, OCRA)
    oldest, *others = [world.issue() for _ in range(1 + DEFAULT.challenges_open)]
    assert respond(world, oldest) == Rejected(Reason.NO_CHALLENGE)
    for issued in others:
        assert isinstance(respond(world, issued), Accepted)


def test_tokens_do_not_take_each_others_places(world: World) -> None:
    world.bound(1, OCRA)
    world.bound(2, OCRA)
    issued = world.issue()
    for _ in range(1 + DEFAULT.challenges_open):
        world.issue(number=2)
    assert respond(world, issued) == Accepted(0, 0)


def test_a_counter_is_spent_with_the_challenge(world: World) -> None:
    world.bound(1, COUNTING)
    issued = world.issue()
    assert respond(world, issued, world.response(issued, counter=3)) == Accepted(3, 3)
    again = world.issue()
    assert respond(world, again, world.response(again, counter=3)) == Rejected(Reason.NO_MATCH)


@pytest.mark.parametrize("question", ["", "123456789", "abc"])
def test_a_question_that_the_token_cannot_be_asked_is_refused(world: World, question: str) -> None:
    world.bound(1, OCRA)
    with pytest.raises(InvalidInput, match="question"):
        world.challenge(serial(1), "rp", question)
    assert world.events(EventKind.CHALLENGE_ISSUED) == []


def test_a_question_of_the_callers_own_is_to_be_signed(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue("00149900")
    assert (issued.question, issued.purpose) == ("00149900", Purpose.SIGN)
    assert respond(world, issued) == Accepted(0, 0)


def test_a_question_is_signed_once_ever(world: World) -> None:
    world.bound(1, OCRA)
    respond(world, world.issue("00149900"))
    world.clock.advance(timedelta(days=365))
    with pytest.raises(Conflict, match="signed this question already"):
        world.challenge(serial(1), "rp", "149900")  # to the token, the same number


def test_a_question_whose_response_was_wrong_may_be_asked_again(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue("00149900")
    respond(world, issued, wrong(world, issued))
    assert respond(world, world.issue("00149900")) == Accepted(0, 0)


def test_a_token_that_counts_may_sign_the_same_again(world: World) -> None:
    world.bound(1, COUNTING)
    for counter in range(2):
        issued = world.issue("00149900")
        shown = world.response(issued, counter=counter)
        assert respond(world, issued, shown) == Accepted(counter, 0)


def test_a_question_asked_twice_is_open_once(world: World) -> None:
    world.bound(1, OCRA)
    first, second = world.issue("00149900"), world.issue("149900")
    assert respond(world, first) == Rejected(Reason.NO_CHALLENGE)
    assert respond(world, second) == Accepted(0, 0)


def test_a_random_question_that_was_signed_is_drawn_again(world: World) -> None:
    world.bound(1, TINY)
    drawn = [b"\x00" * 12, b"i" * 8, b"\x00" * 11 + b"\x07", b"j" * 8]
    issuing = replace(world.challenge, entropy=lambda _: drawn.pop(0))
    respond(world, world.issue("0000"))
    issued = issuing(serial(1), "rp")
    assert isinstance(issued, Challenge)
    assert (issued.question, drawn) == ("0007", [])


def test_one_challenge_is_answered_by_one_of_many_at_once(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue()
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: respond(world, issued), range(64)))
    assert sum(isinstance(outcome, Accepted) for outcome in outcomes) == 1
    assert len(world.events(EventKind.CODE_ACCEPTED)) == 1


def test_of_many_guesses_at_once_one_is_told_its_outcome(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue()
    guessing = replace(world.respond, policies=Everywhere(PATIENT))
    bad = wrong(world, issued)
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(
            pool.map(lambda _: guessing(serial(1), Answer(issued.id, bad), "rp"), range(64))
        )
    assert outcomes.count(Rejected(Reason.NO_MATCH)) == 1
    assert world.progress().failures == 1


def test_a_response_whose_commit_fails_is_not_called_accepted(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue()
    world.vault.full = True
    with pytest.raises(StorageUnavailable):
        respond(world, issued)
    world.vault.full = False
    assert respond(world, issued) == Accepted(0, 0)


def test_guesses_lock_the_token_and_then_no_challenge_is_issued(world: World) -> None:
    world.bound(1, OCRA)
    for _ in range(DEFAULT.lock_at):
        issued = world.issue()
        respond(world, issued, wrong(world, issued))
        world.clock.advance(timedelta(seconds=64))
    locked = world.challenge(serial(1), "rp")
    assert isinstance(locked, Rejected)
    assert locked.reason is Reason.LOCKED
    assert world.events(EventKind.CHALLENGE_REFUSED)[0].detail == "locked"


def test_a_token_in_stock_is_asked_nothing(world: World) -> None:
    world.stocked(1, OCRA)
    assert world.challenge(serial(1), "rp") == Rejected(Reason.NOT_BOUND)


def test_a_token_that_computes_codes_is_asked_nothing(world: World) -> None:
    world.bound(1, HOTP)
    assert world.challenge(serial(1), "rp") == Rejected(Reason.NO_CHALLENGES)


def test_a_code_handed_in_for_a_token_that_answers_is_refused(world: World) -> None:
    world.bound(1, OCRA)
    refused = Rejected(Reason.NEEDS_CHALLENGE)
    assert world.verify(serial(1), "123456", "rp") == refused
    assert world.resync(serial(1), ("123456", "123457"), "helen") == refused
    assert world.resync.refusal(serial(1)) == refused
    world.stocked(2, OCRA)
    assert world.assign(serial(2), world.vault.users()[0].name, "helen", "123456") == refused


def test_a_search_for_a_code_leaves_a_token_that_answers_out(world: World) -> None:
    world.bound(1, OCRA)
    searched = world.find(("123456",), OfUser(ALICE), "helen")
    assert [each.why for each in searched.left_out] == [Reason.NEEDS_CHALLENGE.value]
    assert world.keys.opened == []


def test_a_row_that_was_tampered_with_is_asked_nothing(world: World) -> None:
    token = world.bound(1, OCRA)
    issued = world.issue()
    world.break_seal(token)
    with pytest.raises(SealBroken):
        world.challenge(token, "rp")
    with pytest.raises(SealBroken):
        respond(world, issued)
    assert len(world.events(EventKind.SEAL_BROKEN)) == 2


def test_a_dry_run_issues_nothing_and_ends_nothing(world: World) -> None:
    world.bound(1, OCRA)
    issued = world.issue()
    answer = Answer(issued.id, world.response(issued))
    assert world.challenge.refusal(serial(1)) is None
    assert world.respond.refusal(serial(1), answer) is None
    assert world.respond.refusal(serial(1), Answer(UNKNOWN, "123456")) == Rejected(
        Reason.NO_CHALLENGE
    )
    assert len(world.events(EventKind.CHALLENGE_ISSUED)) == 1
    assert respond(world, issued) == Accepted(0, 0)


def test_an_answer_repeats_no_session() -> None:
    assert "secret" not in repr(Answer(UNKNOWN, "1", b"secret"))
