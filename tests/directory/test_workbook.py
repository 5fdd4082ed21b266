"""Workbooks: an export comes back as it went, the template in any language, hostile ones are turned away unread."""

from __future__ import annotations

import random
import zipfile
from datetime import date, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text

from directory.columns import LINKED
from directory.county import write_county
from directory.sheets import harmless, meant
from directory.taxonomy import LANGUAGES, NEEDS
from directory.template import CHOICES
from directory.template_writer import areas_of, write_template
from hub.base.db import Database
from tests.directory.test_entities import NOW, _import, _package, _write
from tests.directory.test_json import _export, _forget, _rows
from tests.support.filling import filled


async def test_an_export_comes_back_as_it_went(db: Database, owner_url: str, tmp_path: Path) -> None:
    made = _package(random.Random(3), 3 * len(LINKED))  # noqa: S311 - the same rows each time
    await _import(db, _write(tmp_path / "in", made))
    counts = await _export(db, tmp_path / "one.zip", "zip")
    await _export(db, tmp_path / "one.xlsx", "xlsx")
    await _forget(db, owner_url)
    report = await _import(db, tmp_path / "one.xlsx")
    assert [p for p in report.problems if p.code != "unknown_area"] == []
    assert report.adds_up
    assert {t.entity: t.created for t in report.tables if t.read} == {t: n for t, n in counts.items() if n}
    await _export(db, tmp_path / "two.zip", "zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.parametrize("said", ["=1+1", "'=1+1", "''=x", "'x", "-5", "'-5", "+886 2", "@a", "'", "", "虛構"])
def test_what_was_made_harmless_is_meant_again(said: str) -> None:
    assert meant(harmless(said)) == said
    assert not harmless(said).startswith(("=", "@"))


def _word(kind: str, code: str, language: str) -> str:
    return CHOICES[kind][code][language]


async def _template(db: Database, path: Path, language: str) -> Path:
    async with db.work() as session:
        write_template(path, language, await areas_of(session, language))
    return path


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_template_filled_in_any_language(db: Database, tmp_path: Path, language: str) -> None:
    await _import(db, write_county(tmp_path / "county", NOW))
    path = await _template(db, tmp_path / "t.xlsx", language)
    area = openpyxl.load_workbook(path)["lists"].cell(1, len(CHOICES) + 1).value
    assert isinstance(area, str)
    need = next(iter(NEEDS))
    report = await _import(
        db,
        filled(
            path, language,
            organization=[{"id": "A1", "name": "虛構會", "network": _word("network", "ngo", language),
                           "phone": "0900000001"}],
            location=[
                {"id": "L1", "organization_id": "A1", "name": "處", "address_1": "虛構路一號", "area": area,
                 "wheelchair": _word("yes_no", "true", language), "confidential": _word("yes_no", "false", language)},
                {"id": "L2", "organization_id": "A1", "confidential": _word("yes_no", "true", language)},
            ],
            service=[{
                "id": "S1", "organization_id": "A1", "location_id": "L1", "name": "服務", "minimum_age": 18,
                "status": _word("service_status", "temporarily closed", language),
                "need_1": _word("need", need, language), "need_2": _word("need", need, language), "area_1": area,
                "language_1": _word("language", "vi", language), "language_2": "Klingon", "phone": "0900000002",
                "interpretation": _word("yes_no", "true", language), "hours": time(9, 30),
                "description": date(2026, 1, 2),
            }],
        ),
        source="filled",
    )  # fmt: skip
    assert (report.refused, report.problems) == (None, [])
    assert report.adds_up
    assert {t.entity: t.created for t in report.tables} == {
        "organization": 1, "phone": 1, "location": 2, "address": 1, "accessibility": 1, "service": 1,
        "service_at_location": 1, "attribute": 1, "service_area": 1, "language": 2, "schedule": 1, "taxonomy_term": 1,
    } | {"phone": 1}  # fmt: skip
    own = "s.source = 'filled'"
    assert await _rows(db, f"SELECT status, minimum_age, description FROM service s WHERE {own}") == [
        ("temporarily closed", 18, "2026-01-02")]  # fmt: skip
    assert await _rows(db, f"SELECT location_type FROM location s WHERE {own} ORDER BY source_id") == [
        ("physical",), ("confidential",)]  # fmt: skip
    assert await _rows(db, f"SELECT code FROM language s WHERE {own} ORDER BY name") == [(None,), ("vi",)]
    assert await _rows(db, f"SELECT number FROM phone s WHERE {own} ORDER BY 1") == [("0900000001",), ("0900000002",)]
    assert await _rows(db, f"SELECT t.need FROM attribute s JOIN taxonomy_term t ON t.id = s.taxonomy_term_id "
                           f"WHERE {own}") == [(need,)]  # fmt: skip
    again = await _import(db, path, source="filled")
    assert (again.total("created"), again.total("removed")) == (0, 0)


async def test_remarks_on_the_template_name_sheet_row_and_column(db: Database, tmp_path: Path) -> None:
    path = await _template(db, tmp_path / "t.xlsx", "en")
    report = await _import(
        db,
        filled(
            path, "en",
            organization=[{"id": "A1", "name": "Fictional"}, {"name": "No number"}, {"id": "A3", "name": "=1+1"}],
            location=[
                {"id": "L1", "confidential": "Yes", "address_1": "Fictional Road 1"},
                {"id": "L2", "confidential": "perhaps", "address_1": "Fictional Road 2"},
                {"id": "L3", "confidential": "Yes", "latitude": 22.5},
            ],
            service=[{"id": "S1", "organization_id": "A9", "name": "Lost"},
                     {"id": "S2", "organization_id": "A1", "name": "x", "minimum_age": 60, "maximum_age": 20}],
        ),
        source="filled",
    )  # fmt: skip
    told = {(p.file, p.row, p.column, p.code) for p in report.problems}
    assert told >= {
        ("t.xlsx#Agencies", 4, "A Own number *", "missing_value"),
        ("t.xlsx#Agencies", 5, "B Name *", "formula"),
        ("t.xlsx#Places", 3, "E Address", "confidential_address"),
        ("t.xlsx#Places", 4, "D Confidential place", "not_in_list"),
        ("t.xlsx#Places", 5, "J Latitude", "confidential_place"),
        ("t.xlsx#Services", 3, "B Agency's number *", "unknown_relation"),
    }
    assert "Fictional Road" not in str(report.problems)
    assert report.adds_up
    assert await _rows(db, "SELECT count(*) FROM address") == [(0,)]


def _book(path: Path, rows: list[list[Any]], title: str = "services") -> Path:
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet(title)
    for row in rows:
        page.append(row)
    book.save(path)
    return path


def _with(path: Path, **parts: bytes) -> Path:
    """The workbook with parts put in or changed (`/` written as `__`, the dot as `_dot_`)."""
    with zipfile.ZipFile(path) as old:
        kept = {name: old.read(name) for name in old.namelist()}
    kept |= {name.replace("__", "/").replace("_dot_", "."): raw for name, raw in parts.items()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, raw in kept.items():
            new.writestr(name, raw)
    return path


_ROWS = [["id", "organization_id", "name", "status"], ["1", "1", "x", "active"]]
_SHEET = (
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><dimension ref="A1:XFD1048576"/>'
    b"<sheetData>%s</sheetData></worksheet>"
)
_HEAD = b"".join(
    [b'<row r="1">', *(b'<c t="inlineStr"><is><t>%s</t></is></c>' % name.encode() for name in _ROWS[0]), b"</row>"]
)
_CELL = b'<row r="%d"><c r="%s%d" t="inlineStr"><is><t>id</t></is></c></row>'


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"xl__vbaProject_dot_bin": b"x"}, "macros"),
        ({"xl__macrosheets__sheet1_dot_xml": b"<x/>"}, "macros"),
        ({"xl__externalLinks__externalLink1_dot_xml": b"<x/>"}, "outside_links"),
        ({"xl__embeddings__o_dot_bin": b"x"}, "outside_links"),
        ({"xl__sharedStrings_dot_xml": b"<sst>" + b" " * (65 << 20)}, "too_big"),
        ({"xl__worksheets__sheet1_dot_xml": b" " * (20 << 20)}, "bomb"),
        ({"xl__worksheets__sheet1_dot_xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}, "damaged"),
        ({"xl__worksheets__sheet1_dot_xml": b"<worksheet"}, "damaged"),
        ({"xl__workbook_dot_xml": b"nonsense"}, "damaged"),
        ({"xl__worksheets__sheet1_dot_xml": _SHEET % (_HEAD + _CELL % (1 << 40, b"A", 2))}, "damaged"),
        ({"xl__worksheets__sheet1_dot_xml": _SHEET % (_CELL % (1, b"XFD", 1))}, "too_many_columns"),
    ],
)  # fmt: skip
async def test_hostile_workbooks_are_refused(db: Database, tmp_path: Path, parts: dict[str, bytes], code: str) -> None:
    report = await _import(db, _with(_book(tmp_path / "x.xlsx", _ROWS), **parts))
    assert report.refused is not None
    assert report.refused.code == code
    assert report.refused.message("ko")
    assert report.seconds < 10


