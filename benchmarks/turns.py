"""Kinds of one thing, measured in turns: a machine that slows down slows them all."""

from collections.abc import Callable
from statistics import median
from time import perf_counter


def in_turns(
    kinds: dict[str, Callable[[], object]],
    rounds: int,
    calls: int,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, float]:
    """The median seconds of one call of each kind."""
    spent: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, call in kinds.items():
            begun = clock()
            for _ in range(calls):
                call()
            spent[name].append((clock() - begun) / calls)
    return {name: median(seconds) for name, seconds in spent.items()}
