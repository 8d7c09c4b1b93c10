"""A vault made once by the real `seedvault init`, and copied for every test that wants one."""

import shutil
from pathlib import Path

import pytest

from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, deliver


@pytest.fixture(scope="session")
def _new_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("vault") / "home"
    CommandLine(home).ok("init")
    return home


@pytest.fixture
def seedvault(_new_home: Path, tmp_path: Path) -> CommandLine:
    """The command line on a fresh, empty vault."""
    home = tmp_path / "home"
    shutil.copytree(_new_home, home)
    return CommandLine(home)


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    """A maker's good file of twenty TOTP and two HOTP tokens, and its key."""
    return deliver(tmp_path / "delivery.pskcxml")
