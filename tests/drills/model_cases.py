"""What is asked of the model in docs/explanation/model, and the answers that are expected."""

from dataclasses import dataclass
from enum import Enum


class Promise(Enum):
    """What one run looks into."""

    ONCE = "told once"
    SERVED = "served in the end"


class Group(Enum):
    """Why a case is there."""

    DESIGN = "the design"
    DEFENCE = "one defence taken out"
    SPARE = "a defence taken out that another one covers"
    GROUND = "something taken away that the design relies upon"


@dataclass(frozen=True, slots=True)
class Case:
    """Does `promise` hold where the model is compiled with `defines`?

    `requests` is how many codes come in before the end; each more takes four times as long.
    """

    group: Group
    defines: tuple[str, ...]
    holds: bool
    promise: Promise = Promise.ONCE
    requests: int = 3

    @property
    def name(self) -> str:
        """The kind of token, the databases, and what is taken out."""
        kind = "HOTP" if "HOTP" in self.defines else "TOTP"
        return " ".join((kind, *(name for name in self.defines if name != "HOTP")))


_ALONE: tuple[tuple[str, ...], ...] = ((), ("HOTP",))
_WITH_STANDBY = (("SYNC",), ("HOTP", "SYNC"), ("ASYNC",), ("HOTP", "ASYNC"))
_TAKEN_OUT = (
    *(("NAIVE",), ("HOTP", "NAIVE"), ("SYNC", "NAIVE")),
    *(("TELL_EARLY",), ("HOTP", "TELL_EARLY")),
    *(("NO_FLOORS",), ("HOTP", "NO_FLOORS")),
    *(("HOTP", "NO_EPOCH"), ("HOTP", "ASYNC", "EPOCH_FROM_BACKUP")),
    *(("ASYNC", "ASYNC_NO_BUMP"), ("HOTP", "ASYNC", "ASYNC_NO_BUMP")),
)
_COVERED = (
    *(("NO_VERSION",), ("HOTP", "NO_VERSION")),
    *(("NO_FLOOR_CHECK",), ("HOTP", "NO_FLOOR_CHECK"), ("NO_EPOCH",)),
)

CASES = (
    *(Case(Group.DESIGN, world, holds=True, requests=4) for world in _ALONE),
    *(Case(Group.DESIGN, world, holds=True) for world in _WITH_STANDBY),
    *(
        Case(Group.DESIGN, world, holds=True, promise=Promise.SERVED, requests=2)
        for world in (*_ALONE, *_WITH_STANDBY)
    ),
    *(Case(Group.DEFENCE, defines, holds=False) for defines in _TAKEN_OUT),
    Case(Group.DEFENCE, ("NO_REOPEN",), holds=False, promise=Promise.SERVED, requests=2),
    *(Case(Group.SPARE, defines, holds=True) for defines in _COVERED),
    Case(Group.GROUND, ("SHORT_RAISE",), holds=False),
    Case(Group.GROUND, ("HOTP", "OLD_PAIR"), holds=False),
)
