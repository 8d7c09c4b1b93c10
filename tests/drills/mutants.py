"""Every small mistake in seedvault/domain is made once; the tests must notice it.

What they cannot notice is listed in `mutant_survivors`, with the reason. This imports nothing of
Seedvault: the modules that mutants stand in for must not be there yet.
"""

import argparse
import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tests.drills.mutant_forks import Verdict, judge, passes, stages_for
from tests.drills.mutant_survivors import SURVIVORS, Key
from tests.drills.mutation_operators import Enums
from tests.drills.mutations import Mutant, mutants

ROOT: Final = Path(__file__).resolve().parents[2]
DOMAIN: Final = ROOT / "seedvault/domain"
LEAST_SCORE: Final = 0.95

_STAGES = ("own", "domain", "service", "property")


@dataclass(frozen=True, slots=True)
class Options:
    """Which mutants: all, those of some modules, or so many picked by chance."""

    modules: tuple[str, ...]
    sample: int | None
    seed: int
    jobs: int

    @classmethod
    def parsed(cls, words: list[str]) -> "Options":
        """What stands on the command line."""
        parser = argparse.ArgumentParser(prog="./dev drill mutants", description=__doc__)
        parser.add_argument("modules", nargs="*", metavar="MODULE", help="as in: window lockout")
        parser.add_argument("--sample", type=int, metavar="N", help="only N, picked by chance")
        parser.add_argument("--seed", type=int, default=0, help="of that chance")
        parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
        said = parser.parse_args(words)
        return cls(tuple(said.modules), said.sample, said.seed, said.jobs)


def main(words: list[str]) -> int:
    """The drill, in a process that has not imported what it changes."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        # A drill within a test: nobody counts lines that do not exist, nor tests within tests.
        if not name.startswith(("COV", "PYTEST_"))
    }
    command = [sys.executable, "-m", "tests.drills.mutants", *words]
    return subprocess.run(command, cwd=ROOT, env=inherited, check=False).returncode


def drill(options: Options) -> int:
    """Exit 1 where the tests, or the list of survivors, fall short."""
    everything = list(all_mutants(options.modules or modules()))
    chosen = everything
    if options.sample is not None:
        chosen = Random(options.seed).sample(everything, min(options.sample, len(everything)))
    if not passes(stages_for(ROOT, "")):
        print("the tests fail without any mutant: nothing was tried", file=sys.stderr)
        return 1
    verdicts = list(_told(_judged(chosen, options.jobs), len(chosen)))
    print(*table(verdicts), sep="\n")
    listed = [key for key in SURVIVORS if not options.modules or key[0] in options.modules]
    wrong = [*gone(everything, listed), *surprises(verdicts, listed)]
    print(*wrong, sep="\n")
    enough = sum(verdict.killed for verdict in verdicts) >= LEAST_SCORE * len(verdicts)
    return 0 if enough and not wrong else 1


def modules() -> list[str]:
    """All of the domain."""
    return sorted(path.stem for path in DOMAIN.glob("*.py"))


def all_mutants(of: Iterable[str]) -> Iterator[Mutant]:
    """Every mutant of these modules of the domain."""
    enums = _enums()
    for module in of:
        source = (DOMAIN / f"{module}.py").read_text(encoding="utf-8")
        yield from mutants(module, source, enums)


def table(verdicts: Collection[Verdict]) -> Iterator[str]:
    """A line for each module, and one for all: which tests noticed how many."""
    yield _line("module", "mutants", *_STAGES, "survived", "argued", "killed %")
    by_module: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_module.setdefault(verdict.mutant.module, []).append(verdict)
    for module, those in sorted(by_module.items()):
        yield _line(module, *_figures(those))
    yield _line("all", *_figures(verdicts))


def _judged(chosen: list[Mutant], jobs: int) -> Iterator[Verdict]:
    by_module: dict[str, list[Mutant]] = {}
    for mutant in chosen:
        by_module.setdefault(mutant.module, []).append(mutant)
    for module, those in by_module.items():
        yield from judge(those, stages_for(ROOT, module), jobs)


def _told(verdicts: Iterable[Verdict], total: int) -> Iterator[Verdict]:
    for number, verdict in enumerate(verdicts, start=1):
        if number % 50 == 0:
            print(f"{number} of {total} mutants", file=sys.stderr)
        if not verdict.killed:
            print(f"survived: {verdict.mutant}", file=sys.stderr)
        yield verdict


def _enums() -> Enums:
    """Of all the domain: a module may use another's."""
    found: Enums = {}
    for path in DOMAIN.glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and "Enum" in map(ast.unparse, node.bases):
                found[node.name] = [
                    target.id
                    for statement in node.body
                    if isinstance(statement, ast.Assign)
                    for target in statement.targets
                    if isinstance(target, ast.Name)
                ]
    return found


def gone(everything: Iterable[Mutant], listed: Iterable[Key]) -> Iterator[str]:
    """What is listed, and no mutant any more."""
    known = {mutant.key for mutant in everything}
    for key in listed:
        if key not in known:
            yield f"listed, and there is no such mutant: {_shown(key)}"


def surprises(verdicts: Iterable[Verdict], listed: Collection[Key]) -> Iterator[str]:
    """Verdicts that are not what the list says."""
    for verdict in verdicts:
        argued = verdict.mutant.key in listed
        if not verdict.killed and not argued:
            yield f"survived: {verdict.mutant}"
        if verdict.killed and argued:
            yield f"listed as surviving, and was killed: {verdict.mutant}"


def _shown(key: Key) -> str:
    module, where, before, after = key
    return f"{module}.py {where}\n  - {before}\n  + {after}"


def _figures(verdicts: Collection[Verdict]) -> Iterator[str]:
    stages = Counter(verdict.stage for verdict in verdicts)
    yield str(len(verdicts))
    yield from (str(stages[number]) for number in range(len(_STAGES)))
    yield str(stages[None])
    yield str(sum(v.mutant.key in SURVIVORS for v in verdicts if not v.killed))
    yield f"{100 * sum(verdict.killed for verdict in verdicts) / len(verdicts):.1f}"


def _line(module: str, *figures: str) -> str:
    return f"{module:16}" + "".join(f"{figure:>10}" for figure in figures)


if __name__ == "__main__":
    sys.exit(drill(Options.parsed(sys.argv[1:])))
