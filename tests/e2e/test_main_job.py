"""The main job, as staff do it: import, assign, verify, resynchronise, prove."""

import time
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, hotp_code, serial, totp_code


@pytest.fixture
def desk(seedvault: CommandLine, delivery: Delivery) -> CommandLine:
    """A vault with the delivery imported, alice and bob known, and the first card alice's."""
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("user", "add", "bob")
    seedvault.ok("token", "assign", serial(0), "alice")
    return seedvault


def _steady_now() -> float:
    """The time now, with enough of its time step left for a few commands."""
    while time.time() % 30 > 20:
        time.sleep(0.5)
    return time.time()


def test_init_tells_what_it_made_and_refuses_to_do_it_again(tmp_path: Path) -> None:
    seedvault = CommandLine(tmp_path / "home")
    made = seedvault.ok("init", "--json").document
    assert made["schema"] == "seedvault.init/1"
    assert made["import_tier"] == "B"
    again = seedvault("init")
    assert again.code == 4
    assert "already" in again.err


def test_an_init_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    seedvault = CommandLine(tmp_path / "home")
    failed = seedvault("init", "--database", "sqlite:////nowhere/at/all.sqlite3")
    assert failed.code == 7
    assert not list((tmp_path / "home").glob("*"))
    seedvault.ok("init")


def test_a_dry_run_of_init_makes_nothing(tmp_path: Path) -> None:
    CommandLine(tmp_path / "home").ok("init", "--dry-run")
    assert not (tmp_path / "home").exists()


def test_a_home_can_be_moved(seedvault: CommandLine, delivery: Delivery, tmp_path: Path) -> None:
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.home.rename(tmp_path / "moved")
    moved = CommandLine(tmp_path / "moved")
    moved.ok("user", "add", "alice")
    moved.ok("token", "assign", serial(0), "alice")


def test_an_imported_batch_is_in_stock(seedvault: CommandLine, delivery: Delivery) -> None:
    report = seedvault.ok("batch", "import", *delivery.arguments, "--json").document
    assert (report["batch"], report["tokens"], report["held"]) == ("B-0001", 22, [])
    batch = seedvault.ok("batch", "show", "B-0001", "--json").document
    assert (batch["tokens"], batch["tier"], batch["format"]) == (22, "B", "PSKC 1.0")
    tokens = seedvault.ok("token", "list", "--batch", "1", "--state", "in-stock", "--json").document
    assert [token["serial"] for token in tokens["tokens"]] == [serial(n) for n in range(22)]
    shown = seedvault.ok("token", "show", serial(3), "--json").document
    assert (shown["kind"], shown["digits"], shown["step_s"]) == ("totp", 6, 30)
    assert shown["seed_bits"] == 160


def test_the_same_file_again_brings_nothing_new(seedvault: CommandLine, delivery: Delivery) -> None:
    seedvault.ok("batch", "import", *delivery.arguments)
    again = seedvault.ok("batch", "import", *delivery.arguments)
    assert "22 skipped (already held: GALT10000000" in again.out
    assert len(seedvault.ok("batch", "list", "--json").document["batches"]) == 1


def test_a_dry_run_of_an_import_reports_and_changes_nothing(
    seedvault: CommandLine, delivery: Delivery
) -> None:
    report = seedvault.ok("batch", "import", *delivery.arguments, "--dry-run")
    assert "22 tokens would be in stock" in report.out
    assert seedvault.ok("status", "--json").document["in_stock"] == 0


def test_a_code_is_accepted_once(desk: CommandLine) -> None:
    code = totp_code(0, _steady_now())
    assert desk.ok("token", "verify", serial(0), code).out == "accepted\n"
    again = desk("token", "verify", serial(0), code)
    assert (again.code, again.out) == (1, "rejected: already used\n")


def test_a_hotp_token_is_verified_by_its_counter(desk: CommandLine) -> None:
    desk.ok("token", "assign", serial(21), "bob")
    desk.ok("token", "verify", serial(21), hotp_code(21, 0))
    skipped = desk.ok("token", "verify", serial(21), hotp_code(21, 5), "--json").document
    assert (skipped["accepted"], skipped["factor"], skipped["offset"]) == (True, 5, 4)
    assert desk("token", "verify", serial(21), hotp_code(21, 3)).code == 1


def test_a_serial_is_found_however_it_is_typed(desk: CommandLine) -> None:
    assert serial(0) in desk.ok("token", "show", " galt 1000 0000 ").out


def test_a_dry_run_of_verify_never_tells_whether_the_code_is_right(desk: CommandLine) -> None:
    right = totp_code(0, _steady_now())
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    answers = {desk("token", "verify", serial(0), c, "--dry-run") for c in (right, wrong)}
    assert len(answers) == 1
    assert answers.pop().code == 0
    malformed = desk("token", "verify", serial(0), "12345", "--dry-run")
    assert malformed.code == 1


def test_a_drifted_card_is_refused_then_resynchronised_then_accepted(desk: CommandLine) -> None:
    card = _steady_now() + 40 * 30
    refused = desk("token", "verify", serial(0), totp_code(0, card - 60))
    assert refused.code == 1
    assert "seedvault token resync" in refused.out
    pair = totp_code(0, card - 30), totp_code(0, card)
    found = desk.ok("token", "resync", serial(0), *pair)
    assert found.out == "resynchronised: clock +40 steps (20 min fast); both codes are spent\n"
    assert desk("token", "verify", serial(0), pair[1]).code == 1
    desk.ok("token", "verify", serial(0), totp_code(0, card + 30))


