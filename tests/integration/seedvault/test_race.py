"""One code, one acceptance: threads, processes and nodes race for it, on either database."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from tests.support import ocra_tokens
from tests.support.cli import CommandLine, environment
from tests.support.databases import POSTGRESQL, SERIALIZABLE, SQLITE, isolate
from tests.support.nodes import second_node
from tests.support.postgresql import Server
from tests.support.seed_files import deliver, serial, totp_code

_PROCESSES, _THREADS = 4, 4
_ROUNDS = 50
_STEP_S = 30
_moments = count(int(time.time()) + 3_600, _STEP_S)
"""When each round is, whatever the test: a vault's clock does not go back."""
_SUITE = "OCRA-1:HOTP-SHA1-6:QN08"


@pytest.fixture(scope="module", params=[SQLITE, POSTGRESQL, SERIALIZABLE])
def nodes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Path]]:
    """The homes of a vault whose first cards are alice's: one node on SQLite, two else."""
    folder = tmp_path_factory.mktemp("race")
    if request.param == SQLITE:
        yield [_stocked(folder, [])]
        return
    server: Server = request.getfixturevalue("postgresql")
    with server.database() as made:
        isolate(server, made, request.param)
        first = _stocked(folder, ["--database", made])
        yield [first, second_node(first, folder / "node-2")]


def _stocked(folder: Path, options: list[str]) -> Path:
    seedvault = CommandLine(folder / "home")
    seedvault.ok("init", *options)
    seedvault.ok("batch", "import", *deliver(folder / "delivery.xml", totp=2, hotp=0).arguments)
    seedvault.ok("user", "add", "alice")
    seedvault.ok("batch", "import", ocra_tokens.deliver(folder / "ocra.csv", _SUITE, _SUITE))
    for number in range(2):
        seedvault.ok("token", "assign", serial(number), "alice")
        seedvault.ok("token", "assign", ocra_tokens.serial(number + 1), "alice")
    return seedvault.home


@contextmanager
def _racers(nodes: list[Path], serial: str, *words: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that wait at the line, on one node after the other."""
    command = [sys.executable, "-m", "tests.support.racer"]
    racers = [
        subprocess.Popen(
            [*command, str(home), serial, str(_THREADS), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )
        for home in (nodes * _PROCESSES)[:_PROCESSES]
    ]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        yield racers
    finally:
        for racer in racers:
            racer.communicate(timeout=60)


def _accepted(racers: list[subprocess.Popen[str]], number: int) -> list[int]:
    """How many of all threads were told "accepted", for one code after the other."""
    moments = islice(_moments, _ROUNDS)
    return [_told(racers, f"{now} {totp_code(number, now)}") for now in moments]


def _answered(home: Path, racers: list[subprocess.Popen[str]], number: int) -> list[int]:
    """The same of responses: a new challenge in each round."""
    command = [sys.executable, "-m", "tests.support.issuer", str(home), ocra_tokens.serial(number)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    told = []
    with subprocess.Popen(command, **pipes, env=environment()) as issuer:
        assert issuer.stdin is not None
        assert issuer.stdout is not None
        for now in islice(_moments, _ROUNDS):
            print(now, file=issuer.stdin, flush=True)
            issued, question = issuer.stdout.readline().split()
            shown = ocra_tokens.answer(number, _SUITE, question)
            told.append(_told(racers, f"{now} {shown} {issued}"))
        issuer.stdin.close()
    return told


def _told(racers: list[subprocess.Popen[str]], line: str) -> int:
    """How many of all threads were told "accepted" in one round."""
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(f"{line}\n")
        racer.stdin.flush()
    return sum(int(racer.stdout.readline()) for racer in racers if racer.stdout is not None)


def test_each_code_is_accepted_by_exactly_one_of_sixteen(nodes: list[Path]) -> None:
    with _racers(nodes, serial(0)) as racers:
        assert _accepted(racers, 0) == [1] * _ROUNDS
    assert CommandLine(nodes[0]).ok("audit", "verify").out.startswith("whole: ")


def test_without_the_conditional_write_the_race_finds_double_acceptances(
    nodes: list[Path],
) -> None:
    with _racers(nodes, serial(1), "naive") as racers:
        assert max(_accepted(racers, 1)) > 1


def test_each_challenge_is_answered_by_exactly_one_of_sixteen(nodes: list[Path]) -> None:
    with _racers(nodes, ocra_tokens.serial(1)) as racers:
        assert _answered(nodes[0], racers, 1) == [1] * _ROUNDS
    assert CommandLine(nodes[0]).ok("audit", "verify").out.startswith("whole: ")


def test_without_the_conditional_write_a_challenge_is_answered_twice(nodes: list[Path]) -> None:
    with _racers(nodes, ocra_tokens.serial(2), "naive") as racers:
        assert max(_answered(nodes[0], racers, 2)) > 1
