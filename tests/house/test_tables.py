"""A slice's tables are opened by that slice alone, in SQL too; what joins another's to read is on a list with why."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import SQLModel

from tests.house.opened import ESCAPED, UNNAMED, in_source, in_sql, owners, slice_of

HOUSE = Path(__file__).resolve().parents[2]

READS = {
    ("hub.conferences.views", "meeting"): "when it is: the conferences that come are ordered by it and cut to a page",
    ("hub.conferences.views", "invitation"): "who is asked decides which conferences an agency learns of at all",
    ("hub.consent.standing", "party"): "whom a relation is to, within the facts of every decision: one journey",
    ("hub.consent.standing", "staff_relation"): "what staff declared, within the facts of every decision: one journey",
    ("hub.demo.county", "organization"): "the demo finds the agencies it has just imported by their source's ids",
    ("hub.referrals.actions", "area"): "sending knows in the same statement whether there is such a place",
    ("hub.referrals.actions", "case_file"): "sending locks the case it is about in the one statement that reads all",
    ("hub.referrals.actions", "service"): "sending reads the service in the same statement",
    ("hub.referrals.reading", "case_file"): "a row of the inbox brings its case's heading: one journey a page",
    ("hub.referrals.reading", "service"): "and its service's name",
    ("hub.referrals.unmet", "area"): "what is told of an area is the sum of its parts, summed where the rows are",
    ("hub.base.migrate", UNNAMED): "rights are granted on each table there is",
}
"""(module, table) -> why it joins a table that is another slice's, to read (docs/decisions/0011)."""
WRITES = {("hub.base.rows", UNNAMED): "writes rows that a table's own slice has made"}
"""The one writer of what it is handed."""


def foreign(source: str, module: str, owned: dict[str, str]) -> set[tuple[str, bool]]:
    """(table, whether it is written in) of what a module opens and is not its slice's own."""
    here = slice_of(module)
    found = {(one.table, one.writes) for one in in_source(source)}
    unnamed = {one for one in found if one[0] == UNNAMED and here != "directory"}  # whose SQL is of its own entities
    unnamed |= {one for one in found if one[0] == ESCAPED}
    return unnamed | {(table, writes) for table, writes in found if owned.get(table, here) != here}


@pytest.fixture(scope="module")
def owned() -> dict[str, str]:
    """Every table and the slice that owns it."""
    return owners(HOUSE)


def test_every_table_has_an_owner(owned: dict[str, str]) -> None:
    assert set(owned) == set(SQLModel.metadata.tables)
    assert {owned[name] for name in ("agency", "case_file", "deadline", "service_search")} == {
        "hub.identity", "hub.cases", "scheduling", "directory",
    }  # fmt: skip


def test_a_slices_tables_are_opened_by_that_slice_alone(owned: dict[str, str]) -> None:
    """Others read what the list says, and write nothing. What the list says and nobody does is taken off it."""
    reads, writes = set[tuple[str, str]](), set[tuple[str, str]]()
    for room in ("hub", "directory", "scheduling"):
        for path in (HOUSE / room).rglob("*.py"):
            if "node_modules" in path.parts:
                continue
            module = ".".join(path.relative_to(HOUSE).with_suffix("").parts)
            for table, writing in foreign(path.read_text("utf-8"), module, owned):
                (writes if writing else reads).add((module, table))
    assert reads == set(READS)
    assert writes == set(WRITES)


