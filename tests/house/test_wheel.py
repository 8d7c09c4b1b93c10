"""The wheel holds the three packages, and nothing else of the repository."""

import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

from tests.house.sizes import ROOT, SHIPPED


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (built,) = directory.glob("*.whl")
    with ZipFile(built) as archive:
        yield archive


def dist_info(wheel: ZipFile) -> str:
    (name,) = {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" in name}
    return name


def test_its_roots_are_the_three_packages(wheel: ZipFile) -> None:
    roots = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
    assert roots == {*SHIPPED, dist_info(wheel)}


def test_it_holds_every_module_of_the_three(wheel: ZipFile) -> None:
    here = {path.relative_to(ROOT).as_posix() for name in SHIPPED for path in modules(name)}
    assert {name for name in wheel.namelist() if name.endswith(".py")} == here


def modules(package: str) -> Iterator[Path]:
    return (ROOT / package).rglob("*.py")


def test_it_carries_the_licence(wheel: ZipFile) -> None:
    carried = wheel.read(f"{dist_info(wheel)}/licenses/LICENSE")
    assert carried == (ROOT / "LICENSE").read_bytes()


def test_it_installs_one_command(wheel: ZipFile) -> None:
    entry_points = ConfigParser()
    entry_points.read_string(wheel.read(f"{dist_info(wheel)}/entry_points.txt").decode())
    assert {section: dict(entry_points[section]) for section in entry_points.sections()} == {
        "console_scripts": {"seedvault": "seedvault.__main__:main"}
    }
