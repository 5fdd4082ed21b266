"""The laws of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import graphql
import pytest

from hub.base.settings import Settings
from tests.house import committing
from tests.house.made_sql import elsewhere, in_directory

HOUSE = Path(__file__).resolve().parents[2]
ROOMS = ("hub", "directory", "scheduling")
LONGEST = 360
TABLES = {"county.py", "clocks.py", "taxonomy.py", "tables.py", "rules.py"}
"""Rooms that hold data in rows: as long as their rows."""


def modules() -> Iterator[Path]:
    """Every module of the product."""
    for room in ROOMS:
        yield from (path for path in (HOUSE / room).rglob("*.py") if "node_modules" not in path.parts)


COMMITS = {
    ("hub.base.db", "commit"): "THE commit: one transaction a request or a piece of work",
    ("hub.base.rows", "rollback"): "a refused mutation undoes what it did, where nothing came before it",
    ("hub.base.migrate", "begin"): "migrations are a transaction of their own, as the database's owner",
}
"""(module, what it does with a transaction) -> why."""


def test_only_the_database_module_commits() -> None:
    """One transaction a request: nothing but `hub/base/db.py` ends one, by whatever name."""
    found = {
        (".".join(path.relative_to(HOUSE).with_suffix("").parts), word)
        for path in modules()
        for word, _ in committing.in_source(path.read_text("utf-8"))
    }
    assert found == set(COMMITS)


@pytest.mark.parametrize(
    "source",
    [
        "await session.commit()",
        "done = session.commit\nawait done()",
        "await self.session.commit()",
        "await (await session.connection()).commit()",
        "hooks.append(session.rollback)",
        "savepoint = session\nawait savepoint.commit()",
        "savepoint = await session.begin_nested()\nsavepoint = session\nawait savepoint.commit()",
        'await getattr(session, "commit")()',
        'await methodcaller("commit")(session)',
        'await getattr(session, "begin")()',
        'NAME = "commit"\nawait getattr(session, NAME)()',
        'await session.execute(text("COMMIT"))',
        'await session.execute(text(" commit and chain "))',
        'await session.execute(text("end"))',
        'await connection.exec_driver_sql("begin isolation level serializable")',
        'await driver.execute("insert into t values (1); commit")',
        'await driver.execute("START TRANSACTION")',
        "await driver.execute(\"prepare transaction 'x'\")",
        "async with session.begin():\n    pass",
        "async with engine.begin() as connection:\n    pass",
        "async with driver.transaction():\n    pass",
        'engine.execution_options(isolation_level="AUTOCOMMIT")',
        'await session.execute(text("/* go */ commit"))',
        'await session.execute(text("/* a /* b */ c */ Commit"))',
        'await session.execute(text("-- x\\ncommit"))',
        'await session.execute(text("commit -- x"))',
        'await session.execute(text("select 1;\\n/*a*/commit"))',
        "await session.execute(text(\"select '/*'; commit; select '*/'\"))",
        'await session.execute(text("do $$ begin commit; end $$"))',
        'await session.execute(text("do /* x */ language plpgsql $x$ begin\\n/**/rollback; end $x$"))',
        "await session.execute(text(\"do 'begin commit; end'\"))",
        'await session.execute(text("create procedure p() language plpgsql as $$ begin commit; end $$"))',
        'await session.execute(text(f"/* {why} */ commit"))',
        'await session.execute(text("com" + "mit"))',
    ],
)
def test_what_could_commit_is_found(source: str) -> None:
    """Called or kept, by name or as SQL, in comments' shadow, in a program for the database.

    Not found: names put together as the program runs, and a procedure that a migration made and `call` runs.
    """
    assert list(committing.in_source(source))


@pytest.mark.parametrize(
    "source",
    [
        '"""Runs before the commit."""',
        "async with session.begin_nested():\n    pass",
        "savepoint = await session.begin_nested()\nawait savepoint.commit()",
        "from directory import rounds\nawait rounds.begin(session)",
        'NAMES = {"begin": 1, "end": 2}',
        'x = text("select 1 as commit_of, case when true then 1 end")',
        'x = text("select 1 -- commit")',
        'x = text("select 1 /* ; commit */")',
        'x = "Do not commit this"',
    ],
)
def test_what_could_not_is_left_alone(source: str) -> None:
    assert not list(committing.in_source(source))


def test_graphql_core_is_not_hidden() -> None:
    """The contract's folder must not hide the library of the same name, nor `alembic` its own."""
    assert graphql.__file__ is not None
    assert "site-packages" in graphql.__file__
    assert not (HOUSE / "graphql" / "__init__.py").exists()
    assert not (HOUSE / "alembic" / "__init__.py").exists()


@pytest.mark.parametrize("path", sorted(modules()), ids=lambda path: path.relative_to(HOUSE).as_posix())
def test_a_module_says_what_it_holds_and_is_a_room(path: Path) -> None:
    """A docstring whose first line says what is inside; no room grows into a hall."""
    source = path.read_text("utf-8")
    said = ast.get_docstring(ast.parse(source)) or ""
    assert said.splitlines(), "no docstring"
    assert len(source.splitlines()) <= LONGEST or path.name in TABLES


