"""What each kind of expression and statement can be mistaken for."""

import ast
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, Final

Enums = dict[str, list[str]]
"""The members of each enum, by its name."""

_COMPARED: Final[dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COMPUTED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
}
_CALLED: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}


def instead_of(node: ast.AST, parent: ast.AST, enums: Enums) -> Iterator[ast.AST]:
    """What stands in the place of `node` in its mutants."""
    if isinstance(node, ast.Attribute):
        yield from _member(node, enums)
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        yield from _collection(node, parent)
    else:
        change = _CHANGES.get(type(node))
        if change is not None:
            yield from change(node)


def _compare(node: ast.Compare) -> Iterator[ast.AST]:
    for index, operator in enumerate(node.ops):
        for other in _COMPARED[type(operator)]:
            yield _with(node, ops=[*node.ops[:index], other(), *node.ops[index + 1 :]])


def _computation(node: ast.BinOp | ast.AugAssign) -> Iterator[ast.AST]:
    other = _COMPUTED.get(type(node.op))
    if other is not None:
        yield _with(node, op=other())


def _boolean(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for index in range(len(node.values)):
        rest = _without(node.values, index)
        yield rest[0] if len(rest) == 1 else _with(node, values=rest)


def _unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield copy(node.operand)


def _condition(node: ast.If | ast.While | ast.IfExp) -> Iterator[ast.AST]:
    """The opposite; a comparison and a `not` make their own."""
    if not isinstance(node.test, ast.Compare | ast.UnaryOp):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def _comprehension(node: ast.comprehension) -> Iterator[ast.AST]:
    for index in range(len(node.ifs)):
        yield _with(node, ifs=_without(node.ifs, index))


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    match node.value:
        case bool(value):
            yield ast.Constant(not value)
        case int(value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case str(text) if not _is_prose(node):
            yield ast.Constant(f"{text}_")
        case bytes(octets):
            yield ast.Constant(octets + b"_")


def _member(node: ast.Attribute, enums: Enums) -> Iterator[ast.AST]:
    members = enums.get(node.value.id, []) if isinstance(node.value, ast.Name) else []
    if node.attr in members:
        after = (members.index(node.attr) + 1) % len(members)
        yield _with(node, attr=members[after])


def _collection(node: ast.Tuple | ast.List | ast.Set, parent: ast.AST) -> Iterator[ast.AST]:
    written = not isinstance(node, ast.Set) and not isinstance(node.ctx, ast.Load)
    if written or len(node.elts) < 2 or isinstance(parent, ast.Subscript):
        return
    for index in range(len(node.elts)):
        yield _with(node, elts=_without(node.elts, index))


def _dictionary(node: ast.Dict) -> Iterator[ast.AST]:
    for index in range(len(node.keys)):
        yield _with(node, keys=_without(node.keys, index), values=_without(node.values, index))


def _call(node: ast.Call) -> Iterator[ast.AST]:
    for index, keyword in enumerate(node.keywords):
        if not _is_prose(keyword.value):
            yield _with(node, keywords=_without(node.keywords, index))
    if isinstance(node.func, ast.Name) and node.func.id in _CALLED:
        yield _with(node, func=ast.Name(_CALLED[node.func.id], ast.Load()))


def _return(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None and not (
        isinstance(node.value, ast.Constant) and node.value.value is None
    ):
        yield ast.Return(ast.Constant(None))


def _left_out(node: ast.Expr | ast.Raise | ast.Continue) -> Iterator[ast.AST]:
    """Nothing is done. What is no more than `...` does nothing already."""
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        yield ast.Pass()


def _is_prose(node: ast.expr) -> bool:
    words = node.value if isinstance(node, ast.Constant) else None
    return isinstance(node, ast.JoinedStr) or (isinstance(words, str) and " " in words)


_CHANGES: Final[dict[type[ast.AST], Callable[[Any], Iterator[ast.AST]]]] = {
    ast.Compare: _compare,
    ast.BinOp: _computation,
    ast.AugAssign: _computation,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.If: _condition,
    ast.While: _condition,
    ast.IfExp: _condition,
    ast.comprehension: _comprehension,
    ast.Constant: _constant,
    ast.Dict: _dictionary,
    ast.Call: _call,
    ast.Return: _return,
    ast.Expr: _left_out,
    ast.Raise: _left_out,
    ast.Continue: _left_out,
}


def _without(items: list[Any], index: int) -> list[Any]:
    return [*items[:index], *items[index + 1 :]]


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    other = copy(node)
    for name, value in fields.items():
        setattr(other, name, value)
    return other
