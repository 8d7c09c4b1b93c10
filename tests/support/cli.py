"""The real command line: in a process of its own, on a vault of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import loaded

_TIMEOUT_S = 300


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output as the one JSON document it is."""
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


@dataclass(frozen=True, slots=True)
class CommandLine:
    """`seedvault --home HOME`, waiting for arguments."""

    home: Path
    more: Mapping[str, str] = field(default_factory=dict)
    """What its environment has beside this process's."""

    def __call__(self, *arguments: str | Path, stdin: str = "") -> Finished:
        """Run to the end, whatever the exit code."""
        ran = self._run(self.argv(*arguments), stdin, {**environment(), **self.more})
        return Finished(ran.returncode, ran.stdout, ran.stderr)

    def ok(self, *arguments: str | Path, stdin: str = "") -> Finished:
        """Run what must succeed."""
        finished = self(*arguments, stdin=stdin)
        assert finished.code == 0, (arguments, finished)
        return finished

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start and do not wait: for tests that interrupt."""
        return subprocess.Popen(
            self.argv(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**environment(), **self.more},
        )

    def _run(
        self, argv: Sequence[str], stdin: str, environ: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        return loaded.run(argv[3:], stdin, environ, _TIMEOUT_S)

    def argv(self, *arguments: str | Path) -> list[str]:
        """The full command."""
        words = [str(argument) for argument in arguments]
        return [sys.executable, "-m", "seedvault", "--home", str(self.home), *words]


def environment() -> dict[str, str]:
    """This process's environment without the settings of any vault of its own; in Berlin's winter.

    A time zone that is not UTC, so that local time and UTC cannot be taken for each other.
    """
    own = {"SEEDVAULT_HOME", "SOFTHSM2_CONF"}
    kept = {name: value for name, value in os.environ.items() if name not in own}
    return kept | {"TZ": "CET-1"}
