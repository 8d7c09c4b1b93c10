"""Wrong value MACs: was a value changed, or is the key another file's?"""

from collections.abc import Iterator
from itertools import islice

from importers.errors import ImporterError, IntegrityFailure, WrongKey
from importers.model import MAX_SEED
from importers.pskc.authentic import BadValueMac
from importers.pskc.package import encrypted_seed
from importers.pskc.protection import Keys
from importers.xml import Capture

# So many wrong value MACs and not one right: the key is another file's, not the values changed.
_LOOK_AHEAD = 10
_MOST_PERCENT = 1
_ANY_SEED = range(1, MAX_SEED + 1)


class Verdict:
    """Counts right and wrong value MACs, and says what wrong ones mean."""

    def __init__(self, keys: Keys | None) -> None:
        self.right = 0
        self._keys = keys
        self._wrong = 0
        self._first: BadValueMac | None = None

    def stop(self, first: BadValueMac, packages: Iterator[Capture]) -> ImporterError:
        """Why the whole file is refused, by looking at the next few key packages as well."""
        wrong, looked_at = 1, 1
        for package in islice(_left(packages), _LOOK_AHEAD - 1):
            looked_at += 1
            wrong += not self._is_right(package)
        if self.right == 0 and wrong == looked_at:
            return self._wrong_key(
                f"not one of the {looked_at} value MACs looked at is right", first
            )
        return IntegrityFailure(
            f"the value MAC is wrong, the first of {wrong} among "
            f"{self.right + looked_at} key packages looked at",
            first.place,
        )

    def go_on(self, wrong: BadValueMac) -> None:
        """Count one more. Raises WrongKey for ten, where they are over 1 % of those so far.

        So ten without a right one among them end it at once.
        """
        self._first = self._first or wrong
        self._wrong += 1
        if self._wrong >= _LOOK_AHEAD:
            self._refuse_many(self._first)

    def end(self) -> None:
        """Raise WrongKey where all were wrong, few as they were, or several and over 1 %."""
        if self._first is None:
            return
        if not self.right:
            raise self._wrong_key(f"not one of the {self._wrong} value MACs is right", self._first)
        if self._wrong > 1:
            self._refuse_many(self._first)

    def _refuse_many(self, first: BadValueMac) -> None:
        seen = self.right + self._wrong
        if self._wrong * 100 > seen * _MOST_PERCENT:
            raise self._wrong_key(f"{self._wrong} of {seen} value MACs are wrong", first)

    def _wrong_key(self, what: str, first: BadValueMac) -> WrongKey:
        assert self._keys is not None  # noqa: S101 - without keys no value MAC was wrong
        reason = f"{what}: the key or passphrase given is another file's"
        return WrongKey(reason, first.place, self._keys.if_no_mac_matches)

    def _is_right(self, package: Capture) -> bool:
        assert self._keys is not None  # noqa: S101 - without keys no value MAC was wrong
        try:
            encrypted_seed(package, self._keys, _ANY_SEED)
        except ImporterError:
            return False
        return True


def _left(packages: Iterator[Capture]) -> Iterator[Capture]:
    """What can still be read; a file cut off further on changes no verdict."""
    try:
        yield from packages
    except ImporterError:
        return
