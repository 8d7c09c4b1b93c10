"""Records or an ImporterError, in less than five seconds and 200 MB; nothing else."""

import resource
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from importers import (
    ContainerUnlock,
    ImporterError,
    Limits,
    Passphrase,
    SeedRecord,
    Wrapper,
    open_seed_file,
    unwrap,
    wrapper_of,
)
from tests.fuzz.setups import INSTRUCTIONS, PHRASE, Setup

SECONDS = 5.0
MEGABYTES = 200
# PBKDF2 takes as long as a file says, up to a limit: not what is looked for here.
_LIMITS = Limits(pbkdf2_iterations=2_000)
_RAISERS = {"refuse", "too_large"}  # where it was decided to raise is one frame further out
_CONTAINER = ContainerUnlock(Passphrase(PHRASE))
_PACKAGE = f"{Path(__file__).parents[2]}/importers/"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file: the error's class, and the line that raised it."""

    kind: str
    where: str = ""


class Broken(Exception):
    """A reader did what no reader may do."""


def judge(octets: bytes, setup: Setup) -> Outcome:
    """Read a file to its end or to its refusal. Raises Broken for anything else."""
    _forget_peak()
    started = time.perf_counter()
    try:
        with _alarm():
            outcome = _read(octets, setup)
    except Exception as error:
        said = "".join(traceback.format_exception(error))
        raise Broken(f"{type(error).__name__}\n{said}") from error
    took = time.perf_counter() - started
    if took > SECONDS:
        raise Broken(f"it took {took:.1f} s")
    if (peak := peak_megabytes()) > MEGABYTES:
        raise Broken(f"memory peaked at {peak} MB")
    return outcome


def _read(octets: bytes, setup: Setup) -> Outcome:
    try:
        records = _records(octets, setup)
    except ImporterError as refusal:
        error = refusal
    else:
        return Outcome("records" if records else "no record")
    assert str(error).isprintable(), "a refusal that cannot be shown"
    return Outcome(type(error).__name__, _raised_at(error))


def _records(octets: bytes, setup: Setup) -> int:
    if wrapper_of(octets) in {Wrapper.GZIP, Wrapper.ZIP}:
        with unwrap(BytesIO(octets), "fuzz", _CONTAINER) as file:
            octets = file.read()
    said = INSTRUCTIONS[setup.instructions]
    records = 0
    with open_seed_file(
        BytesIO(octets), setup.open_with(), name="fuzz", limits=_LIMITS, instructions=said
    ) as opened:
        for record in opened:
            _check(record)
            records += 1
        assert all(warned.count > 0 for warned in opened.warnings)
    return records


def _check(record: SeedRecord) -> None:
    assert record.serial, "a record without a serial"
    assert record.serial.isprintable(), "a serial that cannot be shown"
    assert len(record.serial) <= 64, "a serial of any length"


def _raised_at(error: ImporterError) -> str:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(_PACKAGE) and frame.name.strip("_") not in _RAISERS
    ]
    return f"{frames[-1].filename.removeprefix(_PACKAGE)}:{frames[-1].lineno}" if frames else ""


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(*_: object) -> None:
        raise TimeoutError(f"it took more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _forget_peak() -> None:
    """Leave out what was held before: Hypothesis fills 260 MB when it first runs in a clone."""
    with suppress(OSError):  # another system, or a kernel built without it
        Path("/proc/self/clear_refs").write_text("5")


def peak_megabytes() -> int:
    """The most memory that this process held, on Linux since it began its last file."""
    if sys.platform == "linux":
        # ru_maxrss would be at least what the process that started this one held.
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) >> 10
    unit = 20 if sys.platform == "darwin" else 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> unit