def test_every_setting_is_documented() -> None:
    """Every setting says what it means, here and in the operator's handbook."""
    handbook = (HOUSE / "docs" / "operations.md").read_text("utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"`HUB_{name.upper()}`" in handbook, name


MADE_OTHERWISE = {
    ("hub.base.databases", "SQL put together"): "names of a role and a database of ours, quoted by PostgreSQL",
    ("hub.base.migrate", "SQL that is not known"): "rights of each table there is, its name quoted by PostgreSQL",
    ("hub.base.rows", "SQL that is not known"): "what its own maker makes of the tables' names",
}
"""(module, what is found there) -> why it is no hole: the only places, and none is reached by a request's words."""


def test_sql_is_never_made_of_outside_text() -> None:
    """The directory makes its SQL with `directory/sql.py` alone; other rooms with it, or of their own constants."""
    bad = set[tuple[str, str]]()
    for path in modules():
        room, package = path.relative_to(HOUSE).parts[0], ".".join(path.relative_to(HOUSE).parts[:-1])
        source = path.read_text("utf-8")
        if path in (HOUSE / "directory" / "sql.py", HOUSE / "directory" / "hot.py"):
            continue  # the one puts texts together for all the others, the other takes such alone; they have tests
        found = in_directory(source, package) if room == "directory" else elsewhere(source, package)
        bad |= {(f"{package}.{path.stem}", one.what) for one in found}
    assert bad == set(MADE_OTHERWISE)


_BY_NAME = {"importlib", "runpy", "pkgutil", "imp", "zipimport", "pydoc"}
_RUNS = {"__import__", "exec", "eval", "compile", "__builtins__", "builtins"}


def imported_unseen(source: str) -> Iterator[str]:
    """Ways to import what no import statement says, which the contracts could not see."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.partition(".")[0] in _BY_NAME | {"builtins"})
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if (node.module or "").partition(".")[0] in _BY_NAME | {"builtins"}:
                yield str(node.module)
            yield from (one.name for one in node.names if (node.module, one.name) == ("sys", "modules"))
        elif isinstance(node, ast.Name) and node.id in _RUNS:
            yield node.id
        elif isinstance(node, ast.Attribute) and (node.attr == "modules" or node.attr in {"__import__", "__globals__"}):
            yield node.attr


UNSEEN = {
    ("hub/base/migrate.py", "importlib"): "loads every module of tables, whatever slice has them",
    ("hub/base/migrate.py", "pkgutil"): "finds them",
    ("hub/base/pgfiles.py", "importlib.util"): "asks whether a package is installed, which only a demo needs",
    ("hub/api/hsds.py", "importlib.metadata"): "tells the version of the product; imports nothing",
    ("hub/api/plans.py", "exec"): "runs the plan of a type that it has written itself, of names of the schema",
    ("hub/api/plans.py", "compile"): "the same",
}
"""(module, way) -> why an import that no statement says is none that the contracts should see."""


def test_nothing_is_imported_unseen() -> None:
    """Every import is a statement, so that the contracts see all of them, but for a few with a reason."""
    found = {
        (path.relative_to(HOUSE).as_posix(), how)
        for path in modules()
        for how in imported_unseen(path.read_text("utf-8"))
    }
    assert found == set(UNSEEN)


@pytest.mark.parametrize(
    "source",
    [
        'import importlib\nimportlib.import_module("hub.cases.views")',
        'from importlib import import_module\nimport_module("hub.cases.views")',
        "import importlib.util as u",
        'x = __import__("hub.cases.views")',
        'import builtins\nbuiltins.__import__("hub")',
        'import sys\nx = sys.modules["hub.cases.views"]',
        "from sys import modules",
        'exec("import hub")',
        'x = eval("hub")',
        'import runpy\nrunpy.run_module("hub")',
        "import pkgutil",
        'from pydoc import locate\nlocate("hub.cases.tables")',
        'x = __builtins__["__import__"]("hub")',
    ],
)
def test_what_imports_unseen_is_found(source: str) -> None:
    assert list(imported_unseen(source))


def test_what_imports_openly_is_left_alone() -> None:
    """Not found: a library's own finder of names (`pydantic.ImportString`, Uvicorn's `module:name`)."""
    assert not list(imported_unseen("import re\nfrom . import rounds\nx = re.compile('a')\nawait session.exec(x)"))


_ORM = {"relationship", "Relationship", "backref", "dynamic_loader", "deferred", "column_property", "automap_base"}


def lazily(source: str, module: str) -> Iterator[str]:
    """What is loaded later than it is said: a type by `lazy`, unless in the API and of it; rows by an attribute."""
    named = dict[str, str]()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            named |= {one.asname or one.name: one.name for one in node.names}
            if (node.module or "").partition(".")[0] in {"sqlmodel", "sqlalchemy"}:
                yield from (one.name for one in node.names if one.name in _ORM)
    called = dict[ast.expr, ast.Call]((node.func, node) for node in ast.walk(tree) if isinstance(node, ast.Call))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            word = node.attr if isinstance(node, ast.Attribute) else named.get(node.id, "")
            held = ast.unparse(node.value).partition(".")[0] if isinstance(node, ast.Attribute) else ""
            if word in _ORM and held in {"sqlmodel", "sqlalchemy", "orm"}:
                yield word
            if word not in {"lazy", "LazyType", "StrawberryLazyReference"}:
                continue
            given = called[node].args if node in called else []
            of = str(given[0].value) if len(given) == 1 and isinstance(given[0], ast.Constant) else ""
            if word != "lazy" or not module.startswith("hub.api.") or not re.fullmatch(r"\.\w+", of):
                yield f"{word} {of}".strip()


def test_lazy_is_of_the_api_and_relative() -> None:
    """A type of the API may name one of its own rooms that is imported later; rows have no attribute that asks."""
    found = {
        (path.relative_to(HOUSE).as_posix(), how)
        for path in modules()
        for how in lazily(path.read_text("utf-8"), ".".join(path.relative_to(HOUSE).with_suffix("").parts))
    }
    assert not found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("hub.cases.views", 'from strawberry import lazy\nx = Annotated["A", lazy(".b")]'),
        ("hub.api.cases", 'from strawberry import lazy\nx = Annotated["A", lazy("hub.api.b")]'),
        ("hub.api.cases", 'from strawberry import lazy\nx = Annotated["A", lazy("..cases.tables")]'),
        ("hub.api.cases", 'import strawberry\nx = Annotated["A", strawberry.lazy("hub.cases.tables")]'),
        ("hub.api.cases", 'from strawberry import lazy as later\nx = Annotated["A", later("hub.cases.tables")]'),
        ("hub.api.cases", "from strawberry import lazy\nx = lazy(NAME)"),
        ("hub.api.cases", "from strawberry import lazy\nmake = lazy"),
        ("hub.api.cases", 'from strawberry import LazyType\nx = LazyType("A", "hub.cases.tables")'),
        ("hub.cases.tables", "from sqlmodel import Relationship\nparties = Relationship()"),
        ("hub.cases.tables", "from sqlalchemy.orm import relationship as r\nparties = r()"),
        ("hub.cases.tables", "import sqlalchemy.orm\nparties = sqlalchemy.orm.relationship()"),
        ("hub.cases.tables", "from sqlalchemy import orm\nparties = orm.deferred(column)"),
    ],
)
def test_what_is_loaded_later_is_found(module: str, source: str) -> None:
    """By whatever name it is imported."""
    assert list(lazily(source, module))


def test_what_is_loaded_as_it_may_be_is_left_alone() -> None:
    assert not list(lazily('from strawberry import lazy\nx = Annotated["A", lazy(".cases")]', "hub.api.referrals"))
    assert not list(lazily("from .rules import Relationship\nx = Relationship.SPOUSE", "hub.cases.views"))


def unreasoned(project: str) -> list[str]:
    """Dependencies, the product's and its makers', whose line does not say what they are for."""
    lists = re.findall(r"^(?:dependencies|\w+) = \[\n(  \"[^\n]*\n(?:  [^\n]*\n)*)\]", project, re.MULTILINE)
    lines = [line for found in lists for line in found.splitlines() if re.match(r'  "[\w.-]+(\[\w+\])?[<>=]', line)]
    assert len(lines) > 50
    return [line.strip() for line in lines if not re.search(r'",\s+# \S+ \S+', line)]


def test_every_dependency_earns_its_place() -> None:
    """The line says what for; a name without a reason, or with one word, is found."""
    project = (HOUSE / "pyproject.toml").read_text("utf-8")
    read = tomllib.loads(project)
    given = [*read["project"]["dependencies"], *read["dependency-groups"]["dev"]]
    assert all(f'  "{one}",' in project for one in given)
    assert unreasoned(project) == []
    for line in ('  "planted>=1",', '  "planted>=1", # needed'):
        assert unreasoned(project.replace("dev = [\n", f"dev = [\n{line}\n")) == [line.strip()]
        assert unreasoned(project.replace("dependencies = [\n", f"dependencies = [\n{line}\n")) == [line.strip()]


def test_no_table_is_forgotten_by_the_contracts() -> None:
    """Every module of tables is closed to the API and the console, and opened by its own slice alone."""
    made = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    closed = next(one for one in made if one["name"] == "The API and the console open no table")["forbidden_modules"]
    protected = [module for one in made if one["type"] == "protected" for module in one["protected_modules"]]
    tables = {".".join(p.relative_to(HOUSE).with_suffix("").parts) for p in modules() if p.stem.endswith("tables")}
    assert len(tables) > 12
    assert tables - set(closed) == set()
    assert tables - set(protected) == set()
