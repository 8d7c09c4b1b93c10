"""Import of an encrypted file into SQLite and SoftHSM: the whole process, start-up included."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.memory import child_peak_mb
from benchmarks.report import Figure
from benchmarks.workshop import seed_file, workshop

_SMALL, _LARGE, _MILLION = 20_000, 200_000, 1_000_000
_TARGET_PER_S = 6_000
_TARGET_MB = 150
# privacyIDEA 3.14 importing such a file into SQLite on a machine of this kind: tokens a second.
_PRIVACYIDEA_PER_S = 60
_SAME_MEMORY = 1.10
_MILLION_MB = 200


@dataclass(frozen=True, slots=True)
class _Run:
    tokens: int
    seconds: float
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.tokens / self.seconds


def run() -> Iterator[Figure]:
    """One import of 20,000 and one of 200,000 tokens, each into a vault of its own."""
    with workshop() as folder:
        small = _import(folder, _SMALL)
        yield Figure(
            f"batch import of {_SMALL:,} tokens",
            f"{small.rate:,.0f} tokens/s",
            target=f"at least {_TARGET_PER_S:,}",
            met=small.rate >= _TARGET_PER_S,
        )
        yield Figure(
            "beside privacyIDEA's measured rate",
            f"{_PRIVACYIDEA_PER_S} tokens/s",
            small.rate / _PRIVACYIDEA_PER_S,
            "privacyIDEA",
            "at least 50 x",
            small.rate >= 50 * _PRIVACYIDEA_PER_S,
        )
        yield _memory(small)
        large = _import(folder, _LARGE)
        yield Figure(f"batch import of {_LARGE:,} tokens", f"{large.rate:,.0f} tokens/s")
        yield _memory(large)
        ratio = large.peak_mb / small.peak_mb
        yield Figure(
            "peak memory, large beside small", "", ratio, "small", "the same", ratio < _SAME_MEMORY
        )


def run_million() -> Iterator[Figure]:
    """One import of 1,000,000 tokens: some minutes, and 3 GB of disk."""
    with workshop() as folder:
        done = _import(folder, _MILLION)
        yield Figure(f"batch import of {_MILLION:,} tokens", f"{done.rate:,.0f} tokens/s")
        yield _memory(done, _MILLION_MB)


def _memory(done: _Run, target_mb: int = _TARGET_MB) -> Figure:
    return Figure(
        f"peak memory at {done.tokens:,}",
        f"{done.peak_mb:.0f} MB",
        target=f"under {target_mb} MB",
        met=done.peak_mb < target_mb,
    )


def _import(folder: Path, tokens: int) -> _Run:
    file, key = seed_file(folder, tokens)
    home = folder / f"home-{tokens}"
    seedvault = [sys.executable, "-m", "seedvault", "--home", str(home)]
    subprocess.run([*seedvault, "init"], check=True, capture_output=True)
    begun = perf_counter()
    process = subprocess.Popen(
        [*seedvault, "batch", "import", str(file), "--key-file", str(key)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the import of {file.name} ended with {process.returncode}")
    return _Run(tokens, seconds, child_peak_mb(usage))
