"""Many assignments from one list: each on its own, and a reason for every one that failed."""

from collections.abc import Sequence
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
class ManyAssigned:
    """How many lines were assigned (or would be), and those that were not.

    `stopped` is what ended the list early: the HSM or the database, and no line's fault. The line
    at which it happened and all after it are among the failed.
    """

    done: int
    failed: tuple[Failed, ...]
    stopped: HsmUnavailable | StorageUnavailable | None = None


@dataclass(frozen=True, slots=True)
class AssignMany:
    """Assign line by line; what fails is reported, what succeeds stays."""

    assign: AssignToken

    def __call__(self, lines: Sequence[Wanted], actor: str, *, dry_run: bool) -> ManyAssigned:
        done, failed, seen = 0, list[Failed](), set[Serial]()
        for place, wanted in enumerate(lines):
            try:
                reason = self._one(wanted, actor, seen, dry_run=dry_run)
            except (HsmUnavailable, StorageUnavailable) as error:
                rest = [Failed(untried, f"not tried: {error.what}") for untried in lines[place:]]
                return ManyAssigned(done, (*failed, *rest), error)
            if reason is None:
                done += 1
            else:
                failed.append(Failed(wanted, reason))
        return ManyAssigned(done, tuple(failed))

    def _one(self, wanted: Wanted, actor: str, seen: set[Serial], *, dry_run: bool) -> str | None:
        """Why the line was not assigned, or None."""
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
