"""The size gate: files, functions and parameter lists that have outgrown the house.

`python -m tests.house.sizes` prints one line per finding and exits 1 if there is any;
`test_sizes.py` runs the same over the same tree.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("hsm", "importers", "seedvault")
TREES = (*SHIPPED, "tests", "benchmarks", "docs")

FILE_LINES = 400
PARAMETERS = 5
SHIPPED_FUNCTION_LINES = 40
OTHER_FUNCTION_LINES = 60  # a test's table of cases is one function


@dataclass(frozen=True, slots=True)
class Oversize:
    """One thing that is too large, and where it begins."""

    path: Path
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


def oversizes(root: Path) -> Iterator[Oversize]:
    """Yield what is too large in the Python files below `root`, paths relative to it."""
    for tree in TREES:
        for path in sorted((root / tree).rglob("*.py")):
            source = path.read_text(encoding="utf-8")
            yield from _in_file(path.relative_to(root), source)


def _in_file(path: Path, source: str) -> Iterator[Oversize]:
    lines = len(source.splitlines())
    if lines > FILE_LINES:
        yield Oversize(path, FILE_LINES + 1, f"file of {lines} lines, at most {FILE_LINES}")
    for node in ast.walk(ast.parse(source, filename=str(path))):
        if isinstance(node, Function):
            yield from _in_function(path, node)


def _in_function(path: Path, node: Function) -> Iterator[Oversize]:
    shipped = path.parts[0] in SHIPPED
    most = SHIPPED_FUNCTION_LINES if shipped else OTHER_FUNCTION_LINES
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if lines > most:
        yield Oversize(path, node.lineno, f"{node.name}() of {lines} lines, at most {most}")
    parameters = _parameters(node)
    # Fixtures and options arrive as parameters that no caller writes down: a test takes as many as
    # it has to name, and a click command one for each of its options.
    if shipped and parameters > PARAMETERS and not _is_command(node):
        what = f"{node.name}() takes {parameters} parameters, at most {PARAMETERS}"
        yield Oversize(path, node.lineno, what)


def _parameters(node: Function) -> int:
    """How many parameters a caller passes: all but `self` and `cls`."""
    named = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return len([name for name in named if name.arg not in ("self", "cls")])


def _is_command(node: Function) -> bool:
    calls = [decorator.func for decorator in node.decorator_list if isinstance(decorator, ast.Call)]
    return any(isinstance(call, ast.Attribute) and call.attr == "command" for call in calls)


if __name__ == "__main__":
    found = list(oversizes(ROOT))
    for oversize in found:
        sys.stdout.write(f"{oversize}\n")
    sys.exit(bool(found))
