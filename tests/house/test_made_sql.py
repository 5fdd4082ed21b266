"""That the reader of source finds SQL made of what is not ours, and leaves alone what is."""

from __future__ import annotations

import pytest

from tests.house.made_sql import elsewhere, in_directory, looks_like_sql

_HEAD = """
import sqlalchemy
import directory.sql as maker
from sqlalchemy import CheckConstraint, DDL, text
from sqlalchemy import text as words
from .sql import Fragment, joined, listed, literal, name, replaced, sql, statement
"""


@pytest.mark.parametrize(
    "source",
    [
        # put together, in any case and by any means
        'x = f"SELECT id FROM service WHERE name = {given}"',
        'x = f"select id from service where name = {given}"',
        'x = f"Select id\\nFrom {table}"',
        'x = f"INSERT INTO {table} (id) VALUES (1)"',
        'x = f"UPDATE {table} SET seen = 1"',
        'x = f"update service s set name = {given}"',
        'x = f"DELETE FROM {table}"',
        'x = f"SELECT {columns}"',
        'x = "SELECT id FROM " + table',
        'x = head + " WHERE id = 1"',
        'x = head + "ORDER BY " + given',
        'x += " JOIN organization o ON o.id = s.organization_id"',
        'x = "SELECT id FROM %s" % table',
        'x = "SELECT id FROM {}".format(table)',
        'x = "SELECT id FROM {t}".format_map(given)',
        'x = " UNION ALL ".join("SELECT id FROM " + t for t in tables)',
        'x = " ".join(["SELECT id FROM", table])',
        'x = ", ".join(f"CAST({c} AS text)" for c in given)',
        'x = QUERY.replace("WHERE true", "WHERE " + given)',
        'x = "SELECT id FROM ".__add__(table)',
        'x = f"{column} IS NOT NULL"',
        'x = f"EXISTS (SELECT FROM {table})"',
        'x = f"AND t.{column} = 1"',
        # even in constants: only fragments are known to be of our own words
        '_X = f"SELECT {_COLUMNS} FROM service"',
        # in the makers' own arguments
        'x = sql(f"SELECT {columns} FROM service")',
        "x = sql(given)",
        "x = statement(given)",
        'x = statement("{a}" + given, a=a)',
        "x = statement(*given)",
        "x = maker.statement(given)",
        'x = sql("SELECT 1" if a else "SELECT 2")',
        'x = joined(given, [sql("a")])',
        'x = joined(parts=[sql("a")], between=given)',
        "x = joined(**given)",
        'x = replaced(sql("a"), given, sql("b"))',
        "x = listed(names, template=given)",
        "make = sql",
        "x = map(sql, given)",
        # fragments by hand
        "x = Fragment(given)",
        "x = maker.Fragment(given)",
        "x = str.__new__(Fragment, given)",
        "x = list(map(Fragment, given))",
        "make = Fragment",
        "class Other(Fragment): ...",
        # past the makers
        "x = text(given)",
        "x = text(_X)",
        "x = text(text=given)",
        "x = words(given)",
        "x = sqlalchemy.text(given)",
        "x = sqlalchemy.sql.text(given)",
        "x = DDL(given)",
        "x = sqlalchemy.literal_column(given)",
        'x = text(f"now() + {given}")',
        'c = CheckConstraint(f"{column} > 0")',
        "connection.exec_driver_sql(given)",
        "connection.fetch(given)",
        "connection.prepare(given)",
        "await (await driver(session)).execute(given)",
        "run = text",
        "run = sqlalchemy.literal_column",
        "x = map(text, given)",
        "from directory.statements import text as said\nx = said(given)",
        "def f(q: str) -> object:\n    return text(q)",
        'connection.execute(f"LOCK {table}")',
        'connection.execute("LOCK " + table)',
    ],
)
def test_what_must_not_be_in_the_directory_is_found(source: str) -> None:
    """Each of these is a way around `directory/sql.py`."""
    assert in_directory(_HEAD + source, "directory")
    assert in_directory(_HEAD.replace(" .sql", " directory.sql") + source, "directory.standard")