async def test_old_and_locked_workbooks_are_named(db: Database, tmp_path: Path) -> None:
    (tmp_path / "x.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))
    report = await _import(db, tmp_path / "x.xls")
    assert report.refused is not None
    assert report.refused.code == "old_workbook"


async def test_formulas_are_not_worked_out_and_gaps_cost_nothing(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = "organizations"
    page.append(["id", "name", "email"])
    page.append(["1", "虛構會", None])
    page.append(["2", '=HYPERLINK("https://x.hub.invalid")', None])
    page.cell(1_000_000, 1, 3.0)
    page.cell(1_000_000, 2, "Fictional")
    services = book.create_sheet("services")
    services.append(["id", "organization_id", "name", "status", "assured_date"])
    services.append([7, 1, "x", "active", date(2026, 1, 2)])
    book.save(path)
    report = await _import(db, path)
    assert report.refused is None
    assert [(p.file, p.row, p.column, p.code) for p in report.problems] == [
        ("x.xlsx#organizations", 3, "name", "formula")
    ]
    assert report.adds_up
    async with db.work() as session:
        rows = (await session.execute(text("SELECT source_id FROM organization ORDER BY 1"))).scalars().all()
    assert list(rows) == ["1", "3"]
    assert await _rows(db, "SELECT assured_date FROM service") == [(date(2026, 1, 2),)]
    assert report.seconds < 10
