"""Small mistakes made on purpose: every way in which a module could be slightly wrong.

Not made: in annotations and decorators (mypy and the house's style judge these), in words for
people (strings with a space, f-strings), in docstrings.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from types import CodeType

from tests.drills.mutation_operators import Enums, instead_of

_SHOWN, _AROUND = 100, 32
_LEFT_ALONE = ("annotation", "returns", "decorator_list", "type_params", "bases", "format_spec")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake in a module: `before` became `after`, in the function or class `where`."""

    module: str
    line: int
    where: str
    before: str
    after: str
    code: CodeType = field(repr=False, compare=False)

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What stays the same while lines move."""
        return self.module, self.where, self.before, self.after

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line} {self.where}\n  - {self.before}\n  + {self.after}"


@dataclass(frozen=True, slots=True)
class _Place:
    """A node, where it hangs in the tree, and the statement and function that it is a part of."""

    node: ast.AST
    parent: ast.AST
    name: str
    index: int | None
    statement: ast.stmt
    where: str

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.name, node)
        else:
            getattr(self.parent, self.name)[self.index] = node


def mutants(module: str, source: str, enums: Enums) -> Iterator[Mutant]:
    """Every mutant of a module's source; the same text twice in one function counts once."""
    tree = ast.parse(source)
    seen: set[tuple[str, str, str]] = set()
    for place in _places(tree):
        before = _header(place.statement)
        for other in instead_of(place.node, place.parent, enums):
            ast.copy_location(other, place.node)
            place.put(other)
            replaced = other if other is not place.node and place.node is place.statement else None
            after = _header(replaced if isinstance(replaced, ast.stmt) else place.statement)
            code = compile(ast.fix_missing_locations(tree), f"{module}.py, mutated", "exec")
            place.put(place.node)
            line: int = getattr(place.node, "lineno", place.statement.lineno)
            if before != after and (place.where, before, after) not in seen:
                seen.add((place.where, before, after))
                yield Mutant(module, line, place.where, *_excerpts(before, after), code)


def _places(tree: ast.Module) -> Iterator[_Place]:
    for index, statement in enumerate(tree.body):
        yield from _under(_Place(statement, tree, "body", index, statement, "module"))


def _under(place: _Place) -> Iterator[_Place]:
    node = place.node
    if _is_docstring(node) or isinstance(node, ast.Import | ast.ImportFrom):
        return
    yield place
    where = place.where
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        where = node.name if where == "module" else f"{where}.{node.name}"
    for name, value in ast.iter_fields(node):
        if name in _LEFT_ALONE:
            continue
        several = isinstance(value, list)
        for index, child in enumerate(value if several else [value]):
            if isinstance(child, ast.AST) and not _is_part_of_f_string(node, child):
                statement = child if isinstance(child, ast.stmt) else place.statement
                yield from _under(
                    _Place(child, node, name, index if several else None, statement, where)
                )


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_part_of_f_string(parent: ast.AST, node: ast.AST) -> bool:
    return isinstance(parent, ast.JoinedStr) and isinstance(node, ast.Constant)


def _excerpts(before: str, after: str) -> tuple[str, str]:
    """Of long lines, the part that differs, and a little around it."""
    if max(len(before), len(after)) <= _SHOWN:
        return before, after
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    return _cut(before, start, end), _cut(after, start, end)


def _alike(one: str, other: str) -> int:
    """How many characters they begin with in common."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _cut(line: str, start: int, end: int) -> str:
    first, last = max(0, start - _AROUND), min(len(line), len(line) - end + _AROUND)
    return f"{'...' if first else ''}{line[first:last]}{'...' if last < len(line) else ''}"


def _header(statement: ast.stmt) -> str:
    """A simple statement, or the first line of a compound one."""
    lines = ast.unparse(statement).splitlines()
    return next(line for line in lines if not line.startswith("@"))
