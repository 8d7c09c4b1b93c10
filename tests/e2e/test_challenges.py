"""Challenge and response as staff and programs use them: SoftHSM, SQLite, the command line."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.support import kept_earlier
from tests.support.cli import CommandLine
from tests.support.ocra_tokens import answer, deliver, serial

PLAIN, COUNTING, WITH_PIN, WITH_SESSION, SHORT = SUITES = (
    "OCRA-1:HOTP-SHA1-6:QN08",
    "OCRA-1:HOTP-SHA1-8:C-QN08",
    "OCRA-1:HOTP-SHA1-6:QN08-PSHA256",
    "OCRA-1:HOTP-SHA1-6:QN08-S004",
    "OCRA-1:HOTP-SHA1-4:QN08",
)


@pytest.fixture
def desk(seedvault: CommandLine, tmp_path: Path) -> CommandLine:
    """A vault with a token of each suite, Alice's where they are in stock."""
    seedvault.ok("batch", "import", deliver(tmp_path / "tokens.csv", *SUITES))
    seedvault.ok("user", "add", "alice")
    for number in range(1, 5):
        seedvault.ok("token", "assign", serial(number), "alice")
    return seedvault


def ask(desk: CommandLine, number: int, *words: str) -> Any:
    return desk.ok("token", "challenge", serial(number), *words, "--json").document


def respond(desk: CommandLine, number: int, asked: Any, shown: str, *words: str) -> Any:
    arguments = ["token", "verify", serial(number), shown, "--challenge", asked["challenge"]]
    return desk(*arguments, *words, "--json").document


def test_a_response_is_accepted_once(desk: CommandLine) -> None:
    asked = ask(desk, 1)
    shown = answer(1, PLAIN, asked["question"])
    assert respond(desk, 1, asked, shown)["accepted"] is True
    again = desk("token", "verify", serial(1), shown, "--challenge", asked["challenge"])
    assert again.code == 1
    assert again.out.startswith("rejected: no such challenge\n")


def test_what_is_said_is_what_is_typed_next(desk: CommandLine) -> None:
    told = dict(
        line.split(maxsplit=1) for line in desk.ok("token", "challenge", serial(1)).out.splitlines()
    )
    shown = answer(1, PLAIN, told["question"])
    words = told["next"].replace("RESPONSE", shown).split()[1:]
    assert desk.ok(*words).out == "accepted\n"


def test_a_counter_moves_on(desk: CommandLine) -> None:
    for counter, accepted in ((0, True), (3, True), (3, False), (2, False)):
        asked = ask(desk, 2)
        shown = answer(2, COUNTING, asked["question"], before=counter.to_bytes(8, "big"))
        assert respond(desk, 2, asked, shown)["accepted"] is accepted


def test_a_question_of_ones_own_is_signed_once(desk: CommandLine) -> None:
    asked = ask(desk, 1, "--question", "00149900")
    assert (asked["question"], asked["purpose"]) == ("00149900", "sign")
    assert respond(desk, 1, asked, answer(1, PLAIN, "00149900"))["accepted"] is True
    again = desk("token", "challenge", serial(1), "--question", "00149900")
    assert (again.code, "signed this question already" in again.err) == (4, True)


def test_the_pin_of_a_suite_is_known_before_it_answers(desk: CommandLine) -> None:
    refused = desk("token", "challenge", serial(3))
    assert (refused.code, "has no PIN" in refused.out) == (1, True)
    desk.ok("token", "pin", "set", serial(3), "--pin-file", "-", stdin="1234\n")
    for pin, accepted in ((b"1235", False), (b"1234", True)):
        asked = ask(desk, 3)
        hashed = hashlib.sha256(pin).digest()
        shown = answer(3, WITH_PIN, asked["question"], after=hashed)
        assert respond(desk, 3, asked, shown)["accepted"] is accepted


def test_a_session_is_handed_in(desk: CommandLine) -> None:
    asked = ask(desk, 4)
    shown = answer(4, WITH_SESSION, asked["question"], after=b"\0\0\x0a\x0b")
    assert respond(desk, 4, asked, shown)["reason"] == "malformed"
    assert respond(desk, 4, asked, shown, "--session", "0A0B")["accepted"] is True


def test_short_responses_stay_in_quarantine(desk: CommandLine) -> None:
    shown = desk.ok("token", "show", serial(5)).out
    assert "responses of 4 digits are guessed too easily" in shown
    released = desk("token", "release", serial(5), "--reason", "please")
    assert (released.code, "stays in quarantine" in released.err) == (4, True)


def test_a_token_that_an_earlier_version_kept_is_released(desk: CommandLine) -> None:
    desk.ok("token", "unassign", serial(1))
    kept_earlier.keep(desk.home, serial(1), kept_earlier.UNANSWERED)
    releasing = ["token", "release", serial(1), "--reason", "responses are verified now"]
    assert desk.ok(*releasing, "--dry-run").out == f"{serial(1)} would be in-stock\n"
    assert desk.ok(*releasing).out == f"{serial(1)} is in-stock\n"
    desk.ok("token", "assign", serial(1), "alice")
    asked = ask(desk, 1)
    assert respond(desk, 1, asked, answer(1, PLAIN, asked["question"]))["accepted"] is True
    assert desk(*releasing).code == 4


def test_a_token_that_was_kept_for_its_uses_counts_them_now(desk: CommandLine) -> None:
    desk.ok("token", "unassign", serial(1))
    kept_earlier.keep(desk.home, serial(1), kept_earlier.UNCOUNTED)
    desk.ok("token", "release", serial(1), "--reason", "uses are counted now")
    assert desk.ok("token", "show", serial(1), "--json").document["use_limit"] == 9


def test_a_dry_run_issues_nothing_and_spends_nothing(desk: CommandLine) -> None:
    assert (
        desk.ok("token", "challenge", serial(1), "--dry-run").out == "a challenge would be issued\n"
    )
    assert ask(desk, 1, "--dry-run")["refused"] is None
    asked = ask(desk, 1)
    shown = answer(1, PLAIN, asked["question"])
    for typed in (shown, "000000"):
        tried = respond(desk, 1, asked, typed, "--dry-run")
        assert (tried["refused"], tried["dry_run"]) == (None, True)
    assert respond(desk, 1, asked, shown)["accepted"] is True


def test_a_code_and_a_challenge_are_not_mistaken_for_each_other(desk: CommandLine) -> None:
    code = desk("token", "verify", serial(1), "123456")
    assert (code.code, "answers challenges only" in code.out) == (1, True)
    assert desk("token", "verify", serial(1), "123456", "--challenge", "1").code == 2
    assert desk("token", "verify", serial(1), "123456", "--session", "00").code == 2


def test_everything_is_on_record(desk: CommandLine) -> None:
    asked = ask(desk, 1)
    wrong = desk("token", "verify", serial(1), "000000", "--challenge", asked["challenge"])
    ended = f"that challenge has ended; a new one: seedvault token challenge {serial(1)}"
    assert wrong.out == f"rejected: no match\n{ended}\n"
    respond(desk, 1, ask(desk, 1), "000000")
    kinds = [
        event["kind"]
        for event in desk.ok("token", "history", serial(1), "--json").document["events"]
    ]
    assert kinds == [
        *("code.rejected", "challenge.issued", "code.rejected", "challenge.issued"),
        "token.assigned",
    ]
    assert desk.ok("audit", "verify").out.startswith("whole: ")