@pytest.mark.parametrize(
    "source",
    [
        'x = text("select id from agency where id = :id")',
        'x = text("SELECT id FROM Agency")',
        "x = text('select id from \"agency\"')",
        'x = text("select id from public.agency a")',
        'x = text("select id from only agency")',
        'x = text("select 1 from case_file c, agency a where a.id = c.centre_id")',
        'x = text("select 1 from (select 1) b, agency a")',
        'x = text("select 1 from (agency a join case_file c on true)")',
        'x = text("select 1 from case_file c join agency a on a.id = c.centre_id")',
        'x = text("select 1 from case_file c left join lateral (select 1 from agency) a on true")',
        'x = "select " + COLUMNS + " from agency"',
        'x = f"select {COLUMNS} from agency where {WHERE}"',
        'x = "select {} from agency".format(COLUMNS)',
        'x = " union ".join(["select 1 from agency", OTHER])',
        'x = sql("select {columns} from agency", columns=columns)',
        'x = text("update agency set name = :name")',
        'x = text("insert into agency (id) values (:id)")',
        'x = text("delete from agency where id = :id")',
        'x = text("delete from case_file c using agency a where a.id = c.id")',
        'x = text("truncate table agency")',
        'x = text("lock table agency")',
        'x = text("copy agency to stdout")',
        'x = text(f"select * from {TABLE}")',
        'x = text("select * from " + TABLE)',
        'x = text("select * from %s" % TABLE)',
        'x = sql("select * from {table}", table=name("agency"))',
        'from hub.base.rows import write\nawait write(session, ("agency", {"id": 1}))',
        'from hub.base import rows\nawait rows.write(session, ("agency", columns))',
        'x = SQLModel.metadata.tables["agency"]',
        'x = text("select 1 from /* x */ agency")',
        'x = text("select 1 from /* a /* b */ \' */ agency")',
        'x = text("select 1 from -- x\\nagency")',
        'x = text("select 1 from case_file /* x */, /* y */ agency")',
        "x = text('select 1 from U&\"agency\"')",
        "x = text('select 1 from u&\"\\\\0061gency\"')",
        'x = sqlalchemy.table("agency")',
        'from sqlalchemy import table\nx = table("agency", column("id")).delete()',
        'from sqlalchemy import table as t\nx = t("agency")',
        "from sqlalchemy import table\nx = table(NAME)",
        "from sqlalchemy import table\nmake = table",
        "import sqlalchemy as sa\nx = map(sa.table, NAMES)",
        'x = sqlalchemy.Table("agency", meta, autoload_with=engine)',
        'from sqlalchemy import Table\nx = Table("agency", MetaData(), Column("id"))',
        'x = sqlalchemy.sql.expression.TableClause("agency")',
        'x = sqlalchemy.table(name="agency")',
        "meta.reflect(connection)",
        'from sqlalchemy import text\nx = select(text("id")).select_from(text("agency"))',
        'import sqlalchemy\nx = select(column("id")).select_from(sqlalchemy.text("agency as a"))',
    ],
)
def test_what_opens_anothers_table_is_found(source: str, owned: dict[str, str]) -> None:
    """In SQL of any shape, as a row, through the metadata or SQLAlchemy's core, and where the name cannot be read.

    Not found: names put together as the program runs, views and functions of the database, and a class of another's
    that somebody hands on (its import is the contracts' to see).
    """
    assert {table for table, _ in foreign(source, "hub.cases.planted", owned)} <= {"agency", UNNAMED, ESCAPED}
    assert foreign(source, "hub.cases.planted", owned)


@pytest.mark.parametrize(
    "source",
    [
        '"""Names come from agency."""',
        'x = text("select c.agency, report from case_file c, party p")',
        'x = text("select 1 from case_file c where c.x is distinct from agency")',
        'x = text("select 1 from case_file c where x in (1, agency)")',
        "x = text(\"select 1 from case_file where x = 'from agency'\")",
        'x = text("select 1 from case_file for update of agency")',
        'x = text("insert into case_file (id, agency) values (1, 2) on conflict (id) do update set agency = 1")',
        'x = text("select 1 from case_file join party using (agency)")',
        'x = sql("select 1 from ({agencies}) a", agencies=AGENCY_NAMES)',
        'x = f"select 1 from ({AGENCY_NAMES}) a"',
        'x = {"agency": 1}',
        'x = text("select 1 /* from agency */ from case_file -- join agency")',
        'x = sqlalchemy.table("case_file")',
        "from sqlalchemy import Table\ndef make(of: Table) -> dict[str, Table]: ...",
        'sheet.table("services", columns)',
        'from sqlalchemy import text\nx = text("now()")',
        'x = text(form, "agency")',
        'x = ", ".join(["agency", "case"])',
        'x = (("case", case), ("agency", agency))',
    ],
)
def test_what_opens_none_is_left_alone(source: str, owned: dict[str, str]) -> None:
    """Its own tables, fragments of the owner's, columns and words of the same name."""
    assert foreign(source, "hub.cases.planted", owned) == set()


def test_reading_is_told_from_writing() -> None:
    assert in_sql("delete from a using b where exists (select from c)") == {("a", True), ("b", False), ("c", False)}
    assert in_sql("insert into a select * from b") == {("a", True), ("b", False)}
    assert in_sql("with x as (update a set b = 1 returning id) select * from x") == {("a", True), ("x", False)}
