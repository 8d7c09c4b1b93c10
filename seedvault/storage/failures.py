"""How a database's failures leave `storage`: each database says which of its errors is which."""

from collections.abc import Iterator
from contextlib import contextmanager

from seedvault.domain.errors import Conflict


class Clash(Exception):
    """Something unique stands there already. Whoever writes says what, in their own words."""


class StillNeeded(Exception):
    """Something refers to what was to be removed, or does not exist. Whoever writes says what."""


class Contended(Exception):
    """Another transaction was in the way: this one must be begun anew. Never leaves `storage`."""


@contextmanager
def rotated_meanwhile() -> Iterator[None]:
    """A block that writes a seal: the key that made it is gone where it refers to none."""
    try:
        yield
    except StillNeeded as gone:
        raise Conflict(
            "the vault's keys were rotated, and the old ones destroyed, while this ran",
            remedy="Run the same again: it will use the keys of now.",
        ) from gone
