"""The real command line with a defence taken out: `python -m tests.drills.careless DEFENCE ...`."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seedvault.__main__ import run
from tests.drills.defences import Defence, without
from tests.support.cli import CommandLine


@dataclass(frozen=True, slots=True)
class CarelessCommandLine(CommandLine):
    """`seedvault` without what holds it together."""

    missing: Defence = Defence.PUBLISH

    def argv(self, *arguments: str | Path) -> list[str]:
        interpreter, _, _, *words = super(CarelessCommandLine, self).argv(*arguments)
        return [interpreter, "-m", "tests.drills.careless", self.missing.value, *words]

    def _run(
        self, argv: Sequence[str], stdin: str, environ: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            argv, input=stdin, capture_output=True, text=True, check=False, env=environ
        )


if __name__ == "__main__":
    with without(Defence(sys.argv[1])):
        sys.exit(run(sys.argv[2:]))
