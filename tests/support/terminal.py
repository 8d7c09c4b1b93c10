"""A terminal at which somebody types: for what is asked only there."""

import os
import pty
import select
from collections.abc import Sequence

_TIMEOUT_S = 60


def typed(
    argv: Sequence[str], environment: dict[str, str], answers: Sequence[str]
) -> tuple[int, str]:
    """Run a command at a terminal, and answer each question that ends with a colon.

    Its exit code, and all that was to be seen.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(argv[0], list(argv), environment)
    seen, pending = "", list(answers)
    while select.select([terminal], [], [], _TIMEOUT_S)[0]:
        try:
            piece = os.read(terminal, 4096).decode()
        except OSError:  # so Linux says that the other end is closed
            break
        if not piece:
            break
        seen += piece
        if pending and seen.rstrip(" ").endswith(":"):
            os.write(terminal, pending.pop(0).encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen
