"""Rotation of all keys, as the command does it, while another process verifies codes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.desk import Desk, bind
from benchmarks.report import Figure
from benchmarks.workshop import seed_file, workshop
from seedvault import config, wiring

_TOKENS = 20_000
_VERIFIED = 50
_QUIET = 2_000  # verifications before the rotation


def run() -> Iterator[Figure]:
    """20,000 tokens under new keys; the median verification before and meanwhile."""
    with workshop() as folder:
        home = _stocked(folder)
        with wiring.Application(config.load(home)) as application:
            desk = Desk(application, _VERIFIED)
            quiet = [_seconds(desk) for _ in range(_QUIET)]
            begun = perf_counter()
            rotation = subprocess.Popen(
                [sys.executable, "-m", "seedvault", "--home", str(home), "key", "rotate"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            meanwhile = []
            while rotation.poll() is None:
                meanwhile.append(_seconds(desk))
            seconds = perf_counter() - begun
        assert rotation.returncode == 0, rotation.returncode
    yield Figure(f"all keys of {_TOKENS:,} tokens rotated", f"{_TOKENS / seconds:,.0f} tokens/s")
    yield Figure("verify, before", f"{1e6 * median(quiet):,.0f} us")
    slower = median(meanwhile) / median(quiet)
    yield Figure("verify, meanwhile", f"{1e6 * median(meanwhile):,.0f} us", slower, "before")
    yield Figure("refused meanwhile", f"0 of {len(meanwhile):,}")


def _stocked(folder: Path) -> Path:
    home = folder / "home"
    file, key = seed_file(folder, _TOKENS)
    for words in (["init"], ["batch", "import", str(file), "--key-file", str(key)]):
        command = [sys.executable, "-m", "seedvault", "--home", str(home), *words]
        subprocess.run(command, check=True, capture_output=True)
    with wiring.Application(config.load(home)) as application:
        bind(application, _VERIFIED)
    return home


def _seconds(desk: Desk) -> float:
    """What one acceptance took, with the keys of before."""
    verify = desk.next_code()
    begun = perf_counter()
    verify()
    return perf_counter() - begun
