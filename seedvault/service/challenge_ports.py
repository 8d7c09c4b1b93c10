"""What the use cases for challenges need: where those that were issued are kept, and chance."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from seedvault.domain.challenge import Challenge, ChallengeId
from seedvault.service.ports import StoredToken, Transaction, Vault

Entropy = Callable[[int], bytes]
"""As many octets as it is asked for, which nobody can foresee."""


class ChallengeTransaction(Transaction, Protocol):
    """A write transaction that may issue challenges and end them.

    Both methods go with `advance`, which makes sure that nothing else does so meanwhile.
    """

    def add_challenge(self, seen: StoredToken, challenge: Challenge, most: int) -> bool:
        """Issue it; whether its question is not one that this token answered for good.

        It takes the place of those that are over, of one with the same question, and of the oldest
        where there are `most` others.
        """

    def spend_challenge(
        self, seen: StoredToken, spent: Challenge, kept_at: datetime | None
    ) -> None:
        """End it. Raises Stale where it is not open any more.

        Its question is answered for good where `kept_at` says when: it is not asked again.
        """


class ChallengeVault(Vault, Protocol):
    """The database, and the challenges in it."""

    def challenge(self, seen: StoredToken, named: ChallengeId) -> Challenge | None:
        """One that the token was issued and did not answer, since the vault was last restored."""

    def transaction(self) -> AbstractContextManager[ChallengeTransaction]: ...
