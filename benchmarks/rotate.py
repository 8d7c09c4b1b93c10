"""Rotation of all keys, as the command does it, while another process verifies codes."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.report import Figure
from benchmarks.workshop import seed_file, workshop
from importers import Digest
from seedvault import config, wiring
from seedvault.domain.names import Serial, UserName
from seedvault.domain.outcome import Accepted
from seedvault.service.verify import VerifyCode
from tests.support.codes import code
from tests.support.pskc_maker import published_seed

_TOKENS = 20_000
_VERIFIED = 50
_QUIET = 2_000  # verifications before the rotation
_STEP_S = 30


def run() -> Iterator[Figure]:
    """20,000 tokens under new keys; the median verification before and meanwhile."""
    with workshop() as folder:
        home = _stocked(folder)
        with wiring.Application(config.load(home)) as application:
            desk = _Desk(application)
            quiet = [desk.verify() for _ in range(_QUIET)]
            begun = perf_counter()
            rotation = subprocess.Popen(
                [sys.executable, "-m", "seedvault", "--home", str(home), "key", "rotate"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            meanwhile = []
            while rotation.poll() is None:
                meanwhile.append(desk.verify())
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
        alice = UserName("alice")
        application.add_user(alice, "benchmark")
        for number in range(_VERIFIED):
            application.assign_token(_serial(number), alice, "benchmark")
    return home


class _Desk:
    """Verifies one right code after the other, with the keys of before; every one is accepted."""

    def __init__(self, application: wiring.Application) -> None:
        self._steps = 0
        self._begun = wiring.system_clock()
        now = lambda: self._begun + timedelta(seconds=self._steps * _STEP_S)  # noqa: E731
        self._verify = VerifyCode(application.vault, application.keys, now)

    def verify(self) -> float:
        """Seconds that one acceptance took."""
        self._steps += 1
        serial = _serial(self._steps % _VERIFIED)
        step = int(self._begun.timestamp()) // _STEP_S + self._steps
        shown = code(published_seed(serial.verbatim), step, Digest.SHA1, 6)
        begun = perf_counter()
        outcome = self._verify(serial, shown, "benchmark")
        spent = perf_counter() - begun
        assert isinstance(outcome, Accepted), outcome
        return spent


def _serial(number: int) -> Serial:
    return Serial(f"GALT{10_000_000 + number:08d}")
