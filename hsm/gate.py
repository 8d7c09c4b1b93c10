"""A gate that many operations pass at once, and a restart of the module alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hsm.errors import Unavailable


class Gate:
    """Counts who is inside; whoever is inside already may enter again while others wait."""

    __slots__ = ("_changed", "_closed", "_inside", "_lock", "_mine", "patience_s")

    def __init__(self, patience_s: float = 10.0) -> None:
        self.patience_s = patience_s
        self._lock = threading.Lock()  # taken by itself where nobody waits: half the time
        self._changed = threading.Condition(self._lock)
        self._inside = 0
        self._closed = False
        self._mine = threading.local()

    @property
    def closing(self) -> bool:
        """Whether a restart waits or works."""
        return self._closed

    def enter(self) -> None:
        """Go in, after a restart that is under way.

        Raises:
            Unavailable: the restart outlasted our patience.
        """
        depth: int = getattr(self._mine, "depth", 0)
        with self._lock:
            if self._closed and not depth:
                self._wait_until_open()
            self._inside += 1
        self._mine.depth = depth + 1

    def leave(self) -> None:
        """Go out, in the thread that went in."""
        self._mine.depth -= 1
        with self._lock:
            self._inside -= 1
            if self._closed:
                self._changed.notify_all()

    @contextmanager
    def alone(self, patience_s: float | None = None) -> Iterator[None]:
        """Keep everyone out, once the last operation has come out.

        Raises:
            Unavailable: this thread is inside itself, or others stayed too long.
        """
        if getattr(self._mine, "depth", 0):
            raise Unavailable("the module cannot restart: this thread still holds an opened key")
        self.close(patience_s)
        try:
            yield
        finally:
            self.reopen()

    def close(self, patience_s: float | None = None) -> None:
        """Keep newcomers out until `reopen`; wait until all others have come out.

        This thread itself may be inside. When it raises, the gate is open again.

        Raises:
            Unavailable: others stayed too long.
        """
        patience_s = self.patience_s if patience_s is None else patience_s
        own: int = getattr(self._mine, "depth", 0)
        with self._changed:
            self._wait_until_open()
            self._closed = True
            if not self._changed.wait_for(lambda: self._inside == own, patience_s):
                self._open()
                raise Unavailable("the module cannot restart: other threads still use it")

    def reopen(self) -> None:
        """Let everyone in again."""
        with self._changed:
            self._open()

    def _open(self) -> None:
        self._closed = False
        self._changed.notify_all()

    def _wait_until_open(self) -> None:
        if not self._changed.wait_for(lambda: not self._closed, self.patience_s):
            raise Unavailable("the module is being restarted for too long: try again")
