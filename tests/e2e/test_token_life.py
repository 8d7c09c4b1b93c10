"""Suspend, resume, revoke and retire, through the real command line."""

import pytest

from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, hotp_code, serial

TOKEN = serial(20)  # the first HOTP token of the delivery


@pytest.fixture
def desk(seedvault: CommandLine, delivery: Delivery) -> CommandLine:
    """A vault in which alice has a counter token."""
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("token", "assign", TOKEN, "alice")
    return seedvault


def test_a_lost_token_is_suspended_found_and_used_again(desk: CommandLine) -> None:
    said = desk.ok("token", "suspend", TOKEN, "--reason", "reported lost").out
    assert said == f"{TOKEN} is suspended; it is alice's\n"
    refused = desk("token", "verify", TOKEN, hotp_code(20, 0))
    assert refused.code == 1
    assert refused.out.startswith("rejected: suspended\n")
    assert "token resume" in refused.out
    shown = desk.ok("token", "show", TOKEN).out
    assert "(reported lost); it is alice's" in shown
    assert "suspended" in desk.ok("token", "list", "--state", "suspended").out
    assert desk.ok("status", "--json").document["suspended"] == 1
    desk.ok("token", "resume", TOKEN, "--reason", "found in a drawer")
    assert desk.ok("token", "verify", TOKEN, hotp_code(20, 0)).out == "accepted\n"
    history = desk.ok("token", "history", TOKEN).out
    assert "token.suspended" in history
    assert "found in a drawer" in history


def test_a_stolen_token_is_revoked_and_retired_for_good(desk: CommandLine) -> None:
    asked = desk("token", "revoke", TOKEN, "--reason", "stolen")
    assert asked.code == 2
    assert "add --yes" in asked.err
    document = desk.ok("token", "revoke", TOKEN, "--reason", "stolen", "--yes", "--json").document
    assert (document["state"], document["user"], document["dry_run"]) == ("revoked", "alice", False)
    refused = desk("token", "resume", TOKEN, "--reason", "please")
    assert refused.code == 4
    assert "it is revoked, and has to be suspended" in refused.err
    assert desk("token", "assign", TOKEN, "alice").code == 4
    desk.ok("token", "retire", TOKEN, "--reason", "shredded", "--yes")
    listed = desk.ok("token", "list", "--state", "retired", "--json").document["tokens"]
    assert [(one["serial"], one["reason"]) for one in listed] == [(TOKEN, "shredded")]


def test_a_dry_run_tells_and_changes_nothing(desk: CommandLine) -> None:
    said = desk.ok("token", "revoke", TOKEN, "--reason", "stolen", "--dry-run").out
    assert said == f"{TOKEN} would be revoked; it was alice's\n"
    assert desk.ok("token", "list", "--state", "revoked", "--json").document["tokens"] == []
    missed = desk("token", "retire", TOKEN, "--reason", "old", "--dry-run")
    assert missed.code == 4
    assert "held by alice" in missed.err
