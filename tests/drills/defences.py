"""What holds a vault together, taken out one at a time: a drill that does not notice is no drill.

Each is taken out of this process only, by putting something careless in its place.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any

from sqlalchemy import Update, bindparam, update

from seedvault.storage import statements
from seedvault.storage.tables import TOKEN


class Defence(Enum):
    """Which one."""

    CONDITION = "condition"
    """Progress is written only to the row that was read: the conditional write."""


@contextmanager
def without(defence: Defence | None) -> Iterator[None]:
    """A block in which it is missing. Open vaults inside the block."""
    if defence is None:
        yield
        return
    with _CARELESS[defence]():
        yield


def _unconditional(columns: Sequence[str]) -> Update:
    """`statements._conditional` without its conditions: the last writer wins."""
    return (
        update(TOKEN)
        .where(TOKEN.c.id == bindparam("seen_id"))
        .values({name: bindparam(name) for name in columns} | {"version": TOKEN.c.version + 1})
        .returning(TOKEN.c.version)
    )


@contextmanager
def _in_place_of(owner: Any, name: str, careless: Callable[..., Any]) -> Iterator[None]:
    careful = getattr(owner, name)
    setattr(owner, name, careless)
    try:
        yield
    finally:
        setattr(owner, name, careful)


_CARELESS: dict[Defence, Callable[[], Any]] = {
    Defence.CONDITION: lambda: _in_place_of(statements, "_conditional", _unconditional),
}
