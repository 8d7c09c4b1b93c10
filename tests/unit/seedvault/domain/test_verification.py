"""One code: accepted once, inside its window, and never again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from seedvault.domain import verification
from seedvault.domain.names import UserName
from seedvault.domain.oath import Digest, HotpParameters
from seedvault.domain.outcome import Accepted, Outcome, Reason, Rejected
from seedvault.domain.pin import PinRule
from seedvault.domain.pin_keeping import KeptPin, MaskedPin, StretchCost, StretchedPin
from seedvault.domain.policy import DEFAULT
from seedvault.domain.token import (
    Bound,
    InStock,
    Progress,
    Quarantined,
    Retired,
    Revoked,
    Suspended,
    Token,
)
from tests.support.fakes import MacOf, mac_of
from tests.support.tokens import HOTP, NOON, OCRA, STEP_AT_NOON, TOTP, device
from tests.unit.seedvault.domain.tokens import SEED, bound, code, code_now

NEW = Progress(0, NOON)
DEVICE = device(1)
STRETCHED = StretchedPin(StretchCost(memory_kib=64, passes=1, lanes=1), bytes(16), bytes(32))
STEP = timedelta(seconds=30)
MS = timedelta(milliseconds=1)


def verify_clock(progress: Progress, shown: str, later: int = 0) -> tuple[Progress, Outcome]:
    """One code of a TOTP token, `later` steps after noon."""
    mac = mac_of(SEED, TOTP.digest)
    return verification.verify(bound(progress), shown, NOON + later * STEP, DEFAULT, mac)


def verify_counter(progress: Progress, shown: str) -> tuple[Progress, Outcome]:
    return verification.verify(bound(progress, HOTP), shown, NOON, DEFAULT, mac_of(SEED))


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_code_within_a_step_of_our_clock_is_accepted(offset: int) -> None:
    _, outcome = verify_clock(NEW, code_now(offset))
    assert outcome == Accepted(STEP_AT_NOON + offset, offset)


@pytest.mark.parametrize("offset", [-2, 2])
def test_a_code_two_steps_away_is_not(offset: int) -> None:
    _, outcome = verify_clock(NEW, code_now(offset))
    assert outcome == Rejected(Reason.NO_MATCH)


def test_acceptance_raises_the_floor_learns_the_drift_and_forgets_failures() -> None:
    before = Progress(7, NOON - STEP, failures=2, last_failure_at=NOON - STEP, resyncs=1)
    after, _ = verify_clock(before, code_now(1))
    assert after == Progress(STEP_AT_NOON + 2, NOON, drift_steps=1, resyncs=1, uses=1)


def test_a_node_that_is_a_step_ahead_costs_the_other_one_step_of_its_window() -> None:
    """The floor is the code's alone; the drift is by the clock of the node that accepted it."""
    by_the_same, _ = verify_clock(NEW, code_now(1))
    by_the_one_ahead, _ = verify_clock(NEW, code_now(1), later=1)
    assert by_the_same.next_factor == by_the_one_ahead.next_factor == STEP_AT_NOON + 2
    assert (by_the_same.drift_steps, by_the_one_ahead.drift_steps) == (1, 0)
    assert verify_clock(by_the_same, code_now(2))[1] == Accepted(STEP_AT_NOON + 2, 2)
    assert verify_clock(by_the_one_ahead, code_now(2))[1] == Rejected(Reason.NO_MATCH)
    assert verify_clock(by_the_one_ahead, code_now(2), later=1)[1] == Accepted(STEP_AT_NOON + 2, 1)


def test_a_learnt_drift_is_followed_further() -> None:
    progress, _ = verify_clock(NEW, code_now(1))
    _, outcome = verify_clock(progress, code_now(12), later=10)
    assert outcome == Accepted(STEP_AT_NOON + 12, 2)


def test_a_code_behind_a_drift_that_was_learnt_is_out_of_the_window() -> None:
    progress, _ = verify_clock(NEW, code_now(1))
    _, outcome = verify_clock(progress, code_now(9), later=10)
    assert outcome == Rejected(Reason.NO_MATCH)


@pytest.mark.parametrize("shown_at", [-1, 0, 1])
@pytest.mark.parametrize("later", [0, 1, 2, 3])
def test_an_accepted_code_is_refused_at_every_offset_of_the_window(
    shown_at: int, later: int
) -> None:
    # devise-two-factor CVE-2021-43177: its first fix left the trailing step open to replay.
    progress, _ = verify_clock(NEW, code_now(shown_at))
    _, outcome = verify_clock(progress, code_now(shown_at), later)
    assert isinstance(outcome, Rejected)


@pytest.mark.parametrize("older", [-1, 0])
def test_what_was_due_before_an_accepted_code_is_spent_with_it(older: int) -> None:
    progress, _ = verify_clock(NEW, code_now(1))
    _, outcome = verify_clock(progress, code_now(older), later=-1)
    assert outcome == Rejected(Reason.ALREADY_USED)


