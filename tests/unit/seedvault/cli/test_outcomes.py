"""A decision about a code, in words that tell staff what to try next."""

import pytest

from seedvault.cli.outcomes import (
    drift_words,
    not_resynchronised,
    outcome_fields,
    rejected,
    resynchronised,
)
from seedvault.domain.outcome import Accepted, Reason, Rejected
from tests.support.tokens import HOTP, NOON, TOTP, serial

SERIAL = serial(1)


@pytest.mark.parametrize("reason", Reason)
def test_every_rejection_is_told_by_its_reason(reason: Reason) -> None:
    assert rejected(SERIAL, Rejected(reason)).startswith(f"rejected: {reason.value}")


@pytest.mark.parametrize(
    ("reason", "command"),
    [
        (Reason.NO_MATCH, "seedvault token resync GALT10000001"),
        (Reason.NOT_BOUND, "seedvault token assign GALT10000001 USER"),
        (Reason.LOCKED, "seedvault token unlock GALT10000001"),
        (Reason.DISABLED, "seedvault token unlock GALT10000001"),
    ],
)
def test_a_rejection_that_staff_can_mend_names_the_command(reason: Reason, command: str) -> None:
    assert rejected(SERIAL, Rejected(reason)).splitlines()[1].endswith(command)


def test_a_resynchronisation_without_a_match_says_what_to_check_and_not_to_repeat_it() -> None:
    told = not_resynchronised(SERIAL, Rejected(Reason.NO_MATCH))
    assert told.splitlines()[0] == "rejected: no match"
    assert "seedvault token resync" not in told
    for check in ("is GALT10000001 the serial on the token?", "follow", "new"):
        assert check in told


@pytest.mark.parametrize("reason", [each for each in Reason if each is not Reason.NO_MATCH])
def test_a_resynchronisation_is_rejected_in_the_words_of_any_other_code(reason: Reason) -> None:
    outcome = Rejected(reason)
    assert not_resynchronised(SERIAL, outcome) == rejected(SERIAL, outcome)


def test_a_rejection_that_time_heals_says_until_when() -> None:
    until = NOON.astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    assert f"too soon after failures until {until}" in rejected(
        SERIAL, Rejected(Reason.DELAYED, NOON)
    )


@pytest.mark.parametrize(
    ("steps", "step_s", "words"),
    [
        (0, 30, "+0 steps"),
        (1, 30, "+1 steps (30 s fast)"),
        (-1, 30, "-1 steps (30 s slow)"),
        (2, 30, "+2 steps (1 min fast)"),
        (4, 30, "+4 steps (2 min fast)"),
        (-5, 30, "-5 steps (2.5 min slow)"),
        (40, 60, "+40 steps (40 min fast)"),
    ],
)
def test_a_drift_is_told_in_steps_and_in_time(steps: int, step_s: int, words: str) -> None:
    assert drift_words(steps, step_s) == words


def test_a_clock_found_again_is_told_by_its_drift() -> None:
    found = resynchronised(TOTP, Accepted(1_000, 4))
    assert found == "resynchronised: clock +4 steps (2 min fast); both codes are spent"


def test_a_counter_found_again_is_told_by_what_was_skipped() -> None:
    found = resynchronised(HOTP, Accepted(30, 17))
    assert found == "resynchronised: counter +17; both codes are spent"


def test_an_acceptance_for_a_program_has_its_factor_and_offset() -> None:
    assert outcome_fields(SERIAL, Accepted(7, -1)) == {
        "serial": "GALT10000001",
        "accepted": True,
        "factor": 7,
        "offset": -1,
    }


def test_a_rejection_for_a_program_is_a_word_that_does_not_change() -> None:
    assert outcome_fields(SERIAL, Rejected(Reason.ALREADY_USED, NOON)) == {
        "serial": "GALT10000001",
        "accepted": False,
        "reason": "already-used",
        "until": NOON,
    }
