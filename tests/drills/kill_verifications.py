"""Verification under load, killed at any moment: what was told as accepted is spent, once."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from seedvault.domain.audit import EventKind
from tests.drills.defences import Defence
from tests.drills.kill_world import Stage, World
from tests.drills.killing import Left, Process, Verdict, kill, spread
from tests.support.cli import environment
from tests.support.seed_files import serial

_TOKENS, _THREADS = 8, 4
_LONGEST_S = 1.5

_Codes = Counter[tuple[str, int]]


@dataclass(slots=True)
class Verifying:
    """Threads that verify; a kill between a commit and its word costs each of them a code."""

    stage: Stage
    world: World
    missing: Defence | None = None
    recorded: _Codes = field(default_factory=Counter)

    @classmethod
    def prepared(cls, stage: Stage, missing: Defence | None = None) -> "Verifying":
        """A vault with a few tokens, all of them alice's."""
        world = stage.stocked(_TOKENS)
        world.seedvault.ok("user", "add", "alice")
        for number in range(_TOKENS):
            world.seedvault.ok("token", "assign", serial(number), "alice")
        return cls(stage, world, missing)

    def kills(self, times: int) -> Iterator[Verdict]:
        """Kill it so many times; the last begins only to present what the one before accepted."""
        moments = [*spread(self.stage.chance, times - 1), 0.0]
        for number, moment in enumerate(moments, 1):
            verdict = Verdict("verification under load", again=number > 1)
            self._look(verdict, self._killed(verdict, moment * _LONGEST_S))
            if number == times:
                verdict.wrong += self.world.faults(self.stage.chance)
            yield verdict

    def _killed(self, verdict: Verdict, after_s: float) -> list[str]:
        """What it had said until then."""
        path = self.stage.folder / "verifying"
        with path.open("w") as out:
            process = self._start(out.fileno())
            ended = kill(process, after_s, lambda: "begun\n" in path.read_text())
        verdict.wrong += ended.wrong
        return path.read_text().splitlines()

    def _look(self, verdict: Verdict, said: list[str]) -> None:
        words = [line.split() for line in said[said.index("begun") + 1 :]]
        told: _Codes = Counter((name, int(counter)) for name, counter in words)
        now = Counter(
            (str(event.serial), event.factor or 0)
            for event in self.world.on_record(EventKind.CODE_ACCEPTED)
        )
        new, self.recorded = now - self.recorded, now
        untold = new - told
        verdict.left = Left.PART if untold else Left.ALL
        verdict.lost = (told - new).total()
        verdict.wrong += [f"told, and not on record: {code}" for code in told - new]
        verdict.wrong += [f"accepted {times} x: {code}" for code, times in now.items() if times > 1]
        verdict.wrong += [line for line in said if line.startswith("twice")]
        if untold.total() > _THREADS:
            verdict.wrong.append(
                f"{untold.total()} spent, and told to nobody, by {_THREADS} threads"
            )

    def _start(self, out: int) -> Process:
        words = [str(self.world.seedvault.home), str(_TOKENS), str(_THREADS)]
        if self.missing:
            words.append(self.missing.value)
        return subprocess.Popen(
            [sys.executable, "-m", "tests.drills.verifying", *words],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
