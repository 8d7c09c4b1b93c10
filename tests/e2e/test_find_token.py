"""A card whose serial is worn off is found by its code, through the command line."""

import time
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, hotp_code, serial, totp_code


@pytest.fixture
def desk(seedvault: CommandLine, delivery: Delivery) -> CommandLine:
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("token", "assign", serial(1), "alice")
    return seedvault


def test_a_card_is_found_by_its_code_among_its_batch(desk: CommandLine) -> None:
    found = desk.ok("token", "find", totp_code(1, time.time()), "--batch", "B-0001")
    heading, row = found.out.splitlines()
    assert heading.split() == ["SERIAL", "STATE", "KIND", "MODEL"]
    assert row.startswith(f"{serial(1)}  bound to alice  TOTP-6/30 s")
    assert "not looked at" not in found.err


def test_the_code_that_found_it_is_not_spent(desk: CommandLine) -> None:
    code = totp_code(1, time.time())
    desk.ok("token", "find", code, "--user", "alice")
    desk.ok("token", "verify", serial(1), code)


def test_two_codes_among_a_list_of_serials(desk: CommandLine, tmp_path: Path) -> None:
    box = tmp_path / "box.txt"
    box.write_text(f"{serial(0)}\n\n{serial(1)}\nGALT99999999\n")
    now = time.time()
    pair = totp_code(0, now), totp_code(0, now + 30)
    found = desk.ok("token", "find", *pair, "--serials", box, "--json").document
    assert [token["serial"] for token in found["found"]] == [serial(0)]
    assert found["looked_at"] == 2
    unknown = {"serial": "GALT99999999", "why": "no token has this serial"}
    assert found["left_out"] == [unknown]
    assert found["by_chance"] == pytest.approx(6e-12)


def test_a_list_may_come_from_standard_input(desk: CommandLine) -> None:
    code = totp_code(0, time.time())
    found = desk("token", "find", code, "--serials", "-", stdin=f"{serial(0)}\n")
    assert (found.code, serial(0) in found.out) == (0, True)


def test_a_code_of_no_token_is_told_so(desk: CommandLine) -> None:
    other = totp_code(0, time.time() + 10**6)
    missed = desk("token", "find", other, "--user", "alice")
    assert missed.code == 1
    assert missed.out == "not found: none of 1 tokens shows this code\n"


@pytest.mark.parametrize(
    "scope", [(), ("--batch", "1", "--user", "alice")], ids=["nowhere", "two places"]
)
def test_where_to_look_must_be_said_once(desk: CommandLine, scope: tuple[str, ...]) -> None:
    assert desk("token", "find", "123456", *scope).code == 2


def test_the_eleventh_search_of_a_day_is_not_allowed(desk: CommandLine) -> None:
    for _ in range(10):
        desk("token", "find", "123456", "--user", "alice")
    refused = desk("token", "find", "123456", "--user", "alice")
    assert refused.code == 5
    assert "10 times today" in refused.err
    assert "No token was looked at." in refused.err


def test_the_token_s_history_tells_who_looked_for_it(desk: CommandLine) -> None:
    desk.ok("token", "find", totp_code(1, time.time()), "--batch", "1")
    history = desk.ok("token", "history", serial(1), "--json").document
    assert history["events"][0]["kind"] == "token.found"
    log = desk.ok("audit", "list", "--kind", "token.sought", "--json").document
    assert log["events"][0]["batch"] == "B-0001"


def test_a_counter_s_code_is_found_ahead_of_its_counter(desk: CommandLine) -> None:
    found = desk.ok("token", "find", hotp_code(20, 3), "--batch", "1", "--json").document
    assert serial(20) in [token["serial"] for token in found["found"]]
