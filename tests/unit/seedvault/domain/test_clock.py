"""A clock is trusted as long as the database does not contradict it."""

from datetime import timedelta

import pytest

from seedvault.domain.clock import TimeOnRecord, distrust
from tests.support.tokens import NOON


def record(newest_s: float = 0, ahead_s: float = 0) -> TimeOnRecord:
    return TimeOnRecord(NOON + timedelta(seconds=newest_s), timedelta(seconds=ahead_s))


@pytest.mark.parametrize("ahead_s", [-2, 0, 2])
def test_two_seconds_beside_the_database_s_are_tolerated(ahead_s: float) -> None:
    assert distrust(NOON, record(ahead_s=ahead_s)) is None


@pytest.mark.parametrize(
    ("ahead_s", "told"),
    [(2.001, "2.0 s ahead of the database's"), (-90, "90.0 s behind the database's")],
)
def test_more_is_not(ahead_s: float, told: str) -> None:
    assert distrust(NOON, record(ahead_s=ahead_s)) == f"this node's clock is {told}"


@pytest.mark.parametrize("newest_s", [-(10**9), 0, 4])
def test_another_node_may_be_as_far_on_the_other_side(newest_s: float) -> None:
    assert distrust(NOON, record(newest_s)) is None


def test_what_happened_later_than_now_is_a_contradiction() -> None:
    why = distrust(NOON, record(4.001))
    assert why is not None
    assert why.startswith("this node's clock says 2026-11-24 12:00:00 UTC, and something of 2026")