def test_the_next_code_of_a_clock_is_accepted_after_an_acceptance() -> None:
    # privacyIDEA: an acceptance that blocks the next valid code.
    progress, _ = verify_clock(NEW, code_now(0))
    _, outcome = verify_clock(progress, code_now(1), later=1)
    assert outcome == Accepted(STEP_AT_NOON + 1, 0)


def test_a_wrong_code_costs_one_failure_and_moves_nothing_else() -> None:
    after, outcome = verify_clock(NEW, code_now(50))
    assert (after, outcome) == (
        replace(NEW, failures=1, last_failure_at=NOON),
        Rejected(Reason.NO_MATCH),
    )


def test_a_spent_code_costs_one_failure() -> None:
    # Gitea CVE-2021-45331: reuse that nobody counted.
    progress, _ = verify_clock(NEW, code_now())
    again, outcome = verify_clock(progress, code_now())
    assert (again.failures, outcome) == (1, Rejected(Reason.ALREADY_USED))


def test_digits_due_twice_in_one_window_spend_both() -> None:
    zeros = bytes(20)
    token = bound(NEW)
    progress, outcome = verification.verify(
        token, "00000000", NOON, DEFAULT, MacOf(lambda _: zeros)
    )
    assert (outcome, progress.next_factor) == (Accepted(STEP_AT_NOON + 1, 1), STEP_AT_NOON + 2)


@pytest.mark.parametrize("skipped", [0, 1, 10])
def test_a_counter_may_have_skipped_up_to_ten(skipped: int) -> None:
    after, outcome = verify_counter(Progress(100, NOON), code(100 + skipped, HOTP))
    assert outcome == Accepted(100 + skipped, skipped)
    assert after.next_factor == 101 + skipped


def test_a_counter_eleven_ahead_is_out_of_reach() -> None:
    _, outcome = verify_counter(Progress(100, NOON), code(111, HOTP))
    assert outcome == Rejected(Reason.NO_MATCH)


def test_the_code_a_counter_gave_last_is_named_already_used() -> None:
    after, outcome = verify_counter(Progress(100, NOON), code(99, HOTP))
    assert (after.next_factor, outcome) == (100, Rejected(Reason.ALREADY_USED))


def test_a_counter_learns_no_drift() -> None:
    after, _ = verify_counter(Progress(100, NOON), code(105, HOTP))
    assert after.drift_steps == 0


def test_counters_accept_each_of_their_codes_once_in_turn() -> None:
    progress, outcomes = Progress(0, NOON), list[Outcome]()
    for counter in range(5):
        progress, outcome = verify_counter(progress, code(counter, HOTP))
        outcomes.append(outcome)
    assert outcomes == [Accepted(counter, 0) for counter in range(5)]


def refusal(*codes: str, progress: Progress = NEW) -> Rejected | None:
    return verification.refusal(bound(progress), codes, NOON, DEFAULT)


def test_a_well_formed_code_of_a_valid_token_is_not_refused() -> None:
    assert refusal("01234567") is None


# FreeIPA CVE-2014-7828 (empty), otpauth GHSA-rmmc-8cqj-hfp3 (short), Vault CVE-2025-6014 and
# OpenBao CVE-2025-55000 (white space).
@pytest.mark.parametrize(
    "text", ["", "0123456", "012345678", " 01234567", "01234567\n", "\uff10" * 8, "0123456x"]
)
def test_what_is_no_code_is_malformed(text: str) -> None:
    assert refusal(text) == Rejected(Reason.MALFORMED)


def test_one_malformed_code_of_two_refuses_both() -> None:
    assert refusal("01234567", "0") == Rejected(Reason.MALFORMED)


def test_a_code_has_the_digits_of_its_own_token() -> None:
    seven = HotpParameters(Digest.SHA1, 7)
    refused = verification.refusal(bound(NEW, seven), ("012345",), NOON, DEFAULT)
    assert refused == Rejected(Reason.MALFORMED)


@pytest.mark.parametrize("before", [MS, timedelta(days=900)])
def test_a_token_is_not_valid_before_its_first_day(before: timedelta) -> None:
    token = bound(NEW)
    first = token.device.not_before
    assert first is not None
    refused = verification.refusal(token, ("01234567",), first - before, DEFAULT)
    assert refused == Rejected(Reason.NOT_YET_VALID, until=first)


def test_a_token_is_expired_after_its_last_moment() -> None:
    token = bound(NEW)
    last = token.device.not_after
    assert last is not None
    refused = verification.refusal(token, ("01234567",), last + MS, DEFAULT)
    assert refused == Rejected(Reason.EXPIRED)


def test_both_ends_of_the_validity_are_inside_it() -> None:
    token = bound(NEW)
    ends = token.device.not_before, token.device.not_after
    assert [
        verification.refusal(token, ("01234567",), end, DEFAULT) for end in ends if end is not None
    ] == [None, None]


def test_a_token_without_dates_is_always_valid() -> None:
    token = bound(NEW)
    undated = replace(token, device=replace(token.device, not_before=None, not_after=None))
    assert verification.refusal(undated, ("01234567",), NOON.replace(year=1999), DEFAULT) is None


