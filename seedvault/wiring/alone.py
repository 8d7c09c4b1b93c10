"""One ceremony at a time on this node, whichever process holds it."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from seedvault.domain.errors import Conflict, StorageUnavailable

_FILE = "ceremony.lock"
PATIENCE_S = 30.0
_PAUSE_S = 0.05


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """A block that no other process is in; the lock goes with the process, however it ends.

    Raises Conflict where another stays in it too long.
    """
    path = home / _FILE
    try:
        file = path.open("ab")
    except OSError as error:
        raise StorageUnavailable(
            f"{path}: the lock of ceremonies cannot be used: {error.strerror}",
            remedy="Run this as the account that made the vault.",
        ) from error
    with file:
        deadline = monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if monotonic() > deadline:
                    raise Conflict(
                        "another ceremony over this vault's keys is under way",
                        remedy="Wait for it to end, then run the same again.",
                    ) from None
                sleep(_PAUSE_S)
        yield
