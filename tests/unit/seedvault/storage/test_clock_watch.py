"""The database's clock is asked when it must be, and not with every code."""

from datetime import datetime, timedelta

import pytest

from seedvault.storage import time_on_record
from seedvault.storage.time_on_record import ClockWatch
from tests.support.tokens import NOON


class Clocks:
    """Two clocks and a stopwatch; a question takes `trip_s` seconds, half of it each way."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ours = self.theirs = NOON
        self.passed_s = 1_000.0
        self.trip_s = 0.0
        self.asked = 0
        monkeypatch.setattr(time_on_record, "monotonic", lambda: self.passed_s)
        self.watch = ClockWatch(lambda: self.ours, self.ask)

    def ask(self) -> datetime:
        self.asked += 1
        self.wait(self.trip_s / 2)
        answer = self.theirs
        self.wait(self.trip_s / 2)
        return answer

    def wait(self, seconds: float) -> None:
        self.passed_s += seconds
        self.ours += timedelta(seconds=seconds)
        self.theirs += timedelta(seconds=seconds)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


@pytest.mark.parametrize("ahead_s", [-7, 0, 7])
def test_the_difference_is_found_either_way(clocks: Clocks, ahead_s: float) -> None:
    clocks.ours += timedelta(seconds=ahead_s)
    assert clocks.watch.ahead() == timedelta(seconds=ahead_s)


@pytest.mark.parametrize(("ahead_s", "certain_s"), [(7, 6), (-7, -6), (0.5, 0)])
def test_what_a_slow_answer_leaves_open_does_not_count(
    clocks: Clocks, ahead_s: float, certain_s: float
) -> None:
    clocks.ours += timedelta(seconds=ahead_s)
    clocks.trip_s = 2
    assert clocks.watch.ahead() == timedelta(seconds=certain_s)


def test_it_is_asked_once_a_minute(clocks: Clocks) -> None:
    for _ in range(10):
        clocks.watch.ahead()
        clocks.wait(5.9)
    assert clocks.asked == 1
    clocks.wait(1)
    clocks.watch.ahead()
    assert clocks.asked == 2


@pytest.mark.parametrize("jump_s", [-3, 3])
def test_a_clock_that_jumps_is_noticed_at_once(clocks: Clocks, jump_s: float) -> None:
    clocks.watch.ahead()
    clocks.ours += timedelta(seconds=jump_s)
    assert clocks.watch.ahead() == timedelta(seconds=jump_s)


def test_a_clock_that_was_wrong_is_asked_about_until_it_is_right(clocks: Clocks) -> None:
    clocks.ours += timedelta(seconds=9)
    clocks.watch.ahead()
    clocks.theirs += timedelta(seconds=9)
    assert clocks.watch.ahead() == timedelta(0)


def test_a_database_without_a_clock_of_its_own_contradicts_nobody() -> None:
    assert ClockWatch(lambda: NOON, lambda: None).ahead() == timedelta(0)
