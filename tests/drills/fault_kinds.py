"""Every fault that a module is made to have, and the kind under which a table counts it."""

from collections.abc import Iterator

from hsm.errors import HsmError, Integrity, PinRejected, Unsupported
from hsm.translate import Ambiguous, Forbidden, Mismatch, NotInitialised, Rv, Stale, failure
from tests.support.shim import Behaviour, Fault

VENDOR = (0x8000_0000, 0x8000_0001, 0xFFFF_FFFF)
# CKR_FUNCTION_NOT_PARALLEL, CKR_MUTEX_BAD, CKR_FUNCTION_REJECTED, and one that no version has.
UNLISTED = (0x51, 0x1A0, 0x200, 0x777)
VALUES = (*Rv, *UNLISTED, *VENDOR)

_LATE = (Rv.DEVICE_ERROR, Rv.GENERAL_ERROR, Rv.SESSION_HANDLE_INVALID, VENDOR[0])
_WAIT_MS = 10
_LONG_MS = (100, 1_000)
_PATIENT = frozenset({"C_Sign", "C_UnwrapKey", "C_Login"})
"""Kept waiting longer as well, at their first call: a login, and what a code is computed by."""

_MEANINGS: dict[type[HsmError], str] = {
    PinRejected: "PIN refused",
    Stale: "session lost",
    NotInitialised: "session lost",
    Mismatch: "MAC differs",
    Integrity: "damaged",
    Unsupported: "cannot",
    Forbidden: "forbidden",
    Ambiguous: "general error",
}
_BEHAVIOURS = {
    Behaviour.LATE: "done, then error",
    Behaviour.WAIT: "slow",
    Behaviour.DROP: "sessions dropped",
    Behaviour.LOG_OUT: "logged out",
    Behaviour.FINALISE: "finalised",
    Behaviour.RESTART: "restarted",
    Behaviour.DEAD: "dead until restart",
    Behaviour.OUTAGE: "outage",
    Behaviour.KILL: "process killed",
}


def kind(fault: Fault) -> str:
    """The fault's row in a table."""
    named = _BEHAVIOURS.get(fault.behaviour)
    if named is not None:
        return named
    if fault.value in VENDOR:
        return "vendor's own"
    if fault.value in UNLISTED:
        return "unlisted"
    return _MEANINGS.get(type(failure(fault.value, "")), "sick")


def faults(function: str, nth: int) -> Iterator[Fault]:
    """Every fault there is at the n-th call of a function."""
    for value in VALUES:
        yield Fault(function, nth, Behaviour.ANSWER, value)
    for value in _LATE:
        yield Fault(function, nth, Behaviour.LATE, value)
    for wait_ms in (_WAIT_MS, *(_LONG_MS if nth == 1 and function in _PATIENT else ())):
        yield Fault(function, nth, Behaviour.WAIT, wait_ms)
    for behaviour in (Behaviour.DROP, Behaviour.LOG_OUT, Behaviour.FINALISE, Behaviour.RESTART):
        yield Fault(function, nth, behaviour)
    for value in (Rv.DEVICE_ERROR, Rv.TOKEN_NOT_PRESENT):
        yield Fault(function, nth, Behaviour.DEAD, value)
        yield Fault(function, nth, Behaviour.OUTAGE, value)
