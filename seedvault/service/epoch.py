"""Which of several databases of one vault is the latest: the HSM remembers.

The epoch stands in the database, and every decision about a token is written only where it is still
the one that was read. A restore raises it, and so ends whoever still holds the vault that was
replaced. The HSM keeps it as well: a file that is put back by hand is then noticed.

Of the two writes of a restore the database's comes first. A kill in between leaves a database that
is ahead, and nobody has used yet: whoever opens its keys first raises the HSM's. So the HSM's is
never lower than that of any database whose codes were verified.
"""

from enum import Enum
from typing import Protocol

from seedvault.domain.errors import NotAllowed


class EpochMemory(Protocol):
    """What the HSM keeps beside the keys of one vault. Raises HsmUnavailable."""

    def recall(self) -> int | None:
        """The highest epoch that was kept; None where none was."""

    def remember(self, epoch: int) -> bool:
        """Keep an epoch, unless a higher one is kept; False where the HSM keeps no data."""


class Kept(Enum):
    """Whether an older copy of the database would be noticed."""

    IN_HSM = "kept in the HSM as well"
    NOWHERE = "not kept in the HSM, which stores no data: an older copy would not be noticed"


def settle_epoch(database: int, memory: EpochMemory) -> Kept:
    """Hold the database's epoch against the HSM's, and raise the HSM's where it is behind.

    Raises NotAllowed where another database of this vault came after this one.
    """
    kept = memory.recall()
    if kept is not None and kept > database:
        raise NotAllowed(
            f"this database is of epoch {database}, and the vault has come to epoch {kept}: it is "
            "an older copy, from before a restore. Codes that were accepted since would be "
            "accepted once more",
            remedy="Use the database that was restored. Where this one has to take its place: "
            "seedvault restore --promoted",
        )
    if kept == database or memory.remember(database):
        return Kept.IN_HSM
    return Kept.NOWHERE
