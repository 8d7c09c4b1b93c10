"""Processes of many threads on one PKCS#11 token, restarting it all the while: nothing breaks.

SoftHSM reads a PKCS#11 token's file while another process writes it, and then fails the login with
CKR_GENERAL_ERROR: once in 600 to 1,200 restarts. A login is not tried twice, as a real module may
count it, so one caller is told to try again.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from tests.support.softhsm import vault_location

_HUNG_S = 120
_UNBOUNDED = 10**9


@dataclass(frozen=True, slots=True)
class Load:
    """How much of it. `objects` are opened for the figures about memory."""

    seconds: float = 60
    processes: int = 4
    threads: int = 8
    objects: int = 300_000
    destroyed_max: int = 100_000


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of it."""

    operations: int
    restarts: int
    wrong: int
    errors: list[str]
    unavailable: list[str]
    crashes: list[str]
    grown_kb: list[int]
    unbounded_kb: int
    bounded_kb: int
    done: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """No crash, no wrong answer, no error but "try again", and that hardly ever."""
        hardly_ever = 1 + self.operations // 100_000
        return not (self.wrong or self.errors or self.crashes) and (
            len(self.unavailable) <= hardly_ever
        )


def run(load: Load) -> Figures:
    """Everybody at work at the same time; then one process that opens keys, twice."""
    label = vault_location("drill").token_label
    words = [label, str(load.seconds), str(load.threads)]
    said, crashes = _all([words] * load.processes, load.seconds)
    done: dict[str, int] = {}
    for figures in said:
        for name, times in figures["done"].items():
            done[name] = done.get(name, 0) + times
    return Figures(
        operations=sum(done.values()),
        restarts=sum(figures["restarts"] for figures in said),
        wrong=sum(figures["wrong"] for figures in said),
        errors=[error for figures in said for error in figures["errors"]],
        unavailable=[error for figures in said for error in figures["unavailable"]],
        crashes=crashes,
        grown_kb=[figures["grown_kb"] for figures in said],
        unbounded_kb=_growth(label, load.objects, _UNBOUNDED),
        bounded_kb=_growth(label, load.objects, load.destroyed_max),
        done=done,
    )


def table(load: Load, figures: Figures) -> str:
    """The figures for people."""
    kinds = ", ".join(f"{times:,} {name}" for name, times in sorted(figures.done.items()))
    grown = " ".join(f"{kb / 1000:+.1f}" for kb in figures.grown_kb)
    lines = [
        f"{load.processes} processes x {load.threads} threads x {load.seconds:g} s, one token",
        f"  operations                {figures.operations:>12,}   ({kinds})",
        f"  restarts of the module    {figures.restarts:>12,}",
        f"  crashes and hangs         {len(figures.crashes):>12,}",
        f"  wrong answers             {figures.wrong:>12,}",
        f"  errors                    {len(figures.errors):>12,}",
        f"  told to try again         {len(figures.unavailable):>12,}",
        f"  growth of each, MB        {grown:>12}",
        f"one thread that opens {load.objects:,} keys",
        f"  growth, never restarted   {figures.unbounded_kb / 1000:>9.1f} MB",
        f"  ... after {load.destroyed_max:>9,} each  {figures.bounded_kb / 1000:>9.1f} MB",
        *figures.crashes,
        *figures.errors[:10],
        *figures.unavailable[:10],
    ]
    return "\n".join(lines)


def main(words: list[str]) -> int:
    """Exit 1 unless all was well."""
    parser = argparse.ArgumentParser(prog="./dev drill threads", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    load = Load(seconds=parser.parse_args(words).seconds)
    figures = run(load)
    print(table(load, figures))
    return 0 if figures.good else 1


def _growth(label: str, objects: int, destroyed_max: int) -> int:
    said, crashes = _all([["leak", label, str(objects), str(destroyed_max)]], _HUNG_S)
    if crashes:
        raise RuntimeError(crashes[0])
    grown: int = said[0]["grown_kb"]
    return grown


def _all(commands: list[list[str]], seconds: float) -> tuple[list[dict[str, Any]], list[str]]:
    """What each process said, and how those ended that said nothing."""
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.drills.token_work", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in commands
    ]
    said, crashes = [], []
    for process in started:
        try:
            output, complaint = process.communicate(timeout=seconds + _HUNG_S)
        except subprocess.TimeoutExpired:
            process.kill()
            output, complaint = process.communicate()
        if process.returncode:
            crashes.append(f"ended with {process.returncode}: {complaint[-500:]}")
        else:
            said.append(json.loads(output))
    return said, crashes
