"""A reader of source that finds SQL made of what is not ours: in text put together, and where text is executed."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_GAP = "\N{REPLACEMENT CHARACTER}"
"""In the place of what is not known before the program runs."""
_SQL = re.compile(
    r"\bselect\b(?!or|ed)(?=.*\bfrom\b|\s*(\ufffd|\*|count\(|distinct\b|exists\b|set_config\b|\w+\.\w|\w+\())"
    r"|\binsert\s+into\b|\bdelete\s+from\b|\bupdate\s+\S+\s+(as\s+\w+\s+|\w+\s+)?set\b"
    r"|\bfrom\s+\S+(\s+(as\s+)?\w+)?\s+(where|join|left\s+join|cross\s+join|order\s+by|group\s+by)\b"
    r"|\bjoin\s+(lateral\b|\S+.*\b(on|using)\b)|\bunion\s+(all\s+)?(select\b|\ufffd)|\b(order|group|partition)\s+by\s+\S"
    r"|\bwhere\s+([\w.\ufffd]+\s*(=|<|>|~|@|in\s*\()|true\b|false\b|not\s+exists\b)|\bwhere\s+\ufffd\s*$|\bcase\s+when\b"
    r"|\bis\s+(not\s+)?null\b|\bcast\s*\(.*\bas\s|\bcoalesce\s*\(|\bexists\s*\(|\bilike\b|\breturning\s+\w+\s*$"
    r"|\bon\s+conflict\b|\bwith\s+(recursive\s+)?\w+\s+as\b|\b(create|alter|drop|truncate)\s+(table|role|index|view)\b"
    r"|^\s*(and|or|not)\s+\S*[\w\ufffd]\s*(=|<>|<|>|in\s*\()|\blimit\s+(\ufffd|\d|:)",
    re.IGNORECASE | re.DOTALL,
)
_HOME = "directory.sql"
_TEMPLATES = {"sql": (0,), "statement": (0,), "joined": (0,), "replaced": (1,), "listed": (1,)}
"""Of each maker of `directory.sql`, which arguments are literals."""
_TEMPLATE_NAMES = {"template", "between", "mark"}
_RAW = {"text", "TextClause", "literal_column", "DDL"}
"""What SQLAlchemy takes for SQL as it stands."""
_DRIVER = {"exec_driver_sql", "fetch", "fetchrow", "fetchval", "executemany", "cursor", "prepare"}
"""What takes text to the database past SQLAlchemy."""


_CHECK = "CheckConstraint"


@dataclass(frozen=True)
class Found:
    """Something that must not be: where and what."""

    line: int
    what: str


def looks_like_sql(said: str) -> bool:
    """Whether a text is SQL or a part of it, in whatever case."""
    return _SQL.search(said) is not None


def _literal(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def constant_text(node: ast.expr) -> str:
    """What is known of a text before the program runs; a gap for the rest."""
    if isinstance(node, ast.Constant):
        return str(node.value) if isinstance(node.value, str) else _GAP
    if isinstance(node, ast.JoinedStr):
        return "".join(map(constant_text, node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return constant_text(node.left) + constant_text(node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return re.sub(r"%(\(\w+\))?[sdr]", _GAP, constant_text(node.left))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        held = node.func.value
        if node.func.attr in {"format", "format_map"}:
            return re.sub(r"\{\w*\}", _GAP, constant_text(held))
        if node.func.attr == "join":
            return _GAP + constant_text(held) + _GAP + " ".join(_pieces(node.args))
        if node.func.attr in {"replace", "removeprefix", "removesuffix", "strip", "__add__", "__mod__"}:
            return constant_text(held) + "".join(map(constant_text, node.args))
    return _GAP


def _pieces(args: list[ast.expr]) -> Iterator[str]:
    for node in args:
        inside = node.elts if isinstance(node, ast.List | ast.Tuple) else [getattr(node, "elt", node)]
        yield from map(constant_text, inside)


def _made(node: ast.AST) -> list[ast.expr] | None:
    """The parts of a text that is put together here; None: it is not."""
    if isinstance(node, ast.JoinedStr):
        parts = [p.value for p in node.values if isinstance(p, ast.FormattedValue)]
        return [*parts] if parts else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return [node.left, node.right]
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Mod):
        return [node.target, node.value]
    together = {"format", "format_map", "join", "replace", "__add__", "__mod__"}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in together:
        return [node.func.value, *node.args, *(k.value for k in node.keywords)]
    return None


def _text_of(node: ast.AST) -> str:
    if isinstance(node, ast.AugAssign):
        return _GAP + constant_text(node.value)
    return constant_text(node) if isinstance(node, ast.expr) else ""


class Source:
    """A module's source, and what its names stand for."""

    def __init__(self, source: str, package: str) -> None:
        self.tree = ast.parse(source)
        self.names = dict(self._imported(package.split(".")))

    def _imported(self, package: list[str]) -> Iterator[tuple[str, str]]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for found in node.names:
                    whole = found.name if found.asname else found.name.partition(".")[0]
                    yield found.asname or whole, whole
            elif isinstance(node, ast.ImportFrom):
                base = package[: len(package) - node.level + 1] if node.level else []
                base = [*base, *([node.module] if node.module else [])]
                for found in node.names:
                    yield found.asname or found.name, ".".join([*base, found.name])

    def stands_for(self, node: ast.expr) -> str:
        """The dotted name an expression stands for; empty where it is no name that was imported."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, "")
        if isinstance(node, ast.Attribute):
            held = self.stands_for(node.value)
            return f"{held}.{node.attr}" if held else ""
        return ""

    def made_text(self) -> Iterator[Found]:
        """SQL put together by anything but the makers of `directory.sql`."""
        for node in ast.walk(self.tree):
            if _made(node) is not None and looks_like_sql(_text_of(node)):
                yield Found(getattr(node, "lineno", 0), "SQL put together")

    def outside_words(self) -> Iterator[Found]:
        """SQL put together of anything but literals and constants of a module, whose names are upper case."""
        for node in ast.walk(self.tree):
            parts = _made(node)
            if parts and looks_like_sql(_text_of(node)) and not all(map(_ours, parts)):
                yield Found(getattr(node, "lineno", 0), "SQL of outside words")

    def makers(self) -> Iterator[Found]:
        """Templates that are no literals, makers under another name, fragments not made by `directory.sql`."""
        types, called = set(self.in_types()), set[ast.AST]()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                called.add(node.func)
                home, _, maker = self.stands_for(node.func).rpartition(".")
                if home == _HOME and maker in _TEMPLATES and not _well_called(node, maker):
                    yield Found(node.lineno, "a template that is no literal")
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                home, _, word = self.stands_for(node).rpartition(".")
                if home == _HOME and word in _TEMPLATES and node not in called:
                    yield Found(node.lineno, "a maker under another name")
                if home == _HOME and word == "Fragment" and node not in types:
                    yield Found(node.lineno, "a fragment made by hand")

    def in_types(self) -> Iterator[ast.AST]:
        """What says of what type something is, and does nothing."""
        for node in ast.walk(self.tree):
            said = [getattr(node, "annotation", None), getattr(node, "returns", None)]
            if isinstance(node, ast.Subscript):
                said.append(node.slice)
            for one in said:
                if one is not None:
                    yield from ast.walk(one)

    def raw(self, fit: Callable[[ast.expr | None], bool]) -> Iterator[Found]:
        """Text that goes to the database as it stands and is not `fit` to; and the ways there under another name."""
        types, called = set(self.in_types()), set[ast.AST]()
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call):
                continue
            called.add(node.func)
            first = node.args[0] if node.args else next((k.value for k in node.keywords), None)
            if (self._sink(node.func) or _to_driver(node)) and not fit(first):
                yield Found(node.lineno, "SQL that is not known")
            checks = self.stands_for(node.func).startswith("sqlalchemy") and ast.unparse(node.func).endswith(_CHECK)
            run = isinstance(node.func, ast.Attribute) and node.func.attr in {"execute", "scalar", "scalars", "stream"}
            if (checks or run) and first is not None and _made(first) is not None and not fit(first):
                yield Found(node.lineno, "SQL put together")
        for node in ast.walk(self.tree):
            if not (isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)):
                continue
            if node not in called | types and self._sink(node):
                yield Found(node.lineno, "a way to the database under another name")

    def _sink(self, node: ast.AST) -> bool:
        """Whether this is one of SQLAlchemy's names for SQL as it stands, through whichever module it came here."""
        name = self.stands_for(node) if isinstance(node, ast.expr) else ""
        return "." in name and name.rpartition(".")[2] in _RAW

    def known(self, node: ast.expr | None) -> bool:
        """Whether SQL is of literals, constants and what the makers of `directory.sql` return."""
        if isinstance(node, ast.Call):
            home, _, maker = self.stands_for(node.func).rpartition(".")
            return home == _HOME and maker in _TEMPLATES
        return node is not None and _ours(node)