@pytest.mark.parametrize(
    "source",
    [
        'x = text("SELECT id FROM service WHERE name = :name")',
        'x = text("SELECT id "\n    "FROM service")',
        'x = sql("SELECT id FROM {table}", table=name(given))',
        'x = sql("a {b} "\n    "c", b=1)',
        'x = statement("{rows} ORDER BY id", rows=rows)',
        'x = statement("{rows}", **parts)',
        'x = joined(" AND ", parts)',
        'x = joined(", ", [sql("{a}", a=a) for a in parts])',
        'x = replaced(sql("@.id"), "@.", row)',
        'x = listed(names, "s.{name}")',
        "x = listed(names)",
        'x = joined(", ", map(literal, values))',
        "def f(a: Fragment, b: tuple[str, Fragment]) -> Fragment | None: ...",
        "x = dict[str, Fragment]()",
        'x: list[Fragment] = [sql("a")]',
        "class Row:\n    sql: Fragment",
        'x = orjson.Fragment(format(value, "f"))',
        'x = f"Choose a file from {given}, or update it"',
        'x = f"Where it is: {given}"',
        'x = f"selected from the list of {given}"',
        'x = f"uq_{table}_source"',
        'x = ", ".join(names)',
        'x = f"{a} and {b}"',
        'session.execute(_STATEMENT, {"ids": ids})',
        'c = CheckConstraint("id > 0", name="ck")',
    ],
)
def test_what_may_be_in_the_directory_is_left_alone(source: str) -> None:
    """Literals, fragments, and texts that are no SQL."""
    assert in_directory(_HEAD + source, "directory") == []


@pytest.mark.parametrize(
    "source",
    [
        'x = f"select id from agency where name = {given}"',
        'x = f"SELECT id FROM agency WHERE name = {given}"',
        'x = f"Select {COLUMNS} From agency Where {given}"',
        'x = f"{QUERY} where id = {self.id}"',
        'x = f"select * from {tables[0]}"',
        'x = "select id from agency where " + given',
        'x = "select id from %s" % given',
        'x = "select id from {}".format(given)',
        'x = " ".join(("insert into", given))',
        'x += " where id = " + given',
        'from directory.sql import sql\nx = sql(f"select {given}")',
        "from directory.sql import Fragment\nx = Fragment(given)",
        "from sqlalchemy import text\nx = text(given)",
        "from sqlalchemy import text\ndef f(q: str) -> object:\n    return text(q)",
        "from sqlalchemy import text\nx = text(numbered(given))",
        'from sqlalchemy import text\nx = text(f"{given}")',
        "from sqlalchemy import text\nrun = text",
        "import sqlalchemy\nx = sqlalchemy.literal_column(given)",
        "connection.fetch(given)",
        'connection.exec_driver_sql(f"lock table {given}")',
        "await (await driver(session)).execute(given)",
    ],
)
def test_what_must_not_be_in_another_room_is_found(source: str) -> None:
    """Anything but constants in a text that is SQL."""
    assert elsewhere(source, "hub.cases")


@pytest.mark.parametrize(
    "source",
    [
        'x = f"select {COLUMNS} from agency where id = :id"',
        'x = f"SELECT {_COLUMNS} FROM ({standing.CONFLICTED}) c"',
        'x = "select id from agency " + _WHERE',
        'x = f"no {given} from anybody"',
        "from sqlalchemy import text\nx = text(_QUERY)",
        'from sqlalchemy import text\nx = text(f"{_COLUMNS} where id = :id")',
        'from directory.sql import sql\nfrom sqlalchemy import text\nx = text(sql("select {a}", a=a))',
        "await (await driver(session)).execute(_MADE, actor.id)",
        "url, headers, body = sign.prepare(method, url, headers, body)",
        'from directory.sql import name, sql\nx = sql("select id from {table}", table=name(given))',
    ],
)
def test_what_may_be_in_another_room_is_left_alone(source: str) -> None:
    """Constants of a module, and fragments."""
    assert elsewhere(source, "hub.cases") == []


@pytest.mark.parametrize(
    "said", ["select a from b", "SELECT a FROM b", "Insert  Into t", "delete\nfrom t", "UPDATE t SET a", "where a = 1"]
)
def test_sql_is_known_in_any_case(said: str) -> None:
    """Upper, lower or mixed, and over lines."""
    assert looks_like_sql(said)
    assert looks_like_sql(said.swapcase())
