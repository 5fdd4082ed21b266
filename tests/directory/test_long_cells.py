"""One cell too long for an index rejects its row, told where; what no rule foresaw refuses the file by name."""

from __future__ import annotations

import csv
import io
import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from directory import loading
from hub.base.db import Database
from tests.directory.places import ORGANIZATIONS, SERVICES, packed
from tests.directory.test_entities import _import

LONG = "".join(random.Random(1).choices([chr(n) for n in range(0x4E00, 0x9FA5)], k=3000))  # noqa: S311
WORD = "x" * 3000


@pytest.mark.parametrize(
    ("table", "column", "rows"),
    [
        ("services", "id", [*SERVICES, [LONG, "o1", "Two", "x", "active"]]),
        ("services", "organization_id", [*SERVICES, ["s2", LONG, "Two", "x", "active"]]),
        ("units", "id", [["id", "name"], [LONG, "bed"], ["u1", "bed"]]),
        ("units", "name", [["id", "name"], ["u2", LONG], ["u1", "bed"]]),
        ("service_capacities", "unit_id", [["id", "service_id", "unit_id", "available", "updated"],
                                           ["c1", "s1", LONG, "1", "2026-01-01"],
                                           ["c2", "s1", "bed", "1", "2026-01-01"]]),
        ("metadata", "resource_id", [["id", "resource_id", "resource_type", "last_action_date", "last_action_type",
                                      "field_name", "previous_value", "replacement_value", "updated_by"],
                                     ["m1", LONG, "service", "2026-01-01", "update", "name", "a", "b", "x"],
                                     ["m2", "s1", "service", "2026-01-01", "update", "name", "a", "b", "x"]]),
        ("taxonomy_terms", "id", [["id", "code", "name"], [LONG, "x", "y"], ["w", "w", "Shelter"]]),
        ("attributes", "taxonomy_term_id", [["id", "service_id", "taxonomy_term_id"],
                                            ["t1", "s1", LONG], ["t2", "s1", "w"]]),
        ("payment_accepted", "id", [["id", "service_id", "payment"], [LONG, "s1", "cash"], ["p1", "s1", "cash"]]),
        ("areas", "code", [["code", "kind", "names"], [LONG, "city", '{"en": "x"}'], ["C2", "city", '{"en": "x"}']]),
    ],
)  # fmt: skip
async def test_the_row_falls_and_the_rest_comes_in(
    db: Database, tmp_path: Path, table: str, column: str, rows: list[list[Any]]
) -> None:
    report = await _import(db, packed(tmp_path / "a.zip", **{table: rows}))
    assert report.refused is None
    assert report.adds_up
    told = [(p.file, p.row, p.column) for p in report.problems if p.code == "too_long"]
    where = next(n for n, row in enumerate(rows, 1) if LONG in row)
    assert told == [(f"{table}.csv", where, column)]
    (count,) = [t for t in report.tables if t.file == f"{table}.csv"]
    assert count.created + count.kept >= 1


async def test_a_word_without_an_end_is_no_trouble(db: Database, tmp_path: Path) -> None:
    services = [*SERVICES, ["s2", "o1", WORD, f"https://example.org/{WORD * 5}", "active"]]
    report = await _import(db, packed(tmp_path / "a.zip", services=services))
    assert report.refused is None
    assert (report.services, report.adds_up) == (2, True)


async def test_what_no_rule_foresaw_names_the_file(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database refuses a value: nothing is written, and it is told in which file."""
    monkeypatch.setattr("directory.readers.LONGEST_KEY", 100_000)
    monkeypatch.setattr(loading, "BATCH", 1)
    services = [*SERVICES, [LONG, "o1", "Two", "x", "active"]]
    report = await _import(db, packed(tmp_path / "a.zip", services=services))
    assert report.refused is not None
    assert (report.refused.file, report.refused.code) == ("services.csv", "database_refuses")
    async with db.work() as session:
        assert (await session.execute(text("select count(*) from service"))).scalar_one() == 0


@pytest.mark.parametrize("source", ["x" * 201, "a\u202eb", "a\nb"])
async def test_a_source_is_a_plain_short_name(db: Database, tmp_path: Path, source: str) -> None:
    report = await _import(db, packed(tmp_path / "a.zip"), source=source)
    assert report.refused is not None
    assert report.refused.code == "source_form"


async def test_a_hidden_name_in_a_zip_is_refused(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    out = io.StringIO()
    csv.writer(out).writerows(ORGANIZATIONS)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a\u202evsc.organizations.csv", out.getvalue())
    report = await _import(db, path)
    assert report.refused is not None
    assert report.refused.code == "path"