def test_resync_asks_for_its_codes_and_says_when_they_do_not_fit(desk: CommandLine) -> None:
    code = totp_code(0, _steady_now())
    asked = desk("token", "resync", serial(0), stdin=f"{code}\n{code}\n")
    assert asked.code == 1
    assert "First code" in asked.err
    assert asked.out.startswith("rejected: the same code twice\n")
    assert desk("token", "resync", serial(0), "123456").code == 2
    assert desk("token", "resync", serial(0), "123456", "123457", "123458").code == 2
    assert desk("token", "resync", serial(0), "123456", "123457", "--wide").code == 2


def test_a_card_that_is_far_away_is_found_by_three_codes(desk: CommandLine) -> None:
    card = _steady_now() - 2_000 * 30
    two = totp_code(0, card - 30), totp_code(0, card)
    near = desk("token", "resync", serial(0), *two)
    assert near.code == 1
    assert near.out.startswith("rejected: not found: check the serial\n")
    assert "--wide" in near.out
    three = "".join(f"{totp_code(0, card + at)}\n" for at in (0, 30, 60))
    wide = desk("token", "resync", serial(0), "--wide", stdin=three)
    assert wide.code == 0
    spent = "all three codes are spent\n"
    assert wide.out == f"resynchronised: clock -1998 steps (16.6 h slow); {spent}"
    again = desk("token", "resync", serial(0), *two, "--json")
    assert (again.code, again.document["finding"], again.document["back"]) == (1, "backwards", 4)


def test_an_assignment_can_be_proven_by_a_code(desk: CommandLine) -> None:
    wrong = desk("token", "assign", serial(1), "bob", "--code", "000000")
    assert wrong.code == 1
    assert desk.ok("token", "show", serial(1), "--json").document["user"] is None
    code = totp_code(1, _steady_now())
    proven = desk.ok("token", "assign", serial(1), "bob", "--code", code)
    assert proven.out == f"{serial(1)} -> bob, proven by code, drift +0\n"
    assert desk("token", "verify", serial(1), code).code == 1


def test_a_bound_token_is_not_given_to_a_second_person(desk: CommandLine) -> None:
    taken = desk("token", "assign", serial(0), "bob")
    assert taken.code == 4
    assert "already alice's" in taken.err
    desk.ok("token", "unassign", serial(0))
    desk.ok("token", "assign", serial(0), "bob")


def test_an_unknown_serial_is_answered_with_the_nearest(desk: CommandLine) -> None:
    unknown = desk("token", "assign", "GALT1000000S", "alice")
    assert unknown.code == 4
    assert "Nearest: GALT1000000" in unknown.err


def test_an_unknown_user_is_answered_with_the_remedy(desk: CommandLine) -> None:
    unknown = desk("token", "assign", serial(1), "carol")
    assert unknown.code == 4
    assert "seedvault user add carol" in unknown.err


def test_a_list_is_assigned_as_far_as_it_goes(desk: CommandLine, tmp_path: Path) -> None:
    desk_list = tmp_path / "desk.csv"
    desk_list.write_text(f"Serial,User\n{serial(2)},alice\nGALT99,bob\n{serial(0)},bob\n")
    dry = desk("token", "assign", "--csv", desk_list, "--dry-run")
    assert "1 would be assigned, 2 not" in dry.out
    done = desk("token", "assign", "--csv", desk_list, "--json")
    assert done.code == 3
    assert done.document["assigned"] == 1
    failed = (tmp_path / "desk.failed.csv").read_text().splitlines()
    assert failed[0] == "Serial,User,reason"
    assert [line.split(",")[0] for line in failed[1:]] == ["GALT99", serial(0)]


def test_a_locked_token_says_until_when_and_can_be_unlocked(desk: CommandLine) -> None:
    for _ in range(3):
        assert desk("token", "verify", serial(0), "000000").code == 1
    delayed = desk("token", "verify", serial(0), totp_code(0, _steady_now()))
    if delayed.code == 1:  # the delay is one second: a slow machine may outlive it
        assert "too soon after failures until" in delayed.out
        assert desk.ok("token", "unlock", serial(0)).out == f"{serial(0)}: 3 failures forgotten\n"


def test_every_change_is_in_the_history_and_the_chain_is_whole(desk: CommandLine) -> None:
    desk("token", "verify", serial(0), "000000")
    events = desk.ok("token", "history", serial(0), "--json").document["events"]
    assert [event["kind"] for event in events] == ["code.rejected", "token.assigned"]
    assert desk.ok("audit", "verify").out.startswith("whole: ")
    listed = desk.ok("audit", "list", "--kind", "user.added", "--json").document["events"]
    assert [event["user"] for event in listed] == ["bob", "alice"]


def test_users_are_listed_with_their_tokens(desk: CommandLine) -> None:
    users = desk.ok("user", "list", "--json").document["users"]
    assert {user["user"]: user["tokens"] for user in users} == {"alice": 1, "bob": 0}
    assert desk("user", "add", "ALICE").code == 4
    assert "ALICE" not in desk.ok("user", "list").out


def test_status_tells_what_there_is(desk: CommandLine) -> None:
    status = desk.ok("status", "--json").document
    assert (status["in_stock"], status["bound"], status["users"]) == (21, 1, 2)
    assert "SoftHSM" in desk.ok("status").out


def test_tokens_are_listed_page_by_page(desk: CommandLine) -> None:
    first = desk.ok("token", "list", "--limit", "5", "--jsonl")
    assert len(first.out.splitlines()) == 5
    page = desk.ok("token", "list", "--limit", "5", "--after", serial(4), "--json").document
    assert page["tokens"][0]["serial"] == serial(5)
    assert f"--after {serial(4)}" in desk.ok("token", "list", "--limit", "5").err
    assert desk.ok("token", "list", "--user", "bob").out == ""
