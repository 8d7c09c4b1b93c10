"""The main job on PostgreSQL, from `init` on; a second node on the same database and HSM."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from seedvault.config import FILE_NAME
from tests.support.cli import CommandLine
from tests.support.databases import postgresql
from tests.support.nodes import second_node
from tests.support.postgresql import Server
from tests.support.seed_files import Delivery, hotp_code, serial, totp_code

__all__ = ["postgresql"]


@pytest.fixture
def place(postgresql: Server) -> Iterator[str]:
    """The URL of an empty database."""
    with postgresql.database() as made:
        yield made


@pytest.fixture
def seedvault(place: str, tmp_path: Path) -> CommandLine:
    """A new vault there."""
    made = CommandLine(tmp_path / "home")
    made.ok("init", "--database", place)
    return made


@pytest.fixture
def other_node(seedvault: CommandLine, tmp_path: Path) -> CommandLine:
    """Another home with the same settings, PIN and PKCS#11 token."""
    return CommandLine(second_node(seedvault.home, tmp_path / "node-2"))


def _steady_now() -> float:
    """The time now, with enough of its time step left for a few commands."""
    while time.time() % 30 > 20:
        time.sleep(0.5)
    return time.time()


def test_the_main_job_is_done_and_a_code_is_accepted_once_by_either_node(
    seedvault: CommandLine, other_node: CommandLine, delivery: Delivery
) -> None:
    seedvault.ok("batch", "import", *delivery.arguments)
    assert "22 skipped (already held" in other_node.ok("batch", "import", *delivery.arguments).out
    seedvault.ok("user", "add", "alice")
    other_node.ok("token", "assign", serial(0), "alice")
    seedvault.ok("token", "assign", serial(21), "alice")
    code = totp_code(0, _steady_now())
    assert other_node.ok("token", "verify", serial(0), code).out == "accepted\n"
    assert seedvault("token", "verify", serial(0), code).out == "rejected: already used\n"
    pair = hotp_code(21, 700), hotp_code(21, 701)
    seedvault.ok("token", "resync", serial(21), *pair)
    assert other_node("token", "verify", serial(21), pair[1]).code == 1
    other_node.ok("token", "verify", serial(21), hotp_code(21, 702))
    for node in (seedvault, other_node):
        assert node.ok("audit", "verify").out.startswith("whole: ")
        assert node.ok("status", "--json").document["bound"] == 2


def test_keys_are_rotated_while_the_other_node_goes_on(
    seedvault: CommandLine, other_node: CommandLine, delivery: Delivery
) -> None:
    seedvault.ok("batch", "import", *delivery.arguments)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("token", "assign", serial(21), "alice")
    share = seedvault.home / "recovery-share"
    seedvault.ok("key", "rotate", "--share-file", share)
    other_node.ok("token", "verify", serial(21), hotp_code(21, 0))


def test_a_place_that_has_a_vault_is_refused_and_left_alone(
    seedvault: CommandLine, place: str, tmp_path: Path
) -> None:
    again = CommandLine(tmp_path / "again")("init", "--database", place)
    assert again.code == 4
    assert "there is a vault already: postgresql://seedvault@" in again.err
    assert not (tmp_path / "again").exists()
    assert seedvault.ok("db", "check").code == 0


def test_an_init_that_fails_leaves_the_database_empty(place: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "pin").write_text("4711")  # in the way
    seedvault = CommandLine(home)
    assert seedvault("init", "--database", place).code == 7
    (home / "pin").unlink()
    seedvault.ok("init", "--database", place)


def test_of_two_inits_at_once_one_makes_the_vault(place: str, tmp_path: Path) -> None:
    homes = [CommandLine(tmp_path / name) for name in ("one", "two")]
    both = [home.start("init", "--database", place) for home in homes]
    for process in both:
        process.communicate(timeout=60)
    assert sorted(process.returncode for process in both) == [0, 4]


def test_a_password_in_the_url_is_refused_and_not_shown(tmp_path: Path) -> None:
    refused = CommandLine(tmp_path / "home")(
        "init", "--database", "postgresql+psycopg://u:hunter2@h/db"
    )
    assert refused.code == 2
    assert "hunter2" not in refused.err
    assert "PGPASSFILE" in refused.err


def test_a_server_that_is_gone_is_storage_that_is_unavailable(
    seedvault: CommandLine, place: str
) -> None:
    settings = seedvault.home / FILE_NAME
    settings.write_text(settings.read_text().replace("?host=/", "?host=/nowhere/"))
    refused = seedvault("status")
    assert refused.code == 7
    assert "cannot be reached" in refused.err
