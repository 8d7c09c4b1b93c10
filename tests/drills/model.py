"""The formal model of "once only", run by Spin over all its states, with and without defences."""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.drills.model_cases import CASES, Case, Promise

MODEL: Final = Path(__file__).resolve().parents[2] / "docs/explanation/model/once_only.pml"
PROGRAMS: Final = ("spin", "cc")

_MEMORY_MB = 700  # of one run; two run at a time
_DEPTH = 100_000
# Its own would be gcc, which a checkout without root has under the name of cc only.
_PREPROCESSOR = "-Pcc -E -x c"
_STEP = re.compile(r"^(?:node \d|the (?:backup|standby)|<<<<<START)")


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of one case: `complete` where no state was left out, or a violation was found.

    `trail` is the way to the violation, a step a line.
    """

    case: Case
    states: int
    depth: int
    held: bool
    complete: bool
    trail: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """As expected, after a search that proves it."""
        return self.complete and self.held == self.case.holds


def missing() -> list[str]:
    """The programs that are needed and not there."""
    return [program for program in PROGRAMS if shutil.which(program) is None]


def run(cases: Iterable[Case]) -> list[Figures]:
    """Every case, two at a time."""
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(examine, cases))


def examine(case: Case) -> Figures:
    """One case, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        named = (*case.defines, f"REQUESTS={case.requests}")
        spin = ("spin", _PREPROCESSOR, *(f"-D{name}" for name in named))
        _said(place, *spin, "-a", str(MODEL))
        _said(place, "cc", *_compiled(case), "-o", "pan", "pan.c")
        said = _said(place, "./pan", f"-m{_DEPTH}", *_searched(case))
        trail = _trail(place, spin)
    found = re.search(r"depth reached (\d+), errors: (\d+)", said)
    states = re.search(r"(\d+) states, stored", said)
    if not (found and states):
        raise RuntimeError(f"Spin did not finish {case.name}: {said[-800:]}")
    held = found[2] == "0"
    complete = not held or "not completed" not in said
    return Figures(case, int(states[1]), int(found[1]), held, complete, trail)


def table(all_figures: Iterable[Figures]) -> Iterator[str]:
    """A line for each case, and below it what came as nobody expected."""
    group = None
    yield _line("", "promise", "states", "depth", "result", "expected")
    for figures in all_figures:
        case = figures.case
        if case.group is not group:
            group = case.group
            yield f"{group.value}:"
        yield _line(
            f"  {case.name}",
            case.promise.value,
            f"{figures.states:,}",
            f"{figures.depth:,}",
            _word(held=figures.held) if figures.complete else "UNFINISHED",
            _word(held=case.holds) + ("" if figures.good else "  <-- NOT AS EXPECTED"),
        )


def trails(all_figures: Iterable[Figures]) -> Iterator[str]:
    """How each promise was broken."""
    for figures in all_figures:
        if figures.trail:
            yield f"\n{figures.case.name}: not {figures.case.promise.value}"
            yield from (f"  {step}" for step in figures.trail)


def main(words: list[str]) -> int:
    """Exit 1 unless every case came out as expected."""
    if words:
        print("usage: ./dev drill model", file=sys.stderr)
        return 2
    figures = run(CASES)
    print(*table(figures), *trails(figures), sep="\n")
    return 0 if all(each.good for each in figures) else 1


def _compiled(case: Case) -> tuple[str, ...]:
    """Breadth first where a violation is expected: the shortest way there is found first."""
    common = ("-O1" if case.holds else "-O0", "-DCOLLAPSE", f"-DMEMLIM={_MEMORY_MB}")
    if case.promise is Promise.SERVED:
        return common
    return (*common, "-DSAFETY", "-DNOCLAIM", *(() if case.holds else ("-DBFS",)))


def _searched(case: Case) -> tuple[str, ...]:
    return ("-a",) if case.promise is Promise.SERVED else ()


def _trail(place: Path, spin: tuple[str, ...]) -> tuple[str, ...]:
    trail = place / f"{MODEL.name}.trail"
    if not trail.exists():
        return ()
    said = _said(place, *spin, "-t", "-k", str(trail), "-B", "-T", str(MODEL))
    return tuple(line for line in said.splitlines() if _STEP.match(line))


def _said(place: Path, *command: str) -> str:
    ended = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    if ended.returncode and command[0] == "cc":
        raise RuntimeError(f"{' '.join(command)}: {ended.stderr[-800:]}")
    return ended.stdout + ended.stderr


def _word(*, held: bool) -> str:
    return "holds" if held else "broken"


def _line(name: str, *cells: str) -> str:
    promise, states, depth, result, expected = cells
    return f"{name:<32}{promise:<19}{states:>9}{depth:>7}  {result:<11}{expected}"
