"""A reader of source that finds whatever could end or begin a transaction, called or handed on, by name or as SQL."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.house.made_sql import constant_text
from tests.house.uncommented import uncommented

_ENDS = {"commit", "rollback", "commit_async", "rollback_async", "do_commit", "do_rollback"}
_BEGINS = {"begin", "begin_twophase", "transaction"}
_BY_NAME = {"getattr", "attrgetter", "methodcaller", "text", "execute", "exec_driver_sql", "executescript", "scalar"}
_SQL = re.compile(
    r"prepare\s+transaction\b.*|(commit|rollback|abort|begin|end|start\s+transaction)"
    r"(\s+(work|transaction|prepared|and|isolation|read|to|deferrable|not)\b.*)?",
    re.IGNORECASE | re.DOTALL,
)
_BODY = re.compile(
    r"(?:^|;)\s*(?:do\b\s*(?:language\s+\w+\s*)?(?:[eu]?&?'|\$)|create\s+(?:or\s+replace\s+)?(?:procedure|function)\b)"
    r".*?\b(commit|rollback)\b",
    re.IGNORECASE | re.DOTALL,
)
"""A program for the database, which ends the transaction from inside."""
_PLAIN = {"begin", "end", "abort"}
"""Words of SQL that are ordinary words too: they count where they are given to what runs SQL."""


def in_source(source: str) -> Iterator[tuple[str, int]]:
    """What a module holds of transactions: (word, line). Savepoints are none: what ends with them is not committed."""
    tree = ast.parse(source)
    said_only = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    savepoints, modules, handed = set(_savepoints(tree)), set(_modules(tree)), set(_handed(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            held = node.value.id if isinstance(node.value, ast.Name) else ""
            if (node.attr in _ENDS and held not in savepoints) or (node.attr in _BEGINS and held not in modules):
                yield node.attr, node.lineno
        elif isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Call) and node not in said_only:
            yield from ((word, node.lineno) for word in _said(constant_text(node), plain=node in handed))


def _said(text: str, *, plain: bool) -> Iterator[str]:
    """The words for transactions in a text, as it stands and without its comments; what is not known ends a word."""
    for form in {text, uncommented(text)}:
        for statement in re.split("[;\ufffd]", form):
            said = statement.strip()
            if _SQL.fullmatch(said) and (said.lower() not in _PLAIN or plain):
                yield said.split()[0].lower()
        yield from (word.lower() for word in _BODY.findall(form))
    if text.upper() == "AUTOCOMMIT":
        yield "autocommit"


def _savepoints(tree: ast.AST) -> Iterator[str]:
    """Names that hold a savepoint, and never anything else."""
    given = [node for node in ast.walk(tree) if isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr)]
    for name in {target.id for node in given for target in _targets(node) if isinstance(target, ast.Name)}:
        made = [node.value for node in given if any(ast.unparse(one) == name for one in _targets(node))]
        if all(one is not None and re.fullmatch(r"await [\w.]+\.begin_nested\(\)", ast.unparse(one)) for one in made):
            yield name


def _targets(node: ast.Assign | ast.AnnAssign | ast.NamedExpr) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _modules(tree: ast.AST) -> Iterator[str]:
    """Names that stand for modules: `rounds.begin` begins no transaction."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (one.asname or one.name for one in node.names if (one.asname or one.name).islower())


def _handed(tree: ast.AST) -> Iterator[ast.AST]:
    """What is given to something that runs SQL, or takes a name for what it stands for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in _BY_NAME:
            yield from node.args
