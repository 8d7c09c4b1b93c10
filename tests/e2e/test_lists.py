"""Lists of assignments, through the real command line: nothing is done that is not told."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, serial


@pytest.fixture
def desk(seedvault: CommandLine, delivery: Delivery) -> CommandLine:
    """A vault with the delivery imported and alice known."""
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    return seedvault


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A list of three good assignments."""
    path = tmp_path / "desk.csv"
    path.write_text("serial,user\n" + "".join(f"{serial(n)},alice\n" for n in range(3)))
    return path


def _bound(seedvault: CommandLine) -> int:
    bound: int = seedvault.ok("status", "--json").document["bound"]
    return bound


def test_a_list_that_breaks_off_is_refused_before_anything_is_assigned(
    desk: CommandLine, listed: Path
) -> None:
    listed.write_text(listed.read_text() + '"GALT"1,alice\n')
    refused = desk("token", "assign", "--csv", listed)
    assert refused.code == 2
    assert "line 5: cannot be read as CSV" in refused.err
    assert "Nothing was changed." in refused.err
    assert _bound(desk) == 0


def test_a_report_that_cannot_be_written_is_noticed_before_anything_is_assigned(
    desk: CommandLine, listed: Path
) -> None:
    listed.with_suffix(".failed.csv").mkdir()
    refused = desk("token", "assign", "--csv", listed)
    assert refused.code == 2
    assert "desk.failed.csv, for the lines that fail, cannot be written" in refused.err
    assert _bound(desk) == 0


def test_a_code_beside_a_list_is_a_wrong_call(desk: CommandLine, listed: Path) -> None:
    refused = desk("token", "assign", "--csv", listed, "--code", "123456")
    assert refused.code == 2
    assert "--code proves one token" in refused.err
    assert _bound(desk) == 0


def test_a_report_without_space_for_it_tells_what_was_done(
    desk: CommandLine, tmp_path: Path
) -> None:
    listed = tmp_path / "desk.csv"
    listed.write_text(f"serial,user\n{serial(0)},alice\nGALT9,alice\n")
    listed.with_suffix(".failed.csv").symlink_to("/dev/full")
    stopped = desk("token", "assign", "--csv", listed)
    assert stopped.code == 7
    assert "1 lines went through, and stay so; 1 did not." in stopped.err
    assert _bound(desk) == 1


def test_a_database_that_fails_in_the_middle_leaves_the_rest_in_the_report(
    desk: CommandLine, listed: Path
) -> None:
    _fail_at(desk, serial(1))
    stopped = desk("token", "assign", "--csv", listed, "--json")
    assert stopped.code == 7
    assert "1 were assigned, and stay so." in stopped.err
    assert "Nothing was changed" not in stopped.err
    assert (stopped.document["assigned"], len(stopped.document["failed"])) == (1, 2)
    rest = listed.with_suffix(".failed.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in rest] == ["serial", serial(1), serial(2)]
    assert _bound(desk) == 1


def _fail_at(seedvault: CommandLine, token: str) -> None:
    """From now on, the database fails where an event of this token is written."""
    with closing(sqlite3.connect(seedvault.home / "vault.sqlite3")) as database:
        database.execute(
            f"CREATE TRIGGER failing BEFORE INSERT ON audit_event WHEN NEW.serial = '{token}'"
            " BEGIN SELECT abs(-9223372036854775807 - 1); END"
        )
        database.commit()
