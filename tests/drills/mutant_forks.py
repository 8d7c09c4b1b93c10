"""A mutant is put to the tests in a fork of this process, which has imported pytest and no more."""

import importlib.util
import os
import resource
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType

import hypothesis
import pytest

from tests.drills.mutations import Mutant

PACKAGE = "seedvault.domain"

_CPU_S, _CLOCK_S = 60, 600  # a mutant may loop for ever
_OCTETS = 4 << 30
_EXAMPLES = 25
_SURVIVED = 100
_OPTIONS = ("-x", "-q", "-p", "no:cacheprovider", "--assert=plain")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`stage` is which of the stages of tests noticed the mutant; None where none did."""

    mutant: Mutant
    stage: int | None

    @property
    def killed(self) -> bool:
        """Whether any test noticed it."""
        return self.stage is not None


def judge(
    mutants: Iterable[Mutant], stages: Sequence[Sequence[Path]], jobs: int
) -> Iterator[Verdict]:
    """Each mutant's verdict, as it comes."""
    running: dict[int, Mutant] = {}
    for mutant in mutants:
        if len(running) >= jobs:
            yield _next_of(running)
        running[_fork(mutant, stages)] = mutant
    while running:
        yield _next_of(running)


def passes(stages: Sequence[Sequence[Path]]) -> bool:
    """Whether the tests are content with the code as it stands."""
    _, status = os.waitpid(_fork(None, stages), 0)
    return os.waitstatus_to_exitcode(status) == _SURVIVED


def stages_for(root: Path, module: str) -> list[list[Path]]:
    """Test files in the order in which they are asked: the module's own first."""
    unit = root / "tests/unit/seedvault/domain"
    own = sorted({*unit.glob(f"test_{module}.py"), *unit.glob(f"test_{module}_*.py")})
    others = sorted(path for path in unit.glob("test_*.py") if path not in own)
    service = [root / "tests/unit/seedvault/service"]
    return [own, others, service, [root / "tests/property/seedvault"]]


def _next_of(running: dict[int, Mutant]) -> Verdict:
    pid, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    # A signal ended it, having looped or eaten all memory: which tests ran then, nobody knows.
    return Verdict(running.pop(pid), None if code == _SURVIVED else max(code, 0))


def _fork(mutant: Mutant | None, stages: Sequence[Sequence[Path]]) -> int:
    pid = os.fork()
    if not pid:
        _be_tested(mutant, stages)
    return pid


def _be_tested(mutant: Mutant | None, stages: Sequence[Sequence[Path]]) -> None:
    """Never returns: exits with the number of the stage that failed, or `_SURVIVED`."""
    try:
        _confine()
        hypothesis.settings.register_profile(
            "mutants", derandomize=True, database=None, deadline=None, max_examples=_EXAMPLES
        )
        hypothesis.settings.load_profile("mutants")
        if mutant is not None:
            sys.meta_path.insert(0, _Instead(f"{PACKAGE}.{mutant.module}", mutant.code))
        for number, files in enumerate(stages):
            if files and pytest.main([*_OPTIONS, *map(str, files)]) != pytest.ExitCode.OK:
                os._exit(number)
    except BaseException:  # noqa: BLE001 - whatever it did, it was noticed
        os._exit(0)
    os._exit(_SURVIVED)


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_OCTETS, _OCTETS))
    signal.alarm(_CLOCK_S)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)


class _Instead(MetaPathFinder, Loader):
    """Finds the mutant where its module is asked for."""

    def __init__(self, name: str, code: CodeType) -> None:
        self._name = name
        self._code = code

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """The mutant's, or None for every other module."""
        if fullname != self._name:
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        """Run the mutant."""
        exec(self._code, module.__dict__)
