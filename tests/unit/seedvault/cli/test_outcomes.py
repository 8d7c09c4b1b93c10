"""A decision about a code, in words that tell staff what to try next."""

import pytest

from seedvault.cli.outcomes import drift_words, outcome_fields, rejected
from seedvault.domain.outcome import Accepted, Reason, Rejected
from tests.support.tokens import NOON, serial

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
        (239, 30, "+239 steps (120 min fast)"),
        (-2_880, 30, "-2880 steps (24 h slow)"),
    ],
)
def test_a_drift_is_told_in_steps_and_in_time(steps: int, step_s: int, words: str) -> None:
    assert drift_words(steps, step_s) == words


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
