"""The column of a user's groups, and the one function each way."""

from collections.abc import Iterable
from functools import lru_cache

from seedvault.domain.names import GroupName
from seedvault.domain.policy_rule import Standing


def groups_column(groups: Iterable[GroupName]) -> str:
    """The names a line each, in their order; no name holds a line's end."""
    return "\n".join(str(group) for group in sorted(groups, key=lambda group: group.folded))


@lru_cache(4_096)
def groups_of(column: str) -> tuple[GroupName, ...]:
    """The groups in a column. Raises InvalidInput or ValueError where Seedvault never wrote it."""
    groups = tuple(GroupName(name) for name in column.split("\n") if column)
    if groups_column(groups) != column or len(set(groups)) != len(groups):
        raise ValueError("groups out of their order")
    return groups


@lru_cache(4_096)
def standing_of(batch: int, column: str) -> Standing:
    """Where a token stands: one object for all that stand there. Raises as above."""
    return Standing(batch, groups_of(column))
