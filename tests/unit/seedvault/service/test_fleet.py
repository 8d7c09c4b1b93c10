"""The failures of all tokens are counted by the record."""

from datetime import timedelta

from seedvault.domain.fleet import FleetRates, Span
from seedvault.service.fleet import CountFailures
from tests.unit.seedvault.service.world import World

HOUR, MOMENT = timedelta(hours=1), timedelta(milliseconds=1)


def rates(world: World) -> FleetRates:
    return CountFailures(world.vault, world.clock, 1)()


def guess(world: World, *numbers: int) -> None:
    """One wrong code at each token."""
    for number in numbers:
        world.verify(world.bound(number), world.wrong_code(number), "rp")


def test_where_nothing_happened_nothing_is_counted(world: World) -> None:
    assert rates(world) == FleetRates(Span(0, 0), Span(0, 0), 1)


def test_failures_of_all_tokens_are_counted_beside_what_was_accepted(world: World) -> None:
    """A token that nobody could guess at often is guessed at all the same."""
    guess(world, 1, 2, 3)
    world.verify(world.bound(4), world.code(number=4), "rp")
    assert rates(world).hour == rates(world).day == Span(accepted=1, failed=3)
    assert rates(world).alarm is not None


def test_a_failed_resynchronisation_is_a_failure_and_a_good_one_is_none(world: World) -> None:
    token = world.bound()
    world.resync(token, (world.code(10**9), world.code(2 * 10**9)), "helen")
    world.clock.advance(MOMENT)
    step = world.stored().token.device.counting.step_at(world.clock())  # type: ignore[union-attr]  # it is a clock's
    world.resync(token, (world.code(step), world.code(step + 1)), "helen")
    assert rates(world).hour == Span(accepted=1, failed=1)


def test_an_hour_and_a_day_end_to_the_millisecond(world: World) -> None:
    guess(world, 1)
    world.clock.advance(HOUR)
    assert (rates(world).hour.failed, rates(world).day.failed) == (1, 1)
    world.clock.advance(MOMENT)
    assert (rates(world).hour.failed, rates(world).day.failed) == (0, 1)
    world.clock.advance(23 * HOUR)
    assert rates(world).day.failed == 0


def test_what_a_clock_that_runs_ahead_put_on_record_is_counted(world: World) -> None:
    world.clock.advance(2 * HOUR)
    guess(world, 1)
    world.clock.advance(-2 * HOUR)
    assert rates(world).hour.failed == 1
