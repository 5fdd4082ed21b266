"""Faults planted in the policy's own source: each mutant is a changed copy of a room, run in memory."""

from __future__ import annotations

import ast
import copy
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import hub.policy.consents
import hub.policy.decide
import hub.policy.rules

RULES = Path(hub.policy.rules.__file__).read_text("utf-8")
CONSENTS = Path(hub.policy.consents.__file__).read_text("utf-8")
DECIDE = Path(hub.policy.decide.__file__).read_text("utf-8")
_COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn}
_COMPARISONS |= {ast.NotIn: ast.In, ast.Eq: ast.NotEq}
_OPERATORS = {ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.Sub: ast.BitOr, ast.Add: ast.Sub}
_JUDGES = {"decide", "_united", "consent_covers", "consent_is_valid", "Sight", "Disclosed"}


@dataclass(frozen=True)
class Mutant:
    """One planted fault: what it is, and the sources with it in."""

    what: str
    rules: str = RULES
    decide: str = DECIDE
    consents: str = CONSENTS


def load(rules: str = RULES, decide: str = DECIDE, consents: str = CONSENTS) -> ModuleType:
    """The module `decide` made from these sources, over the real closed terms."""
    names = ("hub.policy.consents", "hub.policy.rules", "hub.policy.decide")
    kept = {name: sys.modules[name] for name in names}
    try:
        for name, source in zip(names, (consents, rules, decide), strict=True):
            module = ModuleType(name)
            module.__package__ = "hub.policy"
            sys.modules[name] = module
            exec(compile(source, f"<mutant of {name}>", "exec"), module.__dict__)  # noqa: S102 - that is a mutant
        return sys.modules[names[-1]]
    finally:
        sys.modules.update(kept)


Edit = tuple[str, Callable[[], None], Callable[[], None]]


def _edits(tree: ast.Module) -> Iterator[Edit]:
    """Every single change: (what, do it, undo it)."""
    for top in tree.body:
        if isinstance(top, ast.AnnAssign | ast.Assign):
            yield from _in_table(top)
        elif isinstance(top, ast.FunctionDef | ast.ClassDef) and top.name in _JUDGES:
            yield from _in_code(top, top.name)


def _in_table(top: ast.Assign | ast.AnnAssign) -> Iterator[Edit]:
    target = top.targets[0] if isinstance(top, ast.Assign) else top.target
    name = target.id if isinstance(target, ast.Name) else ""
    if isinstance(top.value, ast.Tuple) and name in {"FORBIDS", "PERMITS"}:
        rows = top.value.elts
        for i, row in enumerate(rows):
            yield f"{name}: drop row {i}", *_swap(rows, i, None)
            yield from _in_code(row, f"{name} row {i}")
        if name == "FORBIDS":  # of the permits the order must not matter
            for i in range(len(rows) - 1):
                yield f"{name}: rows {i} and {i + 1} change places", *_turn(rows, i)
    elif top.value is not None and name.isupper():
        yield from _in_code(top.value, name)


def _walk(root: ast.AST) -> Iterator[ast.AST]:
    """Every node but those of annotations, which say nothing at run time."""
    yield root
    for name, value in ast.iter_fields(root):
        if name not in {"annotation", "returns"}:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _walk(child)


def _in_code(root: ast.AST, where: str) -> Iterator[Edit]:
    for node in _walk(root):
        line = f"{where}, line {getattr(node, 'lineno', '?')}"
        match node:
            case ast.Set(elts=items) | ast.Tuple(elts=items) if len(items) and not isinstance(items[0], ast.Call):
                if isinstance(node, ast.Set):
                    for i, item in enumerate(items):
                        yield f"{line}: drop {ast.unparse(item)}", *_swap(items, i, None)
            case ast.Compare(ops=ops):
                for i, op in enumerate(ops):
                    if type(op) in _COMPARISONS:
                        other = _COMPARISONS[type(op)]()
                        yield f"{line}: {type(op).__name__} -> {type(other).__name__}", *_swap(ops, i, other)
            case ast.BoolOp(op=op, values=values):
                other_op = ast.Or() if isinstance(op, ast.And) else ast.And()
                yield f"{line}: and/or", *_set(node, "op", other_op)
                for i, value in enumerate(values):
                    if ast.unparse(value).endswith("is not None"):
                        continue  # without its guard the comparison raises: found, but not by the table
                    yield f"{line}: drop {ast.unparse(value)}", *_swap(values, i, None)
            case ast.UnaryOp(op=ast.Not()):
                yield f"{line}: drop not", *_set(node, "op", ast.UAdd())
            case ast.Lambda(body=body) if not isinstance(body, ast.Constant):
                yield f"{line}: always", *_set(node, "body", ast.Constant(True))
                yield f"{line}: never", *_set(node, "body", ast.Constant(False))
            case ast.BinOp(op=operator) if type(operator) in _OPERATORS:
                yield f"{line}: {type(operator).__name__} changed", *_set(node, "op", _OPERATORS[type(operator)]())
            case ast.Return(value=value) if value is not None:
                yield f"{line}: return None", *_set(node, "value", ast.Constant(None))
            case ast.If(test=test):
                yield f"{line}: if never", *_set(node, "test", ast.Constant(False))
                yield f"{line}: if always", *_set(node, "test", ast.Constant(True))
                yield f"{line}: if not {ast.unparse(test)}", *_set(node, "test", ast.UnaryOp(ast.Not(), test))


def _set(node: ast.AST, name: str, value: object) -> tuple[Callable[[], None], Callable[[], None]]:
    before = getattr(node, name)
    return lambda: setattr(node, name, value), lambda: setattr(node, name, before)


def _swap(items: list[Any], place: int, value: ast.AST | None) -> tuple[Callable[[], None], Callable[[], None]]:
    before = list(items)
    changed = [*before[:place], *([] if value is None else [value]), *before[place + 1 :]]

    def put(what: list[Any]) -> None:
        items[:] = what

    return (lambda: put(changed)), (lambda: put(list(before)))


def _turn(items: list[ast.expr], place: int) -> tuple[Callable[[], None], Callable[[], None]]:
    before = list(items)
    turned = [*before[:place], before[place + 1], before[place], *before[place + 2 :]]

    def put(what: list[ast.expr]) -> None:
        items[:] = what

    return (lambda: put(turned)), (lambda: put(before))


def mutants(every: int = 1) -> Iterator[Mutant]:
    """Every mutant, or every n-th, whose source truly differs."""
    for name, source in (("rules", RULES), ("consents", CONSENTS), ("decide", DECIDE)):
        tree = ast.parse(source)
        plain = ast.unparse(tree)
        for what, do, undo in list(_edits(tree))[::every]:
            do()
            changed = ast.unparse(_filled(tree))
            undo()
            if changed != plain:
                yield Mutant(f"{name}: {what}", **{name: changed})
        assert ast.unparse(tree) == plain


def _filled(tree: ast.Module) -> ast.Module:
    """A copy in which what a dropped part left empty is legal again: `set()`, or the last operand alone."""

    class Fill(ast.NodeTransformer):
        def visit_Set(self, node: ast.Set) -> ast.AST:
            self.generic_visit(node)
            return node if node.elts else ast.Call(ast.Name("set"), [], [])

        def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
            self.generic_visit(node)
            return node if len(node.values) > 1 else node.values[0]

        def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
            self.generic_visit(node)
            return node.operand if isinstance(node.op, ast.UAdd) else node

    filled = Fill().visit(copy.deepcopy(tree))
    assert isinstance(filled, ast.Module)
    return filled
