"""PINs as staff set them and users present them: never in the arguments, never shown."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, hotp_code, serial

CARD, PIN = 20, "blue 7"


@pytest.fixture
def desk(seedvault: CommandLine, delivery: Delivery) -> CommandLine:
    """A vault in which a HOTP token is Alice's, and its PIN is set."""
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("token", "assign", serial(CARD), "alice")
    seedvault.ok("token", "pin", "set", serial(CARD), "--pin-file", "-", stdin=f"{PIN}\n")
    return seedvault


def test_a_pin_is_asked_for_twice_and_read_from_a_file(desk: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "pin"
    file.write_text("green 3\n")
    told = desk.ok("token", "pin", "set", serial(CARD), "--pin-file", file)
    assert told.out == f"{serial(CARD)}: PIN set\n"
    assert "green 3" not in told.out + told.err
    assert desk("token", "pin", "set", serial(CARD), "green 3").code == 2


def test_a_pin_that_is_refused_is_not_repeated(desk: CommandLine) -> None:
    refused = desk("token", "pin", "set", serial(CARD), "--pin-file", "-", stdin="1234\n")
    assert refused.code == 2
    assert "counts up or down" in refused.err
    assert "1234" not in refused.err


def test_a_dry_run_sets_and_clears_nothing(desk: CommandLine) -> None:
    dry = desk.ok("token", "pin", "clear", serial(CARD), "--dry-run", "--json").document
    assert dry == {"schema": "seedvault.token.pin.clear/1", "serial": serial(CARD), "dry_run": True}
    setting = ["token", "pin", "set", serial(CARD), "--pin-file", "-", "--dry-run"]
    assert "would be set" in desk.ok(*setting, stdin="green 3\n").out
    assert desk(*setting, stdin="1111\n").code == 2
    desk.ok("token", "pin", "clear", serial(CARD))
    assert desk("token", "pin", "clear", serial(CARD)).code == 4


def test_without_a_policy_that_asks_for_it_the_code_alone_is_taken(desk: CommandLine) -> None:
    asked = desk.ok("token", "verify", serial(CARD), stdin=f"{hotp_code(CARD, 0)}\n")
    assert asked.out.endswith("accepted\n")
    read = desk.ok("token", "verify", serial(CARD), "--code-file", "-", stdin=hotp_code(CARD, 1))
    assert read.out == "accepted\n"
    assert desk("token", "verify", serial(CARD), "123456", "--code-file", "-").code == 2


def test_where_the_policy_asks_for_it_pin_and_code_are_taken_in_one(desk: CommandLine) -> None:
    desk.ok("policy", "set", "pin=prepend")
    code_alone = desk("token", "verify", serial(CARD), "--code-file", "-", stdin=hotp_code(CARD, 0))
    assert (code_alone.code, code_alone.out) == (1, "rejected: not a code of this token\n")
    for pin, accepted in (("blue 8", False), (PIN, True), (PIN, False)):
        typed = pin + hotp_code(CARD, 0)
        tried = desk("token", "verify", serial(CARD), "--code-file", "-", "--json", stdin=typed)
        assert tried.document["accepted"] is accepted
    desk.ok("token", "unassign", serial(CARD))
    desk.ok("token", "assign", serial(CARD), "alice")
    without = desk("token", "verify", serial(CARD), "--code-file", "-", stdin=hotp_code(CARD, 1))
    assert without.out.startswith("rejected: has no PIN\n")


def test_a_pin_in_the_arguments_is_refused_before_anything_is_verified(desk: CommandLine) -> None:
    desk.ok("policy", "set", "pin=append")
    refused = desk("token", "verify", serial(CARD), hotp_code(CARD, 0) + PIN)
    assert refused.code == 2
    assert "a PIN is not taken from the command's arguments" in refused.err
    assert PIN not in refused.err
    typed = hotp_code(CARD, 0) + PIN
    desk.ok("token", "verify", serial(CARD), "--code-file", "-", stdin=typed)


def test_no_trace_of_the_pin_is_in_the_vault(desk: CommandLine) -> None:
    found = [
        path
        for path in desk.home.rglob("*")
        if path.is_file() and PIN.encode() in path.read_bytes()
    ]
    assert found == []
    with closing(sqlite3.connect(desk.home / "vault.sqlite3")) as database:
        kept = database.execute("SELECT pin FROM token WHERE pin IS NOT NULL").fetchall()
    assert len(kept) == 1
    assert kept[0][0].startswith("argon2id:65536:3:4:")
