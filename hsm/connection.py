"""One login, and the sessions it lends to threads; what is lost is opened again, once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import sleep
from typing import TypeVar

from hsm.errors import (
    HsmError,
    PinRejected,
    Unavailable,
)
from hsm.link import LentSession, Link
from hsm.model import Location
from hsm.module import Module
from hsm.pin import Pin
from hsm.translate import PinMissing, Stale

# How long a restart waits for others to come out of a module that has failed them as well.
_PATIENCE_S = 1.0

# After so many objects a module that leaks is restarted: 24 MB, at SoftHSM's 240 octets each.
DESTROYED_MAX = 100_000
# How long everybody waits until nobody is inside; else it is tried again so many objects later.
_RECYCLE_PATIENCE_S = 0.05
_RECYCLE_AGAIN = DESTROYED_MAX // 5

_LOGINS = 4
_LOGIN_PAUSE_S = 0.05

T = TypeVar("T")


class Connection:
    """Lends sessions on one PKCS#11 token: one to a thread, the same one while it keeps it."""

    def __init__(self, location: Location, pin: Pin) -> None:
        """Log in.

        Raises:
            KeyNotFound: there is no such PKCS#11 token.
            PinRejected: the PIN was refused.
            Unavailable: the library or the module does not work.
        """
        self.location = location
        self.module = Module.load(location.library)
        self._pin = pin
        self._held = threading.local()
        self._refusal = ""
        self._link: Link | None = None
        self._closed = False
        self._current_link()

    @property
    def slot(self) -> int:
        """Where the PKCS#11 token is for now."""
        return self._current_link().slot

    def borrow(self) -> LentSession:
        """A session for this thread, to be given back as often as it was borrowed."""
        held: LentSession | None = getattr(self._held, "session", None)
        if held is not None and held.healthy and held.link is self._link and held.link.sound:
            held.depth += 1
            return held
        link = self._enter()
        try:
            session = link.take()
        except HsmError as error:
            link.note(error)
            self.module.gate.leave()
            raise
        session.depth = 1
        self._held.session = session
        return session

    def give_back(self, session: LentSession, failed: BaseException | None = None) -> None:
        """End one borrowing; the session ends with it when something failed.

        A module should end an operation that it answers with an error. Not every one does, and
        the next to use the session would hear CKR_OPERATION_ACTIVE.
        """
        if failed is not None:
            session.healthy = False
            session.link.note(failed)
        session.depth -= 1
        if session.depth:
            return
        if getattr(self._held, "session", None) is session:
            self._held.session = None  # the next to borrow it may be another thread
        if session.gate is self.module.gate:
            session.link.give_back(session)
            session.gate.leave()
            if session.link.destroyed >= DESTROYED_MAX:
                self._recycle(session.link)

    def hold(self, operation: Callable[[LentSession], T]) -> tuple[LentSession, T]:
        """A borrowed session and what `operation` gave on it.

        Tried again, once and on a new login, when the session turned out to be lost.
        """
        try:
            return self._hold(operation)
        except Stale:
            return self._hold(operation)

    def _hold(self, operation: Callable[[LentSession], T]) -> tuple[LentSession, T]:
        session = self.borrow()
        try:
            return session, operation(session)
        except BaseException as error:
            self.give_back(session, error)
            raise

    def run(self, operation: Callable[[LentSession], T]) -> T:
        """The same, without keeping the session."""
        session, result = self.hold(operation)
        self.give_back(session)
        return result

    def close(self) -> None:
        """Close the sessions; the module stays, others may use it."""
        with self.module.lock:
            self._closed = True
            if self._link is not None:
                self._link.close()
                self._link = None

    def _recycle(self, link: Link) -> None:
        """Restart a module that leaks, unless others stay inside: then somewhat later."""
        link.destroyed -= _RECYCLE_AGAIN
        # What this thread came for is done: trouble is the next one's to meet, and to tell.
        with suppress(HsmError):
            if self.module.leaks and link.alive:
                self.module.restart(_RECYCLE_PATIENCE_S)

    @contextmanager
    def inside(self) -> Iterator[Link]:
        """A block in which nobody restarts the module, and the link that is alive in it."""
        link = self._enter()
        gate = self.module.gate  # a fork puts another in its place
        try:
            yield link
        finally:
            gate.leave()

    def _enter(self) -> Link:
        """Go through the gate with a link that is alive; inside, it stays so."""
        while True:
            link = self._current_link()
            gate = self.module.gate
            gate.enter()
            if link.alive:
                return link
            gate.leave()

    def _current_link(self) -> Link:
        link = self._link
        if link is not None and link.sound:
            return link
        with self.module.lock:
            if self._closed:
                raise Unavailable(f"the keystore on {self.location} is closed")
            if self._refusal:
                raise PinRejected(self._refusal)
            if self._link is None or not self._is_sound(self._link):
                self._link = None
                self._link = self._open_link()
            return self._link

    def _is_sound(self, link: Link) -> bool:
        """Whether a link can be used; one that cannot has been closed as far as it could be."""
        return link.sound or (link.alive and link.recovers())

    def _open_link(self) -> Link:
        """A new link.

        SoftHSM may read a PKCS#11 token's file while another process writes it, and find no PIN
        there: once in 1,159 restarts of four processes. None was compared, so no try is spent.
        """
        for _ in range(_LOGINS - 1 if self.module.leaks else 0):  # SoftHSM alone does either
            with suppress(PinMissing):
                return self._logged_in()
            sleep(_LOGIN_PAUSE_S)
            self.module.restart(_PATIENCE_S)
        return self._logged_in()

    def _logged_in(self) -> Link:
        link = self._reached()
        try:
            link.log_in(self._pin)
        except PinMissing:
            raise
        except PinRejected as refusal:
            # A real module locks after a few: never offered again. Not the error itself: each
            # time it is raised, it would keep one more trace of who called.
            self._refusal = str(refusal)
            raise
        return link

    def _reached(self) -> Link:
        """A link without a login. A module that does not answer is restarted, once.

        Some answer nothing more after a lost connection until they are initialised anew, and who
        else is in this process may have finalised the library.
        """
        try:
            self.module.revive()
            return Link(self.module, self.location)
        except Unavailable as silent:
            try:
                self.module.restart(_PATIENCE_S)
            except Unavailable:
                raise silent from None
            return Link(self.module, self.location)
