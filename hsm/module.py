"""One PKCS#11 library in this process: loaded once, initialised for threads, forks survived."""

import os
import threading
from contextlib import suppress
from ctypes import byref, c_ulong
from functools import cached_property
from pathlib import Path
from time import sleep
from typing import ClassVar

from hsm.cryptoki import (
    CKF_OS_LOCKING_OK,
    CKF_TOKEN_INITIALIZED,
    Cryptoki,
    InitializeArgs,
    LibraryInfo,
    TokenInfo,
)
from hsm.errors import HsmError, KeyNotFound, Policy, Unavailable
from hsm.gate import Gate
from hsm.mechanisms import LEAKING
from hsm.model import Location
from hsm.translate import AlreadyInitialised, NotInitialised

_SEARCHES = 4
_SEARCH_PAUSE_S = 0.05


class Module:
    """A loaded library. `generation` rises whenever every handle it ever gave has died."""

    _loaded: ClassVar[dict[Path, "Module"]] = {}
    _loading: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, library: Path) -> None:
        self.library = library
        self.cryptoki = Cryptoki(library)
        self.generation = 0
        self.gate = Gate()
        self.lock = threading.RLock()
        self._ready = False
        self._forking = 0
        self.start()
        os.register_at_fork(
            before=self._hold_still, after_in_parent=self._go_on, after_in_child=self._forget
        )

    @classmethod
    def load(cls, library: Path) -> "Module":
        """The one `Module` of `library` in this process, loaded when first asked for.

        Raises:
            Unavailable: it cannot be loaded or initialised.
        """
        with cls._loading:
            module = cls._loaded.get(library)
            if module is None:
                module = cls._loaded[library] = cls(library)
            module.start()  # it may be down since a restart that failed
            return module

    def start(self) -> None:
        """Initialise, unless that is done: with the system's locks, whoever was here before.

        python-pkcs11 initialises without them: SoftHSM then runs without mutexes, and two
        threads crashed the process in 4 of 4 runs.
        """
        with self.lock:
            if not self._ready:
                try:
                    self._initialise()
                except AlreadyInitialised:
                    self.cryptoki.finalize(None)
                    self._initialise()
                self._ready = True

    @cached_property
    def leaks(self) -> bool:
        """Whether it keeps something of every object that it destroyed, until it is restarted."""
        return text(self.describe().manufacturer) in LEAKING

    def restart(self, patience_s: float | None = None) -> None:
        """Finalise and initialise, when nobody is inside: all sessions and logins end.

        Waits `patience_s` for the others to come out, or as long as the gate does.

        Raises:
            Unavailable: somebody stays inside too long, or the module does not come back.
        """
        with self.lock, self.gate.alone(patience_s):
            self.abandon()
            with suppress(NotInitialised):  # somebody else has finalised it
                self.cryptoki.finalize(None)
            self.start()

    def revive(self) -> None:
        """Initialise, also if somebody else in this process has finalised the library.

        It waits for nobody: whoever is inside has lost all handles.
        """
        with self.lock:
            self.start()
            try:
                self.describe()
            except NotInitialised:
                self.abandon()
                self.start()

    def abandon(self) -> None:
        """Take all handles for dead, and initialise before the next use."""
        self.generation += 1
        self._ready = False

    def find_slot(self, location: Location) -> int:
        """The slot that holds the PKCS#11 token of `location`: slot numbers do not last.

        Of three processes starting together, 2 in 45 starts missed their token: hence the
        restarts.

        Raises:
            KeyNotFound: no such PKCS#11 token in four searches.
            Policy: the label fits several.
        """
        for search in range(_SEARCHES):
            if search:
                sleep(_SEARCH_PAUSE_S)
                self.restart()
            slot = self.locate(location)
            if slot is not None:
                return slot
        raise KeyNotFound(
            f"{location} was not found in any slot: check the module's configuration and the "
            "label, or bring it back from a backup"
        )

    def locate(self, location: Location) -> int | None:
        """The same in one search, without a second try."""
        found = [slot for slot, token in self.slots() if _matches(token, location)]
        if len(found) > 1:
            raise Policy(f"{location} is there {len(found)} times: name its serial as well")
        return found[0] if found else None

    def free_slot(self) -> int:
        """A slot whose PKCS#11 token is not initialised.

        Raises:
            KeyNotFound: all slots are taken.
        """
        for slot, token in self.slots():
            if not token.flags & CKF_TOKEN_INITIALIZED:
                return slot
        raise KeyNotFound(f"{self.library} has no free slot for a new PKCS#11 token")

    def slots(self) -> list[tuple[int, TokenInfo]]:
        """Every slot that answers; a broken one is passed over."""
        count = c_ulong()
        self.cryptoki.get_slot_list(1, None, byref(count))
        numbers = (c_ulong * count.value)()
        self.cryptoki.get_slot_list(1, numbers, byref(count))
        answering = []
        for slot in numbers[: count.value]:
            token = TokenInfo()
            try:
                self.cryptoki.get_token_info(slot, byref(token))
            except HsmError:
                continue
            answering.append((slot, token))
        return answering

    def describe(self) -> LibraryInfo:
        """What the library says of itself."""
        about = LibraryInfo()
        self.cryptoki.get_info(byref(about))
        return about

    def _initialise(self) -> None:
        self.cryptoki.initialize(byref(InitializeArgs(flags=CKF_OS_LOCKING_OK)))

    def _hold_still(self) -> None:
        """Before a fork: wait until no other thread is within the library.

        The child would find its locks taken, by threads that it does not have: of 100 children
        of a process with four threads at work, 45 hung. Whoever stays inside too long is not
        waited for.
        """
        if self.lock.acquire(timeout=self.gate.patience_s):
            try:
                self.gate.close()
            except Unavailable:
                self.lock.release()
            else:
                self._forking = threading.get_ident()

    def _go_on(self) -> None:
        """In the parent, after the fork."""
        if self._forking == threading.get_ident():
            self._forking = 0
            self.gate.reopen()
            self.lock.release()

    def _forget(self) -> None:
        """In a forked child: the parent's handles and locks are not ours."""
        self._forking = 0
        self.gate = Gate()
        self.lock = threading.RLock()
        Module._loading = threading.Lock()
        self.abandon()


def _matches(token: TokenInfo, location: Location) -> bool:
    serial = location.token_serial
    return (
        bool(token.flags & CKF_TOKEN_INITIALIZED)
        and text(token.label) == location.token_label
        and (serial is None or text(token.serial) == serial)
    )


def text(field: bytes) -> str:
    """A blank-padded field of a PKCS#11 structure as text."""
    return field.decode("utf-8", "replace").rstrip(" \0")
