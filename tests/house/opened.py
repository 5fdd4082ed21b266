"""A reader of source that finds which tables a module opens: in SQL, as rows to write, and by the metadata."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

from hub.base.migrate import load_tables
from tests.house.made_sql import Source, constant_text
from tests.house.uncommented import uncommented

UNNAMED = "?"
"""A table whose name is not known before the program runs."""
ESCAPED = 'U&"'
"""A table whose name is written so that nobody reads it."""
_CORE = {"table", "Table", "TableClause"}
"""What SQLAlchemy takes a table's name for."""
_AS_FROM = {"text", "literal_column"}
"""What it takes for SQL as it stands: a name alone, where something is selected from, is a table's."""
_NAME = re.compile(r"\s*(?:\w+\.)?\"?(\w+)\"?(?:\s+(?:as\s+)?\w+)?\s*", re.IGNORECASE)
_TOKEN = re.compile(r"--[^\n]*|'(?:[^']|'')*'|\"(\w+)\"|(\w+)|(\{\w*\}|\ufffd)|([().,;])", re.DOTALL)
_READS, _WRITES = {"from", "join", "using"}, {"into", "update", "truncate", "table", "copy", "lock"}
_BESIDE = {"only", "lateral", "table", "if", "not", "exists"}
_ENDS = {
    "where", "order", "group", "having", "limit", "offset", "fetch", "union", "except", "intersect", "returning", "set",
    "values", "select", "window", "for", "with", ";",
}  # fmt: skip


@dataclass(frozen=True, slots=True, order=True)
class Opened:
    """A table that is opened, whether to write in it, and the line."""

    table: str
    writes: bool
    line: int = 0


def in_sql(said: str) -> set[tuple[str, bool]]:
    """The tables that SQL, or a part of it, opens, each with whether it is written in."""
    found, awaits, writes = set[tuple[str, bool]](), {0: ""}, False
    said = uncommented(said)
    if re.search(r"\bu&\"", said, re.IGNORECASE):
        found.add((ESCAPED, True))
    tokens = [(word or quoted or hole or mark).lower() for quoted, word, hole, mark in _TOKEN.findall(said)]
    tokens = [token for token in tokens if token]
    depth, at = 0, -1
    while (at := at + 1) < len(tokens):
        token, before = tokens[at], tokens[at - 1] if at else ""
        after = tokens[at + 1] if at + 1 < len(tokens) else ""
        if token == "(":
            inner = "table" if awaits.get(depth) == "table" and after not in {"select", "with", "\ufffd"} else ""
            inner = "" if after.startswith("{") else inner
            awaits[depth] = "more" if awaits.get(depth) else ""
            depth += 1
            awaits[depth] = inner
        elif token == ")":
            depth -= 1
        elif token in _READS | _WRITES and not _otherwise(token, before, after):
            awaits[depth], writes = "table", token in _WRITES or before == "delete"
        elif awaits.get(depth) == "table" and token not in _BESIDE:
            while after == "." and at + 2 < len(tokens):  # a schema before it
                at += 2
                token, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
            found.add((UNNAMED if token[0] in "{\ufffd" else token, writes))
            awaits[depth] = "" if writes else "more"
        elif token == "," and awaits.get(depth) == "more":
            awaits[depth] = "table"
        elif token in _ENDS:
            awaits[depth] = ""
    return found


def _otherwise(token: str, before: str, after: str) -> bool:
    """Words that name no table here: `is distinct from`, `for update`, `do update`, `join ... using (column)`."""
    if token == "using":
        return after == "("
    return before == "distinct" or (token == "update" and before in {"for", "do", "key"})


def in_source(source: str) -> Iterator[Opened]:
    """Every table a module opens by other means than its class."""
    tree = ast.parse(source)
    said_only = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    rows = any(_brings_rows(node) for node in ast.walk(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call) and node not in said_only:
            for table, writes in in_sql(constant_text(node)):
                yield Opened(table, writes, node.lineno)
        if rows and isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[0], ast.Constant):
            yield Opened(str(node.elts[0].value), True, node.lineno)
        if isinstance(node, ast.Attribute) and node.attr == "tables" and ast.unparse(node.value).endswith("metadata"):
            yield Opened(UNNAMED, True, node.lineno)
        if isinstance(node, ast.Attribute) and node.attr == "reflect":
            yield Opened(UNNAMED, True, node.lineno)
    yield from _in_core(Source(source, ""))


def _in_core(module: Source) -> Iterator[Opened]:
    """Tables that SQLAlchemy is told of by name: `table("x")`, `Table("x", metadata)`, `select_from(text("x"))`."""
    types, called = set(module.in_types()), set[ast.AST]()
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call):
            continue
        called.add(node.func)
        word = ast.unparse(node.func).rpartition(".")[2]
        meant = module.stands_for(node.func)
        named = [*node.args[:1], *(one.value for one in node.keywords if one.arg == "name")]
        if word in _CORE or _of(meant, _CORE):
            for one in named:
                said = one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else ""
                if said or _of(meant, _CORE):
                    yield Opened(said.rpartition(".")[2] or UNNAMED, True, node.lineno)
        elif _of(meant, _AS_FROM):
            for one in named:
                if (found := _NAME.fullmatch(constant_text(one))) is not None:
                    yield Opened(found[1], False, node.lineno)
    for name in ast.walk(module.tree):
        loaded = isinstance(name, ast.Name | ast.Attribute) and isinstance(name.ctx, ast.Load)
        if loaded and isinstance(name, ast.expr) and name not in called | types and _of(module.stands_for(name), _CORE):
            yield Opened(UNNAMED, True, name.lineno)


def _of(meant: str, words: set[str]) -> bool:
    """Whether a dotted name is one of these words of SQLAlchemy."""
    home, _, word = meant.rpartition(".")
    return word in words and home.partition(".")[0] in {"sqlalchemy", "sqlmodel"}


def _brings_rows(node: ast.AST) -> bool:
    """Whether `hub.base.rows` is imported here: then a pair that begins with a table's name is a new row of it."""
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").endswith("rows") or any(one.name == "rows" for one in node.names)
    return isinstance(node, ast.Import) and any(one.name.endswith(".rows") for one in node.names)


def slice_of(module: str) -> str:
    """The slice a module belongs to: `hub.cases`, `directory`."""
    parts = module.split(".")
    return ".".join(parts[: 2 if parts[0] == "hub" else 1])


def owners(house: Path) -> dict[str, str]:
    """Every table of the product, and the slice that owns it."""
    load_tables()
    found = {
        str(getattr(one, "__tablename__", "")): slice_of(one.__module__)
        for one in _classes(SQLModel)
        if hasattr(one, "__table__")
    }
    for room in ("directory", "scheduling", "hub"):
        for path in sorted((house / room).rglob("*.py")):
            if "node_modules" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not (isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Table"):
                    continue
                if node.args and isinstance(node.args[0], ast.Constant):
                    named, claims = str(node.args[0].value), slice_of(".".join(path.relative_to(house).parts))
                    found.setdefault(named, claims)  # another's claim takes nothing away: it opens, and is found
    return found


def _classes(of: type[Any]) -> Iterator[type[Any]]:
    for one in of.__subclasses__():
        yield one
        yield from _classes(one)
