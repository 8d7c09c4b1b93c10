"""Which policy holds: set by staff, in force everywhere, explained, not loosened from outside."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from seedvault.cli.exits import Exit
from tests.support.cli import CommandLine, environment
from tests.support.seed_files import deliver, serial, totp_code

STRICT, WIDE = 0, 1
"""The first card of each of two deliveries: one batch comes under a strict rule."""


@pytest.fixture
def batches(seedvault: CommandLine, tmp_path: Path) -> CommandLine:
    """A vault of two cards of alice's, of one batch each."""
    for number in (STRICT, WIDE):
        file = tmp_path / f"{number}.pskcxml"
        seedvault.ok("batch", "import", *deliver(file, totp=1 + number, hotp=0).arguments)
    seedvault.ok("user", "add", "alice")
    for number in (STRICT, WIDE):
        seedvault.ok("token", "assign", serial(number), "alice")
    return seedvault


def a_step_ago(number: int) -> str:
    """The code of the step before: however slow the machine is, it is never the one of now."""
    return totp_code(number, time.time() - 30)


def a_step_ahead(number: int) -> str:
    """The code of the step to come: a minute later, it is still not more than a step off."""
    return totp_code(number, time.time() + 30)


def explained(seedvault: CommandLine, number: int) -> dict[str, tuple[object, object, object]]:
    """For each number: its value, the scope whose rule gave it, and the profile."""
    document = seedvault.ok("policy", "show", "--for", serial(number), "--json").document
    return {
        each["name"]: (each["value"], each["target"], each["profile"])
        for each in document["numbers"]
    }


def test_a_code_one_step_off_is_rejected_in_a_strict_batch_and_accepted_elsewhere(
    batches: CommandLine,
) -> None:
    batches.ok("policy", "set", "--profile", "strict", "--batch", "B-0001")
    rejected = batches("token", "verify", serial(STRICT), a_step_ago(STRICT))
    assert (rejected.code, rejected.out.splitlines()[0]) == (Exit.DECIDED_NO, "rejected: no match")
    assert batches.ok("token", "verify", serial(WIDE), a_step_ahead(WIDE)).out == "accepted\n"


def test_show_tells_which_rule_gave_each_number(batches: CommandLine) -> None:
    batches.ok("policy", "set", "--profile", "strict", "--batch", "1")
    batches.ok("policy", "set", "lock_for=45m", "--group", "desk")
    batches.ok("user", "group", "alice", "desk")
    strict = explained(batches, STRICT)
    assert strict["window_steps"] == (0, "B-0001", "strict")
    assert strict["lock_for"] == (45 * 60, "desk", None)
    assert explained(batches, WIDE)["window_steps"] == (1, None, None)
    told = batches.ok("policy", "show", "--for", serial(STRICT)).out
    assert "batch B-0001, profile strict" in told
    assert "45 min" in told


def test_of_two_groups_the_first_in_the_list_wins(batches: CommandLine) -> None:
    for group, number in (("desk", 7), ("field staff", 8)):
        batches.ok("policy", "set", f"lock_at={number}", "--group", group)
    batches.ok("user", "group", "alice", "field staff", "desk")
    assert explained(batches, WIDE)["lock_at"] == (7, "desk", None)
    batches.ok("policy", "set", "--group", "field staff", "--place", "1")
    assert explained(batches, WIDE)["lock_at"] == (8, "field staff", None)


