"""What is known of the codes that were accepted after the state that is being put back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from seedvault.domain.restoring import Coverage
from seedvault.service.replay import Since
from seedvault.service.restore_ports import Restoration, RestoringHsm


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came of it, in words for the record, and the latest moment that it tells of.

    `replayed` codes were accepted since, and are spent again; `since` is what else happened.
    `doubt` says why less is known than was said.
    """

    coverage: Coverage
    words: str
    newest: datetime | None = None
    replayed: int = 0
    since: tuple[Since, ...] = ()
    doubt: str | None = None


class Evidence(Protocol):
    """Where acceptances since then are known from."""

    def gather(
        self, restoration: Restoration, hsm: RestoringHsm | None, known: Sequence[bytes]
    ) -> Gathered:
        """Spend in the restored vault what was spent; `known` are public keys to verify it by.

        Raises FileRefused for false evidence.
        """


@dataclass(frozen=True, slots=True)
class NoEvidence:
    """The audit log is lost with the database, and nobody exported it."""

    def gather(
        self,
        restoration: Restoration,  # noqa: ARG002 - nothing to do with it
        hsm: RestoringHsm | None,  # noqa: ARG002 - as above
        known: Sequence[bytes],  # noqa: ARG002 - as above
    ) -> Gathered:
        return Gathered(Coverage.NOTHING, "the audit log since then is lost")
