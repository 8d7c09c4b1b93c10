"""Processes of threads that begin at once, round after round; each process is a node."""

import multiprocessing
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from time import perf_counter
from typing import NamedTuple, Protocol

from seedvault.domain.audit import EventKind
from tests.drills.defences import Defence, without
from tests.drills.nodes import Node, Site

_HUNG_S = 300  # a round takes milliseconds


class Told(NamedTuple):
    """What a contestant was told: the vault's answer, by the event that must be on record for it.

    `factor` is that of the code which was accepted.
    """

    turn: int
    kind: EventKind
    factor: int | None = None


class Errand(Protocol):
    """What contestants do. It is handed to other processes."""

    @property
    def rounds(self) -> int: ...

    def act(self, node: Node, place: int, turn: int) -> Told | None:
        """One attempt; None where the vault said no."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many race: `threads` in each process."""

    processes: int = 8
    threads: int = 1

    @property
    def contestants(self) -> int:
        return self.processes * self.threads

    def __str__(self) -> str:
        each = f" of {self.threads} threads" if self.threads > 1 else ""
        return f"{self.processes} processes{each}"


@dataclass(frozen=True, slots=True)
class Race:
    """Everything that anybody was told, and how long it took from the first signal on."""

    told: list[Told]
    seconds: float


@dataclass(frozen=True, slots=True)
class _Start:
    """What a process is given."""

    site: Site
    errands: Sequence[Errand]
    careless: Defence | None
    threads: int
    first: int


class _Answers(Protocol):
    def put(self, answer: list[Race] | str) -> None: ...


def run(
    site: Site, crowd: Crowd, errands: Sequence[Errand], careless: Defence | None = None
) -> list[Race]:
    """A race for each errand, one after the other; RuntimeError where a contestant fails."""
    spawn = multiprocessing.get_context("spawn")
    gate, answers = spawn.Barrier(crowd.contestants, timeout=_HUNG_S), spawn.SimpleQueue()
    processes = [
        spawn.Process(
            target=_race,
            args=(_Start(site, errands, careless, crowd.threads, first), gate, answers),
            daemon=True,
        )
        for first in range(0, crowd.contestants, crowd.threads)
    ]
    for process in processes:
        process.start()
    said = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    failed = [answer for answer in said if isinstance(answer, str)]
    if failed:
        raise RuntimeError("\n".join(["a contestant failed", *filter(None, failed)]))
    return [_together(races) for races in zip(*said, strict=True)]


def _race(start: _Start, gate: Barrier, answers: _Answers) -> None:
    places = range(start.first, start.first + start.threads)
    try:
        with (
            without(start.careless),
            start.site.node() as node,
            ThreadPoolExecutor(start.threads) as pool,
        ):
            running = [pool.submit(_runs, start.errands, node, place, gate) for place in places]
            ran = [each.result() for each in running]
    except BaseException as failed:
        gate.abort()
        answers.put("" if isinstance(failed, BrokenBarrierError) else traceback.format_exc())
        raise
    answers.put([_together(races) for races in zip(*ran, strict=True)])


def _runs(errands: Sequence[Errand], node: Node, place: int, gate: Barrier) -> list[Race]:
    try:
        return [_run(errand, node, place, gate) for errand in errands]
    except BaseException:
        gate.abort()  # nobody waits in vain for one who cannot go on
        raise


def _run(errand: Errand, node: Node, place: int, gate: Barrier) -> Race:
    told: list[Told] = []
    gate.wait()
    begun = perf_counter()
    for turn in range(errand.rounds):
        gate.wait()
        answer = errand.act(node, place, turn)
        if answer is not None:
            told.append(answer)
    return Race(told, perf_counter() - begun)


def _together(races: Sequence[Race]) -> Race:
    told = [each for race in races for each in race.told]
    return Race(told, max(race.seconds for race in races))
