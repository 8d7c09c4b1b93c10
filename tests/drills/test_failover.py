"""The drill of failover, short."""

import pytest

from tests.drills import failover
from tests.drills.failover import Load

pytestmark = pytest.mark.drill

SHORT = Load(before_s=1, cut_off_s=0.5, after_s=1, tokens=8)


def test_with_a_synchronous_standby_nothing_is_accepted_twice() -> None:
    figures = failover.run(SHORT, synchronous=True)
    assert figures.good, failover.table(SHORT, figures, synchronous=True)
    assert figures.unavailable


def test_with_an_asynchronous_one_the_drill_finds_what_is() -> None:
    figures = failover.run(SHORT, synchronous=False)
    assert figures.twice, failover.table(SHORT, figures, synchronous=False)
