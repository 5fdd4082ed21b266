"""Importing, exporting, capacity: rows add up, nothing half-done stays, the second time changes nothing."""

from __future__ import annotations

import csv
import os
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import openpyxl
import pytest
from sqlalchemy import text

from directory.actions import export_package, import_package, set_capacity
from directory.county import SOURCE, tables, write_county
from directory.hsds import ENTITIES
from directory.packages import Limits
from directory.reports import ImportReport
from hub.base.db import Database

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
ALL = (*ENTITIES, "area", "kept_row", "service_route", "service_search")


async def _counts(db: Database) -> dict[str, int]:
    async with db.work() as session:
        return {t: (await session.execute(text(f"SELECT count(*) FROM {t}"))).scalar_one() for t in ALL}


async def _import(db: Database, path: Path, **more: Any) -> ImportReport:
    async with db.work() as session:
        return await import_package(session, path, **{"dry_run": False, **more})


def _change(folder: Path, file: str, *rows: str) -> None:
    with (folder / file).open("a", encoding="utf-8") as out:
        out.writelines(row + "\n" for row in rows)


async def test_the_county_comes_in_whole_and_twice_is_once(db: Database, tmp_path: Path) -> None:
    folder = write_county(tmp_path, NOW)
    dry = await _import(db, folder, dry_run=True)
    assert dry.adds_up
    assert not any((await _counts(db)).values())
    seen: list[tuple[str, int]] = []
    first = await _import(db, folder, progress=lambda step: seen.append((step.name, step.done)))
    assert (first.source, first.refused, first.problems, first.unknown_terms) == (SOURCE, None, [], [])
    expected = {name: len(rows) for name, (_, rows) in tables(NOW).items()}
    assert {t.file: t.created for t in first.tables} == expected
    assert dict(seen) == {**expected, "finishing": 0, "search": first.services}
    assert {t.file: t.created for t in dry.tables} == expected
    assert first.services_without_area == first.services_without_need == 0
    before = await _counts(db)
    assert before["service_search"] == before["service"] == first.services >= 55
    assert before["service_route"] == before["service"]
    again = await _import(db, folder)
    assert (again.total("created"), again.total("updated"), again.total("rejected")) == (0, first.total("created"), 0)
    assert await _counts(db) == before


async def test_bad_rows_are_told_one_by_one_and_the_rest_comes_in(db: Database, tmp_path: Path) -> None:
    folder = write_county(tmp_path, NOW)
    _change(
        folder, "services.csv",
        "s-x,nobody,孤兒服務,,,active,", "s-y,police,,,,active,", "s-z,police,壞狀態,,,sometimes,", "too,few",
        "police/written_warning,police,重複,,,active,", "s-n,police,nul\x00,,,active,", 's-a,police,日期,,,active,昨天',
    )  # fmt: skip
    _change(folder, "attributes.csv", "a-x,police/written_warning,no_such_word")
    _change(folder, "service_capacities.csv", "c-x,police/written_warning,-1,place,2026-01-01,2026-01-02")
    report = await _import(db, folder)
    told = {(p.file, p.column, p.code) for p in report.problems}
    assert told == {
        ("services.csv", "organization_id", "unknown_relation"), ("services.csv", "name", "missing_value"),
        ("services.csv", "status", "not_in_list"), ("services.csv", "", "cells"), ("services.csv", "id", "duplicate"),
        ("services.csv", "", "control_character"), ("services.csv", "assured_date", "date_kept_aside"),
        ("attributes.csv", "taxonomy_term_id", "term_undefined"), ("service_capacities.csv", "available", "bad_value"),
    }  # fmt: skip
    assert report.adds_up
    assert report.total("rejected") == 7
    assert [t.code for t in report.unknown_terms] == ["no_such_word"]
    lines = (folder / "services.csv").read_text(encoding="utf-8").split("\n")
    orphan = next(p for p in report.problems if p.code == "unknown_relation")
    assert lines[orphan.row - 1].startswith("s-x,")
    assert all(p.message(lang) and p.advice(lang) for p in report.problems for lang in ("zh-Hant", "en", "ko"))


