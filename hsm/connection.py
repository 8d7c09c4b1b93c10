"""One login, and the sessions it lends to threads; what is lost is opened again, once."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from ctypes import byref, c_char, c_ulong
from enum import Enum, auto
from queue import Empty, SimpleQueue
from time import sleep
from typing import Any, TypeVar

from hsm.cryptoki import (
    CKF_SERIAL_SESSION,
    CKS_RO_USER_FUNCTIONS,
    CKS_RW_USER_FUNCTIONS,
    CKU_USER,
    Cryptoki,
    SessionInfo,
)
from hsm.errors import (
    HsmError,
    PinRejected,
    Policy,
    Unavailable,
    Unsupported,
)
from hsm.model import Location
from hsm.module import Module
from hsm.pin import Pin
from hsm.session import Session
from hsm.templates import Template
from hsm.translate import AlreadyLoggedIn, PinMissing, Rv, Stale, Unlisted, failure
from hsm.vault_key import VaultKey

SESSIONS_MAX = 16
SESSION_WAIT_S = 10.0

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


def log_in(cryptoki: Cryptoki, session: int, user: int, pin: Pin) -> None:
    """Log the process in. Somebody else's login is as good.

    Raises:
        PinRejected: the PIN is wrong, locked or expired; it was offered once. What a module
            means by a return value of its own nobody knows: it may have counted a wrong PIN.
    """
    with pin.expose() as octets:
        try:
            pointer = (c_char * len(octets)).from_buffer(octets)
            cryptoki.login(session, user, pointer, len(octets))
        except AlreadyLoggedIn:
            pass
        except (Policy, Unlisted, Unsupported) as error:
            raise PinRejected(f"it may be wrong: {error}") from error


def open_session(cryptoki: Cryptoki, slot: int, flags: int = CKF_SERIAL_SESSION) -> int:
    """The handle of a new session."""
    handle = c_ulong()
    cryptoki.open_session(slot, flags, None, None, byref(handle))
    return handle.value


class LentSession(Session):
    """A session out of a link's pool, and how often its thread has borrowed it."""

    def __init__(self, link: "Link", handle: int) -> None:
        super().__init__(link.module.cryptoki, handle)
        self.link = link
        self.gate = link.module.gate  # a fork puts another in the module's place
        self.found = link.found
        self.depth = 0
        self.healthy = True

    def key(self, key: VaultKey) -> int:
        """The handle of `key`, looked for once in the link's life."""
        handle = self.link.keys.get(key.name)
        if handle is None:
            handle = self.link.keys[key.name] = self.find(key)
        return handle

    def search(self, template: Template) -> list[int]:
        """The handles of all objects that have the attributes of `template`, two at most.

        Raises:
            Stale: there is none, and no login: nobody sees private objects without one.
        """
        handles = super().search(template)
        if not handles and not logged_in(self):
            raise failure(Rv.USER_NOT_LOGGED_IN, "C_FindObjects")
        return handles

    def destroy(self, handle: int) -> None:
        """End an object of this session, and count it: see `DESTROYED_MAX`."""
        super().destroy(handle)
        self.link.destroyed += 1  # threads may lose one to each other: a few more are kept


def logged_in(session: Session) -> bool:
    """Whether the module answers in this session, and the user is logged in."""
    about = SessionInfo()
    session.cryptoki.get_session_info(session.handle, byref(about))
    return about.state in {CKS_RO_USER_FUNCTIONS, CKS_RW_USER_FUNCTIONS}


class Standing(Enum):
    """What is known of a link."""

    SOUND = auto()
    DOUBTED = auto()  # the module failed: the anchor must answer before anything else is asked
    LOST = auto()  # a handle was not known any more: another link must be made
    RETIRED = auto()  # another was made, and the module knows this one's handles still
    DEAD = auto()  # another was made, and the numbers of this one's handles may be in use again


class Link:
    """The anchor session, its siblings and the key handles, as long as the module keeps them."""

    def __init__(self, module: Module, location: Location) -> None:
        self.module = module
        self.keys: dict[str, int] = {}
        self.destroyed = 0
        self.found: dict[object, Any] = {}
        self.slot = module.find_slot(location)
        self.generation = module.generation  # read now: the search may restart the module
        self._idle: deque[LentSession] = deque()
        # A semaphore; the one of `threading` is made of Python, and takes 2 us more.
        self._places: SimpleQueue[None] = SimpleQueue()
        for _ in range(SESSIONS_MAX):
            self._places.put(None)
        # Closing the session that logged in may log the whole process out: this one lives on.
        self.anchor = Session(module.cryptoki, open_session(module.cryptoki, self.slot))
        self.anchor_lock = threading.Lock()
        self.standing = Standing.SOUND

    @property
    def alive(self) -> bool:
        """Whether the module has kept its handles, as far as this process knows."""
        return self.standing is not Standing.DEAD and self.generation == self.module.generation

    @property
    def sound(self) -> bool:
        """Whether nothing speaks against using it."""
        return self.standing is Standing.SOUND and self.generation == self.module.generation

    def log_in(self, pin: Pin) -> None:
        """Log the process in; without, there is no anchor either."""
        try:
            log_in(self.module.cryptoki, self.anchor.handle, CKU_USER, pin)
        except HsmError:
            with suppress(HsmError):
                self.module.cryptoki.close_session(self.anchor.handle)
            raise

    def note(self, failed: BaseException) -> None:
        """Remember what an operation's failure says about the link."""
        if isinstance(failed, Stale) and self.alive and self.standing is not Standing.RETIRED:
            self.standing = Standing.LOST
        elif isinstance(failed, Unavailable) and self.standing is Standing.SOUND:
            self.standing = Standing.DOUBTED

    def take(self) -> LentSession:
        """A session nobody else has.

        Raises:
            Unavailable: all are lent, and none came back in time.
        """
        try:
            self._places.get(timeout=SESSION_WAIT_S)
        except Empty:
            raise Unavailable(
                f"all {SESSIONS_MAX} sessions of this process are in use, and none came back in "
                f"{SESSION_WAIT_S:g} s: try again; if it lasts, the module is slow, see its own log"
            ) from None
        with suppress(IndexError):
            return self._idle.pop()
        try:
            return LentSession(self, open_session(self.module.cryptoki, self.slot))
        except HsmError:
            self._places.put(None)
            raise

    def give_back(self, session: LentSession) -> None:
        """Keep the session for the next; close it when an operation stopped half way."""
        if not self.alive:
            pass  # its handle died with the link
        elif session.healthy and self.standing is not Standing.RETIRED:
            self._idle.append(session)
        else:
            with suppress(HsmError):
                session.cryptoki.close_session(session.handle)
        self._places.put(None)

    def recovers(self) -> bool:
        """Ask the anchor how a doubted or lost link stands; True where it is sound after all."""
        try:
            has_login = logged_in(self.anchor)
        except HsmError:
            # Nothing is closed: a module that has started anew gives the same numbers again.
            self.standing = Standing.DEAD
            return False
        if self.standing is Standing.DOUBTED and has_login:
            self.standing = Standing.SOUND
            return True
        self.close()
        return False

    def close(self) -> None:
        """Close what is not lent, the anchor last; what is lent, when it comes back."""
        if self.alive:
            self.standing = Standing.RETIRED
            for session in (*self._idle, self.anchor):
                with suppress(HsmError):
                    session.cryptoki.close_session(session.handle)
        self._idle.clear()


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
        for _ in range(_LOGINS - 1):
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