def _to_driver(node: ast.Call) -> bool:
    """Whether a call hands text to the driver."""
    if not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr == "prepare":
        return len(node.args) == 1  # others have one too, of more arguments
    to_driver = "driver(" in ast.unparse(node.func.value) and node.func.attr == "execute"
    return node.func.attr in _DRIVER or to_driver


def _well_called(node: ast.Call, maker: str) -> bool:
    """Whether every literal that a maker asks for is one."""
    if any(isinstance(one, ast.Starred) for one in node.args):
        return False
    given = [node.args[at] for at in _TEMPLATES[maker] if at < len(node.args)]
    if maker not in {"sql", "statement"}:  # of these every named part is checked as it runs
        given += [k.value for k in node.keywords if k.arg in {*_TEMPLATE_NAMES, None}]
    return all(map(_literal, given))


def _ours(node: ast.expr) -> bool:
    """Whether a part is a literal, a constant of a module, or put together of such."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Name):
        return node.id.strip("_").isupper()
    if isinstance(node, ast.Attribute):
        return node.attr.strip("_").isupper()
    if isinstance(node, ast.Tuple | ast.List):
        return all(map(_ours, node.elts))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.LShift | ast.Sub | ast.Mult):  # numbers
        return _ours(node.left) and _ours(node.right)
    parts = _made(node)
    return parts is not None and all(map(_ours, parts))


def in_directory(source: str, package: str) -> list[Found]:
    """What a module of the directory, which makes SQL with `directory.sql` alone, must not hold."""
    read = Source(source, package)
    found = [*read.made_text(), *read.makers(), *read.raw(_literal)]
    return sorted(set(found), key=lambda one: (one.line, one.what))


def elsewhere(source: str, package: str) -> list[Found]:
    """What a module of any other room must not hold. It may make SQL with `directory.sql` too."""
    read = Source(source, package)
    found = {*read.outside_words(), *read.makers(), *read.raw(read.known)}
    return sorted(found, key=lambda one: (one.line, one.what))
