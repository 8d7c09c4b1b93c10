"""A seed file without encryption is taken over too: its seeds go straight into the module."""

import time
from pathlib import Path

import pytest

from importers import Digest
from tests.support.cli import CommandLine
from tests.support.codes import code
from tests.support.pskc_maker import Hotp, Order, Tokens, Totp, published_seed, write_pskc
from tests.support.seed_files import hotp_code, serial


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """Two time-based tokens and an event-based one, their seeds in the clear."""
    tokens = Tokens(2, Totp(step_s=60)), Tokens(1, Hotp(), first_serial=10_000_002)
    path = tmp_path / "plain.pskcxml"
    with path.open("wb") as target:
        write_pskc(Order(tokens), target)
    return path


@pytest.fixture
def desk(seedvault: CommandLine, plain: Path) -> CommandLine:
    """A vault with the plain file imported and alice known."""
    seedvault.ok("batch", "import", plain)
    seedvault.ok("user", "add", "alice")
    return seedvault


def test_a_plain_file_is_imported_without_a_key(seedvault: CommandLine, plain: Path) -> None:
    imported = seedvault.ok("batch", "import", plain)
    assert imported.out == "B-0001: 3 tokens in stock\n"
    assert "seeds in the clear · no value MACs" in imported.err


def test_a_code_of_a_plainly_delivered_clock_verifies(desk: CommandLine) -> None:
    desk.ok("token", "assign", serial(0), "alice")
    shown = code(published_seed(serial(0)), int(time.time()) // 60, Digest.SHA1, 6)
    assert desk.ok("token", "verify", serial(0), shown).out == "accepted\n"


def test_a_code_of_a_plainly_delivered_counter_verifies(desk: CommandLine) -> None:
    desk.ok("token", "assign", serial(2), "alice")
    assert desk.ok("token", "verify", serial(2), hotp_code(2, 0)).out == "accepted\n"
