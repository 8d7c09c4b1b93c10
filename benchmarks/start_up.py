"""How long `seedvault --help` takes, beside an interpreter that does nothing."""

import subprocess
import sys
from collections.abc import Iterator
from statistics import median
from time import perf_counter

from benchmarks.report import Figure

_RUNS = 21
_TARGET_MS = 150


def run() -> Iterator[Figure]:
    """Medians of 21 runs, taken in turns."""
    bare, helped = [], []
    for _ in range(_RUNS):
        bare.append(_run_ms("-c", "pass"))
        helped.append(_run_ms("-m", "seedvault", "--help"))
    yield Figure("python -c pass", f"{median(bare):.0f} ms")
    yield Figure(
        "seedvault --help",
        f"{median(helped):.0f} ms",
        median(helped) / median(bare),
        "an interpreter",
        f"under {_TARGET_MS} ms",
        median(helped) < _TARGET_MS,
    )


def _run_ms(*arguments: str) -> float:
    begun = perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return (perf_counter() - begun) * 1000
