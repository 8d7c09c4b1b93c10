"""Many assignments from one list: each on its own, and a reason for every one that failed."""

from collections.abc import Iterable
from dataclasses import dataclass

from seedvault.domain.errors import HsmUnavailable, SeedvaultError, StorageUnavailable
from seedvault.domain.names import Serial, UserName
from seedvault.domain.outcome import Rejected
from seedvault.service.binding import AssignToken


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of a list, as it was written. Its line counts from 1."""

    line: int
    serial: str
    user: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A line that was not assigned, and why."""

    wanted: Wanted
    reason: str


@dataclass(frozen=True, slots=True)
class AssignMany:
    """Assign line by line; what fails is reported, what succeeds stays."""

    assign: AssignToken

    def __call__(
        self, lines: Iterable[Wanted], actor: str, *, dry_run: bool
    ) -> tuple[int, list[Failed]]:
        """How many were assigned (or would be), and the lines that were not.

        Raises HsmUnavailable and StorageUnavailable: they are no fault of a line.
        """
        done, failed, seen = 0, list[Failed](), set[Serial]()
        for wanted in lines:
            reason = self._one(wanted, actor, seen, dry_run=dry_run)
            if reason is None:
                done += 1
            else:
                failed.append(Failed(wanted, reason))
        return done, failed

    def _one(self, wanted: Wanted, actor: str, seen: set[Serial], *, dry_run: bool) -> str | None:
        try:
            serial, user = Serial(wanted.serial), UserName(wanted.user)
            if dry_run:
                if serial in seen:
                    return "an earlier line would have assigned it"
                self.assign.check(serial, user)
                seen.add(serial)
                return None
            outcome = self.assign(serial, user, actor, wanted.code)
        except (HsmUnavailable, StorageUnavailable):
            raise
        except SeedvaultError as error:
            return f"{error.what}. {error.remedy}".strip()
        return f"code rejected: {outcome.reason.value}" if isinstance(outcome, Rejected) else None
