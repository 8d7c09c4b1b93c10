"""A vault made once by the real `seedvault init`, and copied for every test that wants one."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import CommandLine
from tests.support.seed_files import Delivery, deliver
from tests.support.two_components import FIRST, SECOND, check_value


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


@pytest.fixture
def transport(seedvault: CommandLine) -> Callable[..., Any]:
    """`key transport ... --json`, whose document comes back."""

    def run(*words: str | Path) -> Any:
        return seedvault.ok("key", "transport", *words, "--json").document

    return run


@pytest.fixture
def components(tmp_path: Path) -> list[str | Path]:
    """The options that name both components of KEY."""
    options: list[str | Path] = []
    for name, octets in (("anna", FIRST), ("ben", SECOND)):
        file = tmp_path / f"{name}.component"
        file.write_text(f"{octets.hex(' ', 4).upper()}\n{check_value(octets)}\n")
        options += ["--component", file]
    return options
