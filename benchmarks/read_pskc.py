"""Reading an encrypted PSKC file, every value MAC checked, beside the readers that there are."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.memory import child_peak_mb
from benchmarks.report import Figure
from benchmarks.workshop import seed_file, workshop

_KEYS = 20_000
_ROUNDS = 5
_TARGET_RATIO = 13
_TIMES = 50  # 1,000,000 keys
_TARGET_MB = 60


@dataclass(frozen=True, slots=True)
class _Run:
    keys: int
    seconds: float
    peak_mb: float

    @property
    def rate(self) -> float:
        return self.keys / self.seconds


def run() -> Iterator[Figure]:
    """Medians of 5 rounds of 20,000 keys, the readers in turn; then a million keys, once."""
    with workshop() as folder:
        file, _ = seed_file(folder, _KEYS)
        runs = _in_turns(
            {
                "python-pskc": lambda: _read("python-pskc", file),
                "pskctool": lambda: _pskctool(file),
                "without-templates": lambda: _read("without-templates", file),
                "decrypting": lambda: _read("decrypting", file),
                "seedvault": lambda: _read("seedvault", file),
            }
        )
        yield from _figures(runs)
        yield from _memory(_read("seedvault", file, _TIMES))


def _figures(runs: dict[str, _Run]) -> Iterator[Figure]:
    beside = runs["python-pskc"]
    yield _figure("python-pskc, MACs checked, decrypted", beside)
    # It knows no encryption: it reads the markup, and start-up is in its time.
    yield _figure("pskctool --info, nothing checked", runs["pskctool"], beside)
    yield _figure("seedvault, by expat alone", runs["without-templates"], beside)
    yield _figure("seedvault, and decrypted in Python", runs["decrypting"], beside)
    yield _figure("seedvault, MACs checked", runs["seedvault"], beside, _TARGET_RATIO)


def _figure(what: str, done: _Run, beside: _Run | None = None, target: int | None = None) -> Figure:
    value = f"{done.rate:,.0f} keys/s"
    what = f"{what} ({done.peak_mb:.0f} MB)"
    if beside is None:
        return Figure(what, value)
    ratio = done.rate / beside.rate
    if target is None:
        return Figure(what, value, ratio, "python-pskc")
    return Figure(what, value, ratio, "python-pskc", f"at least {target} x", ratio >= target)


def _memory(done: _Run) -> Iterator[Figure]:
    yield Figure(f"seedvault, {done.keys:,} keys", f"{done.rate:,.0f} keys/s")
    yield Figure(
        f"peak memory at {done.keys:,}",
        f"{done.peak_mb:.0f} MB",
        target=f"under {_TARGET_MB} MB",
        met=done.peak_mb < _TARGET_MB,
    )


def _in_turns(kinds: dict[str, Callable[[], _Run]]) -> dict[str, _Run]:
    """The run of the median time, of each kind."""
    rounds: dict[str, list[_Run]] = {name: [] for name in kinds}
    for _ in range(_ROUNDS):
        for name, kind in kinds.items():
            rounds[name].append(kind())
    return {name: _median(runs) for name, runs in rounds.items()}


def _median(runs: list[_Run]) -> _Run:
    middle = median(run.seconds for run in runs)
    return next(run for run in runs if run.seconds == middle)


def _read(reader: str, file: Path, times: int = 1) -> _Run:
    words = [sys.executable, "-m", "benchmarks.pskc_readers", reader, str(file), str(times)]
    said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    keys, seconds, peak_mb = said.split()
    if int(keys) != _KEYS * times:
        raise RuntimeError(f"{reader} read {keys} keys of {_KEYS * times}")
    return _Run(int(keys), float(seconds), float(peak_mb))


def _pskctool(file: Path) -> _Run:
    begun = perf_counter()
    process = subprocess.Popen(
        ["pskctool", "--info", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"pskctool ended with {process.returncode}")
    return _Run(_KEYS, seconds, child_peak_mb(usage))
