"""A process that issues challenges: `python -m tests.support.issuer HOME SERIAL`.

For each Unix time, a line of standard input, it issues one and answers with its id and question.
"""

# ruff: noqa: T201 - it answers on standard output

import sys
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from seedvault import config
from seedvault.domain.challenge import Challenge
from seedvault.domain.names import Serial
from seedvault.wiring import Application


def issue(home: Path, serial: Serial) -> None:
    """Answer until standard input ends."""
    with Application(config.load(home)) as application:
        for line in sys.stdin:
            clock = partial(datetime.fromtimestamp, int(line), UTC)
            issued = replace(application.issue_challenge, clock=clock)(serial, "referee")
            assert isinstance(issued, Challenge)
            print(issued.id, issued.question, flush=True)


if __name__ == "__main__":
    issue(Path(sys.argv[1]), Serial(sys.argv[2]))
