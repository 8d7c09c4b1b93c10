"""Which error ends with which exit code: the one table of this edge."""

from enum import IntEnum

from seedvault.domain.errors import (
    ClockUntrusted,
    Conflict,
    FileRefused,
    HsmUnavailable,
    InvalidInput,
    NotAllowed,
    NotFound,
    SealBroken,
    SeedvaultError,
    StorageUnavailable,
)


class Exit(IntEnum):
    """The exit codes every command keeps to."""

    DONE = 0
    DECIDED_NO = 1
    USAGE = 2
    FILE_REFUSED = 3
    NOT_FOUND_OR_CONFLICT = 4
    NOT_ALLOWED = 5
    HSM_UNAVAILABLE = 6
    STORAGE_UNAVAILABLE = 7
    BUG = 70
    INTERRUPTED = 130


_EXITS: dict[type[SeedvaultError], Exit] = {
    SealBroken: Exit.STORAGE_UNAVAILABLE,
    InvalidInput: Exit.USAGE,
    FileRefused: Exit.FILE_REFUSED,
    NotFound: Exit.NOT_FOUND_OR_CONFLICT,
    Conflict: Exit.NOT_FOUND_OR_CONFLICT,
    NotAllowed: Exit.NOT_ALLOWED,
    HsmUnavailable: Exit.HSM_UNAVAILABLE,
    ClockUntrusted: Exit.STORAGE_UNAVAILABLE,
    StorageUnavailable: Exit.STORAGE_UNAVAILABLE,
}


def exit_for(error: SeedvaultError) -> Exit:
    """The exit code of an error: its class's, or the nearest base class's."""
    for kind in type(error).__mro__:
        if kind in _EXITS:
            return _EXITS[kind]
    return Exit.BUG