def test_a_change_is_in_force_in_a_process_that_verifies_already(batches: CommandLine) -> None:
    """The first code teaches a drift of -1: under strict, a code without drift is a step off."""
    racer = subprocess.Popen(
        [sys.executable, "-m", "tests.support.racer", str(batches.home), serial(WIDE), "1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    assert racer.stdin is not None
    assert racer.stdout is not None
    with racer:
        assert racer.stdout.readline() == "ready\n"
        now, told = int(time.time()), []
        for later, off in ((600, 30), (1_200, 0), (1_200, 30)):
            racer.stdin.write(f"{now + later} {totp_code(WIDE, now + later - off)}\n")
            racer.stdin.flush()
            told.append(racer.stdout.readline())
            batches.ok("policy", "set", "--profile", "strict", "free_failures=2")
        racer.stdin.close()
    assert told == ["1\n", "0\n", "1\n"]


def test_a_dry_run_tells_the_change_and_makes_none(batches: CommandLine) -> None:
    foreseen = batches.ok("policy", "set", "look_ahead=20", "--dry-run").out
    assert foreseen == "all tokens: look_ahead - -> 20 (dry run: nothing was changed)\n"
    assert batches.ok("policy", "list", "--json").document["rules"] == []


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["set", "disable_at=101"], Exit.USAGE, "SP 800-63B-4 section 3.2.2"),
        (["set", "lock_at=31"], Exit.USAGE, "at most disable_hotp6_at = 30 (default)"),
        (["set", "look_ahed=5"], Exit.USAGE, "Nearest: look_ahead"),
        (["set", "lock_for=30"], Exit.USAGE, "lock_for=30m"),
        (["set"], Exit.USAGE, "say what to set"),
        (["set", "lock_at=5", "--place", "1"], Exit.USAGE, "only rules of groups"),
        (["set", "lock_at=5", "--batch", "1", "--group", "x"], Exit.USAGE, "one of --model"),
        (["set", "lock_at=5", "--batch", "9"], Exit.NOT_FOUND_OR_CONFLICT, "B-0009"),
        (["unset", "--batch", "1"], Exit.NOT_FOUND_OR_CONFLICT, "no rule for batch B-0001"),
        (["unset", "--all", "--batch", "1"], Exit.USAGE, "name none"),
        (["show", "--for", "GALT1"], Exit.NOT_FOUND_OR_CONFLICT, "Nearest"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(
    batches: CommandLine, words: list[str], code: Exit, told: str
) -> None:
    refused = batches("policy", *words)
    assert refused.code == code
    assert told in refused.err


def test_loosened_rules_verify_nothing_until_they_are_ended(batches: CommandLine) -> None:
    batches.ok("policy", "set", "--profile", "strict")
    with closing(sqlite3.connect(batches.home / "vault.sqlite3", isolation_level=None)) as database:
        assert database.execute("UPDATE policy_rule SET profile = 'lenient'").rowcount == 1
    for words in (
        ["token", "verify", serial(WIDE), a_step_ago(WIDE)],
        ["policy", "set", "look_ahead=5"],
        ["policy", "show"],
    ):
        refused = batches(*words)
        assert refused.code == Exit.STORAGE_UNAVAILABLE
        assert "policy unset --all" in refused.err
    assert "altered from outside" in batches.ok("policy", "unset", "--all", "--yes").err
    assert batches.ok("token", "verify", serial(WIDE), a_step_ahead(WIDE)).out == "accepted\n"
    kinds = [e["kind"] for e in batches.ok("audit", "list", "--json").document["events"]]
    assert kinds.count("seal.broken") == 3
    assert batches.ok("audit", "verify").code == 0


def test_ending_every_rule_is_asked_first(batches: CommandLine) -> None:
    batches.ok("policy", "set", "--profile", "strict")
    assert batches("policy", "unset", "--all", stdin="n\n").code == Exit.INTERRUPTED
    assert len(batches.ok("policy", "list", "--json").document["rules"]) == 1
    batches.ok("policy", "unset", "--all", stdin="y\n")
    assert batches.ok("policy", "list", "--json").document["rules"] == []


def test_users_are_listed_with_their_groups(batches: CommandLine) -> None:
    batches.ok("user", "add", "bob", "--group", "desk", "--group", "admins")
    batches.ok("user", "group", "alice", "desk")
    assert batches.ok("user", "group", "alice", "--none").out == "alice: desk -> no groups\n"
    users = batches.ok("user", "list", "--json").document["users"]
    assert {each["user"]: each["groups"] for each in users} == {
        "alice": [],
        "bob": ["admins", "desk"],
    }
