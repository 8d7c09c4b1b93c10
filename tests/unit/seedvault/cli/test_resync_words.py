"""What a resynchronisation found, told so that staff know what to do next."""

import pytest

from seedvault.cli.outcomes import rejected
from seedvault.cli.resync_words import fields, found, not_found
from seedvault.domain.finding import Absent, Backwards, Consecutive, Finding, Scattered
from seedvault.domain.outcome import Accepted, Reason, Rejected
from seedvault.service.resync import Answer
from tests.support.tokens import HOTP, TOTP, serial

SERIAL = serial(1)
NO_MATCH = Rejected(Reason.NO_MATCH)


def test_a_clock_found_again_is_told_by_its_drift() -> None:
    told = found(TOTP, Accepted(1_000, 4), codes=2)
    assert told == "resynchronised: clock +4 steps (2 min fast); both codes are spent"


def test_a_counter_found_again_is_told_by_what_was_skipped() -> None:
    told = found(HOTP, Accepted(30, 17), codes=3)
    assert told == "resynchronised: counter +17; all three codes are spent"


def test_codes_that_are_nowhere_are_a_reason_to_look_at_the_serial() -> None:
    told = not_found(SERIAL, NO_MATCH, Absent(), codes=2)
    assert told.splitlines()[0] == "rejected: not found: check the serial"
    for check in ("is GALT10000001 the one on the token?", "follow", "new", "--wide"):
        assert check in told


def test_a_wide_search_that_finds_nothing_is_not_to_be_repeated() -> None:
    assert "seedvault token resync" not in not_found(SERIAL, NO_MATCH, Absent(), codes=3)


def test_scattered_codes_are_told_with_their_places() -> None:
    outcome, finding = Rejected(Reason.NOT_CONSECUTIVE), Scattered((3, -7))
    told = not_found(SERIAL, outcome, finding, codes=2).splitlines()[0]
    assert told == "rejected: found, but not consecutive: first at +3, second at -7"


def test_three_scattered_codes_have_three_places() -> None:
    assert str(Scattered((0, 1, 5))) == "first at +0, second at +1, third at +5"


def test_how_far_it_would_go_backwards_is_told() -> None:
    told = not_found(SERIAL, Rejected(Reason.BACKWARDS), Backwards(12), codes=2).splitlines()[0]
    expected = "rejected: would go backwards: found 12 before the first that is not spent"
    assert told == expected


@pytest.mark.parametrize("reason", [Reason.LOCKED, Reason.RESYNCS_SPENT, Reason.SAME_CODE])
def test_what_was_not_searched_is_told_in_the_words_of_any_other_code(reason: Reason) -> None:
    outcome = Rejected(reason)
    assert not_found(SERIAL, outcome, None, codes=2) == rejected(SERIAL, outcome)


@pytest.mark.parametrize(
    ("finding", "told"),
    [
        (Consecutive(4), {"finding": "consecutive", "offsets": None, "back": None}),
        (Scattered((3, 7)), {"finding": "scattered", "offsets": (3, 7), "back": None}),
        (Backwards(12), {"finding": "backwards", "offsets": None, "back": 12}),
        (Absent(), {"finding": "absent", "offsets": None, "back": None}),
        (None, {"finding": None, "offsets": None, "back": None}),
    ],
)
def test_a_finding_for_a_program_is_a_word_and_its_numbers(
    finding: Finding | None, told: dict[str, object]
) -> None:
    outcome = {"serial": "GALT10000001", "accepted": False, "reason": "no-match", "until": None}
    assert fields(SERIAL, Answer(NO_MATCH, finding)) == {**outcome, **told}
