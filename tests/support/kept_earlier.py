"""Tokens as an earlier version left them in quarantine.

`python -m tests.support.kept_earlier HOME SERIAL REASON` does it, for SoftHSM serves one store in a
process.
"""

import subprocess
import sys
from pathlib import Path

from seedvault import config
from seedvault.domain.audit import EventKind
from seedvault.domain.names import Serial
from seedvault.domain.token import Quarantined
from seedvault.service.decide import Case
from seedvault.wiring import Application, system_clock
from tests.support.cli import environment

UNANSWERED = "OCRA responses are not verified by this version"
UNCOUNTED = "its policy allows 9 uses, which are not counted here"


def keep(home: Path, serial: str, reason: str) -> None:
    """Put a token in stock into quarantine, under a seal of the vault's own."""
    command = [sys.executable, "-m", "tests.support.kept_earlier", str(home), serial, reason]
    subprocess.run(command, check=True, env=environment())


def _keep(home: Path, serial: str, reason: str) -> None:
    with Application(config.load(home)) as application:
        case = Case.read(
            application.vault, application.keys, Serial(serial), "earlier", system_clock()
        )
        token = case.stored.token
        kept = case.resealed(Quarantined(token.device, token.progress, reason))
        with application.vault.transaction() as transaction:
            transaction.replace(case.stored, kept)
            transaction.commit(case.event(EventKind.TOKEN_UNASSIGNED, reason))


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), *sys.argv[2:])
