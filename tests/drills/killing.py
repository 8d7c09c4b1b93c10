"""A process killed at a moment, and what became of the thing that it was doing."""

import random
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from signal import SIGKILL
from time import monotonic, sleep

Process = subprocess.Popen[str]

_LONGEST_S = 3_600
_GLANCE_S = 0.002


class Left(Enum):
    """How much of it is done."""

    NOTHING = "nothing"
    PART = "part"
    ALL = "all"


@dataclass(slots=True)
class Verdict:
    """One trouble. Every word of `wrong` is a fault of ours.

    `half` counts what is done in part and must not be, `lost` what was told and is not there,
    `rows` what an import had staged; `again` says that the same was then run to its end.
    """

    trouble: str
    left: Left = Left.NOTHING
    half: int = 0
    lost: int = 0
    rows: int = 0
    again: bool = False
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended that was to be killed, or was quicker; `out` is what it had said."""

    killed: bool
    out: str
    wrong: tuple[str, ...]


def begun() -> bool:
    """What is seen of a process that was started."""
    return True


def rehearse(process: Process, seen: Callable[[], bool] = begun) -> float:
    """Let it come to its end: how many seconds after `seen`."""
    _wait(process, seen)
    since = monotonic()
    out, err = process.communicate(timeout=_LONGEST_S)
    if process.returncode:
        raise RuntimeError(f"undisturbed, it ended with {process.returncode}: {out}{err}")
    return monotonic() - since


def kill(process: Process, after_s: float, seen: Callable[[], bool] = begun) -> Ended:
    """Kill it so many seconds after `seen`."""
    _wait(process, seen)
    end = monotonic() + after_s
    _wait(process, lambda: monotonic() >= end)
    process.kill()
    out, err = process.communicate()
    killed = process.returncode == -SIGKILL
    fine = killed or not process.returncode
    return Ended(killed, out or "", () if fine else (f"ended with {process.returncode}: {err}",))


def spread(chance: random.Random, kills: int) -> list[float]:
    """So many moments between 0 and 1, one in each of as many equal parts, in any order."""
    moments = [(part + chance.random()) / kills for part in range(kills)]
    chance.shuffle(moments)
    return moments


def table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """A line for each trouble, then the figure."""
    yield _line("trouble", ("times", "nothing", "part", "all", "half", "lost", "again", "wrong"))
    for trouble in dict.fromkeys(verdict.trouble for verdict in verdicts):
        yield _line(trouble, _figures([each for each in verdicts if each.trouble == trouble]))
    yield _line("all", _figures(verdicts))
    for verdict in verdicts:
        yield from (f"  WRONG  {verdict.trouble}: {wrong}" for wrong in verdict.wrong)
    staged = [verdict.rows for verdict in verdicts if verdict.rows]
    yield f"  staged rows left behind, and swept: {sum(staged):,}, by {len(staged)}"
    bad = sum(bool(each.half or each.lost) for each in verdicts)
    yield f"  lost or half-visible / kills: {bad} / {len(verdicts)}"


def _figures(those: Sequence[Verdict]) -> list[int]:
    return [
        len(those),
        *(sum(each.left is left for each in those) for left in Left),
        sum(each.half for each in those),
        sum(each.lost for each in those),
        sum(each.again for each in those),
        sum(len(each.wrong) for each in those),
    ]


def _line(name: str, cells: Iterable[object]) -> str:
    return f"  {name:<34}" + "".join(f"{cell!s:>9}" for cell in cells)


def _wait(process: Process, seen: Callable[[], bool]) -> None:
    """Until it is seen, or the process has ended by itself."""
    given_up = monotonic() + _LONGEST_S
    while not seen() and process.poll() is None:
        if monotonic() > given_up:
            raise TimeoutError(f"{process.args!r} neither ends nor gets to the point")
        sleep(_GLANCE_S)
