"""A real PKCS#11 module with faults to order: `shim.c`, compiled when first asked for.

The module behind it is a copy of SoftHSM, so that finalising it "behind our back" leaves the
SoftHSM of the other tests in this process alone; both work on the same store.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL, c_int, c_long, c_ulong
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache
from pathlib import Path

import pytest

from hsm import Location
from hsm.cryptoki import _PLACE
from tests.support import softhsm

_SOURCE = Path(__file__).with_name("shim.c")
_MISSING = "a C compiler is missing, which builds the PKCS#11 shim: apt-get install gcc libc6-dev"


class Behaviour(IntEnum):
    """What the module does, as `shim.c` numbers it."""

    ANSWER = 1
    LATE = 2
    WAIT = 3
    DROP = 4
    LOG_OUT = 5
    FINALISE = 6
    RESTART = 7
    KILL = 8
    DEAD = 9
    OUTAGE = 10
    ALWAYS = 11


@dataclass(frozen=True, slots=True)
class Fault:
    """At the n-th call of `function`: `behaviour`, with `value` (CK_RV, milliseconds, signal)."""

    function: str
    nth: int
    behaviour: Behaviour
    value: int = 0

    def __str__(self) -> str:
        return f"call {self.nth} of {self.function}, {self.behaviour.name} {self.value:#x}"

    @property
    def words(self) -> str:
        """The fault as SHIM_FAULTS has it."""
        return f"{_PLACE[self.function]}:{self.nth}:{self.behaviour.value}:{self.value}"


class Shim:
    """The built library, and the wires to it."""

    def __init__(self, path: Path, module: Path) -> None:
        self.path = path
        self.module = module
        self._library = CDLL(str(path))
        self._library.shim_arm.argtypes = [c_int, c_int, c_int, c_ulong]
        self._library.shim_calls.argtypes = [c_int]
        self._library.shim_calls.restype = c_long

    @contextmanager
    def armed(self, *faults: Fault) -> Iterator[None]:
        """These faults within the block, and none after it."""
        self.disarm()
        self.arm(*faults)
        try:
            yield
        finally:
            self.disarm()

    def arm(self, *faults: Fault) -> None:
        """Add faults to those that are armed."""
        for fault in faults:
            place = _PLACE[fault.function]
            if self._library.shim_arm(place, fault.nth, fault.behaviour.value, fault.value):
                raise ValueError(f"too many faults at once: {fault}")

    def disarm(self) -> None:
        """End every fault; who waits goes on."""
        self._library.shim_disarm()

    def release(self) -> None:
        """Let go who waits."""
        self._library.shim_release()

    @property
    def waiting(self) -> int:
        """How many calls wait inside the module."""
        waiting: int = self._library.shim_waiting()
        return waiting

    @property
    def fired(self) -> bool:
        """Whether the fault that was armed last has come to pass."""
        return bool(self._library.shim_fired())

    def calls(self, function: str) -> int:
        """How often `function` was called since the library was loaded."""
        calls: int = self._library.shim_calls(_PLACE[function])
        return calls

    def all_calls(self) -> dict[str, int]:
        """The same for every function that `hsm` knows."""
        return {function: self.calls(function) for function in _PLACE}

    def in_front_of(self, location: Location) -> Location:
        """The same PKCS#11 token, seen through the shim."""
        return replace(location, library=self.path)


@cache
def shim() -> Shim:
    """The one shim of this process; a test that needs it says what is missing and is skipped."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip(_MISSING)
    home = tempfile.TemporaryDirectory(prefix="seedvault-shim-", ignore_cleanup_errors=True)
    _kept.append(home)
    library, module = Path(home.name, "shim.so"), Path(home.name, "module.so")
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror"]
    if sys.platform == "linux":
        command.append("-nostdlib")  # who loads it has the C library: headers are enough
    subprocess.run([*command, "-o", library, _SOURCE], check=True)
    shutil.copy(softhsm.library(), module)
    os.environ["SHIM_MODULE"] = str(module)  # children inherit it
    return Shim(library, module)


_kept: list[object] = []
