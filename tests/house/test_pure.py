"""Pure rooms reach for nothing: the policy, the clocks, and every slice's `rules.py`, by import or by builtin."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.test_laws import HOUSE, imported_unseen, modules

_REACHES = {"open", "print", "input", "breakpoint", "exec", "eval", "compile", "__import__", "__builtins__"}
_OUTSIDE = {
    "sqlalchemy", "sqlmodel", "asyncpg", "httpx", "fastapi", "starlette", "aiosmtplib", "asyncio", "http", "io", "os",
    "shutil", "socket", "sqlite3", "subprocess", "tempfile", "threading", "urllib", "multiprocessing", "logging",
}  # fmt: skip
_ROOMS_OUTSIDE = {"hub.base.db", "hub.base.rows", "hub.base.settings"}
_PATHS = {"PurePath", "PurePosixPath", "PureWindowsPath"}
"""Of `pathlib`, what only reckons with names."""


def impure(source: str, module: str) -> Iterator[str]:
    """What a module does or holds that a pure one has no use for."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and node.id in _REACHES:
            yield node.id
        elif isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith):
            yield "async"
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names if _reaches(one.name))
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            home = ".".join([*base, *([node.module] if node.module else [])])
            if home == "pathlib":
                yield from (f"pathlib.{one.name}" for one in node.names if one.name not in _PATHS)
            elif _reaches(home):
                yield home
            else:
                yield from (f"{home}.{one.name}" for one in node.names if _reaches(f"{home}.{one.name}"))
    yield from imported_unseen(source)


def _reaches(name: str) -> bool:
    return name.partition(".")[0] in _OUTSIDE or name == "pathlib" or name in _ROOMS_OUTSIDE


def pure() -> Iterator[tuple[str, Path]]:
    """Every module that must be pure."""
    for path in modules():
        module = ".".join(path.relative_to(HOUSE).with_suffix("").parts)
        if module.startswith("hub.policy.") or path.name == "rules.py" or module in _CLOCKS:
            yield module, path


_CLOCKS = {"scheduling.clocks", "scheduling.counting"}


@pytest.mark.parametrize(("module", "path"), sorted(pure()), ids=lambda given: given if isinstance(given, str) else "")
def test_a_pure_room_reaches_for_nothing(module: str, path: Path) -> None:
    """No table, no network, no file, nothing that waits.

    Not seen: what a function it imports does (of that the contracts see the imports), and a method of what it is
    handed (`path.read_text()` of somebody's path).
    """
    assert not list(impure(path.read_text("utf-8"), module))


def test_every_pure_room_is_in_a_contract() -> None:
    made = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    rules = next(one for one in made if one["name"] == "Rules are pure")["source_modules"]
    found = {module for module, _ in pure()}
    assert len(found) > 8
    assert set(rules) == {module for module in found if module.endswith(".rules") and module != "hub.policy.rules"}
    assert next(one for one in made if one["name"] == "The policy and the clocks are pure")["source_modules"] == [
        "hub.policy", *sorted(_CLOCKS),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    [
        'x = open("/etc/hostname").read()',
        "read = open",
        'print("x")',
        "x = input()",
        'exec("x = 1")',
        'x = eval("1")',
        'x = compile("1", "x", "eval")',
        'x = __import__("os")',
        'import importlib\nimportlib.import_module("os")',
        'import io\nx = io.open("/etc/hostname")',
        "from os import path",
        'from pathlib import Path\nx = Path("/etc/hostname").read_text()',
        'import pathlib\nx = pathlib.Path("/etc/hostname").read_text()',
        "import urllib.request",
        "from sqlalchemy import text",
        "from sqlmodel.ext.asyncio.session import AsyncSession",
        "import asyncpg",
        "from fastapi import Request",
        "from httpx import AsyncClient",
        "from hub.base.db import session",
        "from hub.base import db",
        "from ..base import db",
        "from ..base.db import session",
        'async def decide(session: object) -> None:\n    await session.execute("x")',
        "async def decide() -> None: ...",
    ],
)
def test_what_is_not_pure_is_found(source: str) -> None:
    """As a rule of cases would have it."""
    assert list(impure(source, "hub.cases.rules"))


@pytest.mark.parametrize(
    "source",
    [
        "from pathlib import PurePosixPath\nimport re\nx = re.compile('a')",
        "from hub.base.errors import InvalidInput",
        "from .tables import StaffKind",
        "x = round.open",
    ],
)
def test_what_is_pure_is_left_alone(source: str) -> None:
    """A closed list that a slice's tables hold may be named: rules stand above tables."""
    assert not list(impure(source, "hub.cases.rules"))
