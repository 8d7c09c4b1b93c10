"""The fuzzer runs for a moment, reaches every reader, and notices a reader that breaks."""

import re
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import __main__ as fuzz
from tests.fuzz import corpus, oracle
from tests.fuzz.mutate import Mutator
from tests.fuzz.setups import SETUPS, VECTORS, Setup
from tests.house.sizes import ROOT

SETUP = Setup("plain", "asis")


def broken_reader(*_: object, **__: object) -> None:
    raise KeyError("serial")


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process may have grown in other tests; the fuzzer's own is measured below."""
    monkeypatch.setattr(oracle, "MEGABYTES", 1 << 20)


def test_no_reader_breaks_in_a_short_run() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", "--seconds", "6", "--seed", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"\d{3,} executions in .* distinct outcomes", ran.stdout)


def test_every_folder_of_vectors_is_a_reader_to_fuzz() -> None:
    folders = {path.name for path in VECTORS.iterdir() if path.is_dir()}
    assert folders - set(corpus.readers()) == {"gnupg"}


def test_every_vector_is_where_fuzzing_starts() -> None:
    known = {entry.octets for entry in corpus.entries("rfc6030")}
    assert (VECTORS / "rfc6030" / "figure6.pskcxml").read_bytes() in known
    assert {entry.reader for entry in corpus.entries()} <= set(corpus.readers())


def test_what_is_no_refusal_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "open_seed_file", broken_reader)
    with pytest.raises(oracle.Broken, match="KeyError"):
        oracle.judge(b"", SETUP)


def test_a_file_that_takes_too_long_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(*_: object, **__: object) -> None:
        while True:
            pass

    monkeypatch.setattr(oracle, "SECONDS", 0.05)
    monkeypatch.setattr(oracle, "open_seed_file", forever)
    with pytest.raises(oracle.Broken, match="Timeout"):
        oracle.judge(b"", SETUP)


def test_a_file_that_fills_the_memory_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oracle, "MEGABYTES", 1)
    with pytest.raises(oracle.Broken, match="memory"):
        oracle.judge(b"", SETUP)


def test_memory_held_before_a_file_is_not_the_file_s(monkeypatch: pytest.MonkeyPatch) -> None:
    bytearray(300 << 20)  # filled and given back
    held = oracle.peak_megabytes()
    monkeypatch.setattr(oracle, "MEGABYTES", held - 200)
    assert oracle.judge(b"", SETUP).kind == "UnknownFormat"


def test_what_broke_a_reader_is_kept_and_can_be_replayed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(oracle, "open_seed_file", broken_reader)
        assert fuzz.main(["made", "--seconds", "0.2", "--seed", "1"]) == 1
    assert "BROKEN, replay by: ./dev fuzz --replay .fuzz" in capsys.readouterr().out
    kept = next((tmp_path / ".fuzz").iterdir())
    assert fuzz.main(["--replay", str(kept)]) == 0


def test_one_seed_gives_the_same_mutants() -> None:
    made = [
        [Mutator(Random(7), [b"word"]).mutant(b"<a>1,2\n3</a>" * 9, b"other") for _ in range(50)]
        for _ in range(2)
    ]
    assert made[0] == made[1]


@pytest.mark.parametrize("setup", SETUPS, ids=str)
def test_a_setup_is_known_by_its_name(setup: Setup) -> None:
    assert Setup.named(str(setup)) == setup
