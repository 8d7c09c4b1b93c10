"""A login and its sessions, as long as the module keeps them."""

import threading
from collections import deque
from contextlib import suppress
from ctypes import byref, c_char, c_ulong
from enum import Enum, auto
from queue import Empty, SimpleQueue
from typing import Any

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
from hsm.translate import AlreadyLoggedIn, Rv, Stale, Unlisted, failure
from hsm.vault_key import VaultKey

SESSIONS_MAX = 16
SESSION_WAIT_S = 10.0


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
