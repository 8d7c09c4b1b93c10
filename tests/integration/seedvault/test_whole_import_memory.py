"""No seed of an encrypted file is left in the memory of the program that imported it.

The whole program runs: intake, importers, keys, hsm and storage, in a child that is given a file
and its key. Every seed begins and ends with octets that the child never sees in the clear, so that
a copy is found even where an allocator has overwritten its first octets.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.cli import CommandLine, environment
from tests.support.memory import count, needs_proc_mem, regions, spellings
from tests.support.seed_files import Delivery, deliver

SEEDS = 200
ROOT = Path(__file__).parents[3]
CHILD = ROOT / "tests/support/whole_import_child.py"

pytestmark = needs_proc_mem


@dataclass(frozen=True, slots=True)
class Read:
    """What was found of the seeds' ends: in memory, in the vault's files, in the child's words."""

    in_memory: dict[str, int]
    memory_octets: int
    in_files: dict[str, int]
    files: dict[str, int]
    in_words: dict[str, int]


def _import_and_read(way: str, folder: Path) -> Read:
    """Import 200 random seeds in this `way`, and read everything before the program ends."""
    head, tail = os.urandom(10), os.urandom(10)
    needles = {
        f"{end} {name}": needle
        for end, octets in (("head", head), ("tail", tail))
        for name, needle in spellings(octets).items()
    }
    home = folder / "home"
    CommandLine(home).ok("init")
    # 40 octets: the tail stands at 30, where base32 and base64 begin a group of their own.
    delivery = deliver(
        folder / "f.xml", totp=SEEDS, hotp=0, seed=lambda _: head + os.urandom(20) + tail
    )
    with _child(way, home, delivery) as child:
        assert child.stdout is not None
        assert child.stdout.readline().split() == [str(SEEDS).encode()]
        in_memory, searched = count(regions(child.pid), needles)
        files = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
        words = b"".join(child.communicate(b"\n", timeout=60))
    assert child.returncode == 0, words
    in_files, _ = count(files.values(), needles)
    sizes = {path.name: len(octets) for path, octets in files.items()}
    return Read(in_memory, searched, in_files, sizes, count([words], needles)[0])


def _child(way: str, home: Path, delivery: Delivery) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(CHILD), way, str(home), str(delivery.file), str(delivery.key)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment() | {"PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """What was found after an import by the program as it is."""
    return _import_and_read("vault", tmp_path_factory.mktemp("memory"))


def test_no_seed_of_200_imported_ones_lies_in_memory(read: Read) -> None:
    assert sum(read.in_memory.values()) == 0, read.in_memory
    assert read.memory_octets > 10_000_000  # the program with SQLAlchemy has more: it was read


def test_no_seed_lies_in_the_files_of_the_vault(read: Read) -> None:
    assert sum(read.in_files.values()) == 0, read.in_files


def test_the_database_and_its_log_were_among_the_files_read(read: Read) -> None:
    assert read.files["vault.sqlite3"] > 0
    assert read.files["vault.sqlite3-wal"] > SEEDS * 72  # not yet checkpointed: the rows are here


def test_no_seed_is_said(read: Read) -> None:
    assert sum(read.in_words.values()) == 0, read.in_words


def test_seeds_that_a_careless_import_keeps_are_found_in_every_spelling(tmp_path: Path) -> None:
    found = _import_and_read("careless", tmp_path).in_memory
    assert all(times >= SEEDS for times in found.values()), found