async def test_a_confidential_place_with_an_address_never_comes_in(db: Database, tmp_path: Path) -> None:
    folder = write_county(tmp_path, NOW)
    secret = "祕密路九九九號"
    _change(folder, "addresses.csv", f"bad,shelter-place,physical,{secret},,,,")
    _change(folder, "locations.csv", "hide-2,shelter,confidential,x,,22.1,122.1,")
    report = await _import(db, folder)
    codes = {(p.file, p.code) for p in report.problems}
    assert codes == {("addresses.csv", "confidential_address"), ("locations.csv", "confidential_place")}
    assert secret not in repr(report)
    async with db.work() as session:
        for table in ALL:
            assert not (
                await session.execute(text(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%{secret}%'"))
            ).scalar()
    # A place known with its address and then declared confidential loses it.
    locations = folder / "locations.csv"
    lines = locations.read_text(encoding="utf-8").splitlines()
    with locations.open("w", encoding="utf-8") as out:
        for line in lines:
            out.write(
                "companions-place,companions,confidential,,,,,\n"
                if line.startswith("companions-place")
                else line + "\n"
            )
    again = await _import(db, folder)
    assert ("addresses.csv", "confidential_address") in again.counts
    async with db.work() as session:
        found = await session.execute(
            text("SELECT count(a.id) FROM location l LEFT JOIN address a ON a.location_id = l.id "
                 "WHERE l.source_id = 'companions-place' AND l.location_type = 'confidential'")
        )  # fmt: skip
        assert found.scalar_one() == 0


def _without_column(folder: Path) -> None:
    (folder / "services.csv").write_text("id,organization_id\n1,police\n")


def _open_quote(folder: Path) -> None:
    _change(folder, "attributes.csv", 'x,"police')


def _twice(folder: Path) -> None:
    (folder / "services.csv").write_text("id,name,name,organization_id\n")


def _empty(folder: Path) -> None:
    (folder / "services.csv").write_text("")


def _nothing(folder: Path) -> None:
    (folder / "services.csv").unlink()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [(_without_column, "missing_column"), (_open_quote, "open_quote"), (_twice, "column_twice"), (_empty, "empty_file"),
     (_nothing, "no_services")],
)  # fmt: skip
async def test_what_cannot_be_used_leaves_nothing_behind(db: Database, tmp_path: Path, spoil: Any, code: str) -> None:
    folder = write_county(tmp_path / "p", NOW)
    spoil(folder)
    report = await _import(db, folder)
    assert report.refused is not None
    assert report.refused.code == code
    assert report.refused.message("zh-Hant")
    assert not any((await _counts(db)).values())


async def test_a_bomb_leaves_nothing_behind(db: Database, tmp_path: Path) -> None:
    folder = write_county(tmp_path / "p", NOW)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
        archive.writestr("phones_extra.csv", b"0" * (4 << 20))
        archive.writestr("phone.csv", b"id,number,service_id\n" + b"0" * (4 << 20))
    report = await _import(db, tmp_path / "b.zip", limits=Limits(ratio=50, ratio_from_bytes=1 << 20))
    assert report.refused is not None
    assert (report.refused.code, report.refused.file) == ("bomb", "phone.csv")
    assert not any((await _counts(db)).values())


async def test_details_that_are_gone_are_forgotten(db: Database, tmp_path: Path) -> None:
    folder = write_county(tmp_path, NOW)
    await _import(db, folder)
    phones = (folder / "phones.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "phones.csv").write_text("".join(phones[:-3]), encoding="utf-8")
    report = await _import(db, folder)
    assert next(t.removed for t in report.tables if t.entity == "phone") == 3
    assert (await _counts(db))["phone"] == len(phones) - 4


async def test_export_import_export_is_byte_equal(db: Database, owner_url: str, tmp_path: Path) -> None:
    await _import(db, write_county(tmp_path / "in", NOW))
    async with db.work() as session:
        counts = await export_package(session, tmp_path / "one.zip", "zip")
        await export_package(session, tmp_path / "one", "folder")
        await export_package(session, tmp_path / "one.xlsx", "xlsx")
        for table in ("attribute", "taxonomy_term", "service", "unit", "location", "organization", "area"):
            await session.execute(text(f"DELETE FROM {table}"))
    owner = await asyncpg.connect(owner_url)
    await owner.execute("TRUNCATE metadata")  # the deletions have a history, which an export tells
    await owner.close()
    report = await _import(db, tmp_path / "one.zip", source="elsewhere")
    assert report.problems == []
    async with db.work() as session:
        assert await export_package(session, tmp_path / "two.zip", "zip") == counts
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with (tmp_path / "one" / "locations.csv").open(encoding="utf-8") as file:
        hidden = [r for r in csv.DictReader(file) if r["location_type"] == "confidential"]
    assert hidden
    assert all(not r["latitude"] and not r["area_code"] and not r["description"] for r in hidden)
    book = openpyxl.load_workbook(tmp_path / "one.xlsx", read_only=True)
    assert sum(1 for _ in book["services"].rows) == counts["service"] + 1
    book.close()


async def test_no_cell_of_a_workbook_runs(db: Database, tmp_path: Path) -> None:
    folder = write_county(tmp_path / "in", NOW)
    _change(folder, "services.csv", 's-f,police,"=HYPERLINK(""http://x.invalid"")",,+1-2,active,')
    await _import(db, folder)
    async with db.work() as session:
        await export_package(session, tmp_path / "x.xlsx", "xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    cells = [c for sheet in book for row in sheet for c in row]
    assert any(isinstance(c.value, str) and c.value.startswith("'=HYPERLINK") for c in cells)
    assert all(c.data_type != "f" for c in cells)
    book.close()


async def test_capacity_reaches_the_routes_and_keeps_the_newer_figure(db: Database, tmp_path: Path) -> None:
    folder = write_county(tmp_path, NOW)
    await _import(db, folder)
    async with db.work() as session:
        found = await session.execute(text("SELECT id FROM service WHERE source_id = 'shelter/shelter'"))
        service = found.scalar_one()
        later = NOW + timedelta(hours=1)
        assert await set_capacity(session, service, 4, "place", later, later + timedelta(days=7))
        assert not await set_capacity(session, uuid4(), 4, "place", later, later + timedelta(days=7))
        for bad in ((-1, "place", 7), (1, " ", 7), (1, "place", 0)):
            with pytest.raises(ValueError, match="capacity"):
                await set_capacity(session, service, bad[0], bad[1], later, later + timedelta(days=bad[2]))
    report = await _import(db, folder)
    assert ("service_capacities.csv", "older") in report.counts
    async with db.work() as session:
        routes = await session.execute(
            text("SELECT DISTINCT available, updated FROM service_route WHERE service_id = :id"), {"id": service}
        )
        assert routes.all() == [(4, later)]


async def test_a_real_package_adds_up(db: Database, tmp_path: Path) -> None:
    """The package at HUB_TEST_HSDS_PACKAGE, or the county's: every row accounted for, twice the same."""
    named = os.environ.get("HUB_TEST_HSDS_PACKAGE")
    given = Path(named) if named else write_county(tmp_path, NOW)
    first = await _import(db, given, source="real")
    before = await _counts(db)
    assert first.refused is None
    assert first.adds_up
    assert before["organization"] == sum(t.created for t in first.tables if t.entity == "organization")
    assert before["kept_row"] == first.total("kept")
    assert sum(first.counts.values()) >= first.total("rejected")
    again = await _import(db, given, source="real")
    assert (again.total("created"), again.total("updated")) == (0, first.total("created"))
    assert await _counts(db) == before