def test_a_locked_token_is_refused() -> None:
    refused = refusal("01234567", progress=replace(NEW, failures=10, last_failure_at=NOON))
    assert refused is not None
    assert refused.reason is Reason.LOCKED


def test_a_malformed_code_is_called_so_even_while_the_token_is_locked() -> None:
    locked = replace(NEW, failures=10, last_failure_at=NOON)
    assert refusal("no", progress=locked) == Rejected(Reason.MALFORMED)


def test_a_token_in_stock_proves_nothing_about_anyone() -> None:
    token = InStock(bound(NEW).device, NEW)
    assert verification.held_back(token, (), NOON, DEFAULT) == Rejected(Reason.NOT_BOUND)


def test_a_bound_token_does() -> None:
    assert verification.held_back(bound(NEW), (), NOON, DEFAULT) is None


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (Suspended(DEVICE, NEW, UserName("alice"), NOON, NOON, "lost"), Reason.SUSPENDED),
        (Quarantined(DEVICE, NEW, "not enforced"), Reason.QUARANTINED),
        (Revoked(DEVICE, NEW, NOON, "stolen"), Reason.REVOKED),
        (Retired(DEVICE, NEW, NOON, "worn out"), Reason.RETIRED),
    ],
)
def test_a_token_that_is_not_to_be_used_is_refused_whatever_the_code(
    token: Token, reason: Reason
) -> None:
    for codes in ((), ("no",), (code_now(),)):
        assert verification.refusal(token, codes, NOON, DEFAULT) == Rejected(reason)
        assert verification.held_back(token, codes, NOON, DEFAULT) == Rejected(reason)


@pytest.mark.parametrize(("uses", "refused"), [(1, None), (2, Rejected(Reason.USED_UP))])
def test_a_token_is_used_as_often_as_its_maker_allows(uses: int, refused: Rejected | None) -> None:
    token = bound(replace(NEW, uses=uses))
    limited = replace(token, device=replace(token.device, use_limit=2))
    assert verification.refusal(limited, (code_now(),), NOON, DEFAULT) == refused


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.MALFORMED])
def test_state_dates_limit_and_pin_are_sealed_in_the_row_and_progress_is_not(
    reason: Reason,
) -> None:
    by_row = {
        *(Reason.NOT_BOUND, Reason.SUSPENDED, Reason.QUARANTINED, Reason.REVOKED, Reason.RETIRED),
        *(Reason.NOT_YET_VALID, Reason.EXPIRED, Reason.USED_UP),
        *(Reason.NO_PIN, Reason.NEEDS_CHALLENGE, Reason.NO_CHALLENGES),
    }
    assert verification.rests_on_row(Rejected(reason), (code_now(),)) is (reason in by_row)


@pytest.mark.parametrize(
    ("codes", "by_row"),
    [(("123456",), True), (("12345",), False), (("123456", "12345"), False)],
)
def test_a_code_of_another_length_rests_on_the_row_if_any_token_has_such(
    codes: tuple[str, ...], by_row: bool
) -> None:
    malformed = Rejected(Reason.MALFORMED)
    assert verification.rests_on_row(malformed, codes) is by_row


def test_an_acceptance_is_counted_and_a_rejection_is_not() -> None:
    accepted, _ = verify_clock(NEW, code_now())
    rejected, _ = verify_clock(NEW, code(10**9))
    assert (accepted.uses, rejected.uses) == (1, 0)


def test_one_code_is_not_enough_for_a_token_that_must_resynchronise() -> None:
    token = bound(replace(NEW, must_resync=True))
    needs = Rejected(Reason.NEEDS_RESYNC)
    assert verification.held_back(token, (code_now(),), NOON, DEFAULT) == needs
    assert verification.refusal(token, (code_now(),), NOON, DEFAULT) is None
    assert not verification.rests_on_row(needs, (code_now(),))


@pytest.mark.parametrize(
    ("rule", "pin", "missing"),
    [
        (PinRule.NONE, None, None),
        (PinRule.PREPEND, None, Rejected(Reason.NO_PIN)),
        (PinRule.PREPEND, STRETCHED, None),
        (PinRule.APPEND, MaskedPin(bytes(16), bytes(20)), Rejected(Reason.NO_PIN)),
    ],
)
def test_a_pin_is_missed_where_the_policy_asks_for_one(
    rule: PinRule, pin: KeptPin | None, missing: Rejected | None
) -> None:
    token = replace(bound(NEW), pin=pin)
    assert verification.without_pin(token, replace(DEFAULT, pin=rule)) == missing


def test_a_token_that_answers_challenges_shows_no_codes() -> None:
    answering = Bound(device(1, OCRA), NEW, UserName("alice"), NOON)
    needs = Rejected(Reason.NEEDS_CHALLENGE)
    assert verification.refusal(answering, ("123456",), NOON, DEFAULT) == needs
    assert verification.refusal(answering, (), NOON, DEFAULT) is None
