"""PostgreSQL's errors, in words, with the remedy."""

import psycopg
from psycopg import errors

from seedvault.domain.errors import StorageUnavailable
from seedvault.storage.failures import Clash, Contended, StillNeeded

LOCK_TIMEOUT_S = 10

_GONE = (
    "the server is stopping, starting or gone",
    "Look at the server, and at the URL in seedvault.toml; then run the same again.",
)
# By SQLSTATE, or its class (PostgreSQL, Appendix A): what happened, and the remedy.
_KNOWN: dict[str, tuple[str, str]] = {
    "08": _GONE,
    "53100": ("the server's disk is full", "Free some space there, then run the same again."),
    "57P": _GONE,
    "55P03": (
        f"another transaction held a lock for more than {LOCK_TIMEOUT_S} s",
        "Wait for a large import to end, then try again.",
    ),
    "57014": (
        "the server broke this off: it took longer than statement_timeout",
        "Raise the timeout of this user, then run the same again.",
    ),
    "25006": (
        "this server only answers questions: it is a standby",
        "Name the primary, or both and target_session_attrs=read-write.",
    ),
    "42501": (
        "this user may not do that",
        "Let the user that made the vault run this, or grant it the rights.",
    ),
    "XX": ("the database is damaged", "Restore a backup, or promote the standby."),
}


def explain(place: str, error: psycopg.Error) -> Exception:
    """What a driver's error means to whoever asked for something."""
    match error:
        case errors.UniqueViolation() | errors.DuplicateTable():
            return Clash()
        case errors.ForeignKeyViolation():
            return StillNeeded()
        case errors.SerializationFailure() | errors.DeadlockDetected():
            return Contended()
    known = _known(error.sqlstate or "")
    if known is None and error.sqlstate is None and isinstance(error, errors.OperationalError):
        # What the client's library says names hosts and users, never a password.
        known = f"cannot be reached: {' '.join(str(error).split())}", _GONE[1]
    if known is None:
        # The primary message names tables and columns; values stand in its details.
        said = error.diag.message_primary or type(error).__name__
        known = f"the database refused: {said}", "If it is a vault, restore a backup."
    what, remedy = known
    return StorageUnavailable(f"{place}: {what}", remedy=remedy)


def _known(sqlstate: str) -> tuple[str, str] | None:
    for length in (5, 3, 2):
        if sqlstate[:length] in _KNOWN:
            return _KNOWN[sqlstate[:length]]
    return None


def unknown_outcome(place: str, why: str) -> StorageUnavailable:
    """The error for a commit that nobody can say was made: a code in it may be spent."""
    return StorageUnavailable(
        f"{place}: {why} while a change was being committed",
        unchanged="The change is made whole or not at all; it is not known which.",
        remedy="Look at what is there: seedvault audit list. A code is never accepted twice.",
    )
