"""The CSV dialect of Ohana: lists in cells become rows, every row of every file is accounted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text

from directory.actions import import_package
from directory.reports import ImportReport
from hub.base.db import Database

_FILES = {
    "organizations.csv": "id,accreditations,alternate_name,date_incorporated,description,email,funding_sources,name\n"
    '1,,,"January 01, 1970",說明,,"Donations, Grants",虛構會\n2,,,,,,,Fictional Aid\n',
    "locations.csv": "id,organization_id,accessibility,admin_emails,languages,latitude,longitude,name,short_desc,"
    'website,virtual\n1,1,"ramp, wheelchair",a@hub.invalid,"Chinese (Cantonese, Toisan), Spanish",37.5,-122.3,虛構處,'
    "短,https://l.hub.invalid,false\n2,2,,,,,,Online,,,true\n",
    "services.csv": "id,location_id,program_id,accepted_payments,audience,eligibility,fees,funding_sources,keywords,"
    "languages,name,required_documents,service_areas,status,website,taxonomy_ids\n"
    '1,1,1,"Cash, Check",adults,Age 18,None.,City,"food, help",Spanish,虛構服務,Picture identification,'
    '"Nowhere, Elsewhere",active,https://s.hub.invalid,"101, 101-01"\n'
    "2,2,,,,,,,,,Second,,,active,,\n"
    "3,99,,,,,,,,,Lost,,,active,,\n",
    "addresses.csv": "id,location_id,address_1,city\n1,1,1 Fictional Road,Nowhere\n2,99,2 Fictional Road,Nowhere\n",
    "mail_addresses.csv": "id,location_id,attention,address_1,city\n1,1,虛構人,1 Fictional Road,Nowhere\n",
    "contacts.csv": "id,location_id,organization_id,service_id,name,title,email,department\n"
    "1,1,,,虛構人,,,\n2,,,1,又一人,,,\n",
    "phones.csv": "id,contact_id,location_id,organization_id,service_id,country_prefix,department,extension,number,"
    "number_type,vanity_number\n1,,1,,,,Intake,,555-0100,voice,\n2,1,,,,,,,555-0101,fax,\n3,,1,,,,,,,voice,\n",
    "programs.csv": "id,organization_id,name,alternate_name\n1,1,方案,\n",
    "regular_schedules.csv": "id,location_id,service_id,weekday,opens_at,closes_at\n1,1,,Monday,08:00,17:00\n"
    "2,,1,7,9am,4:00 PM\n3,1,,Someday,08:00,17:00\n",
    "holiday_schedules.csv": "id,location_id,service_id,start_date,end_date,closed\n1,1,,12/24/2015,12/24/15,true\n",
    "taxonomy.csv": "taxonomy_id,name,parent_id,parent_name\n101,Emergency,,\n101-01,Disaster,101,Emergency\n",
}


def _folder(folder: Path, **changes: str) -> Path:
    folder.mkdir()
    for name, content in _FILES.items():
        (folder / name).write_text(changes.get(name.removesuffix(".csv"), content), encoding="utf-8")
    return folder


async def _import(db: Database, path: Path, **more: Any) -> ImportReport:
    async with db.work() as session:
        source = None if (path / "datapackage.json").exists() else "fictional"
        return await import_package(session, path, **{"dry_run": False, "source": source, **more})


async def _rows(db: Database, sql: str) -> list[tuple[Any, ...]]:
    async with db.work() as session:
        return [tuple(row) for row in (await session.execute(text(sql))).all()]


async def test_lists_in_cells_become_rows(db: Database, tmp_path: Path) -> None:
    report = await _import(db, _folder(tmp_path / "ohana"))
    assert report.refused is None
    assert report.adds_up
    made = {t.file: t.created + t.kept for t in report.tables}
    assert made == {
        "organizations.csv#organizations": 2, "organizations.csv#funding": 2, "programs.csv#programs": 1,
        "locations.csv#locations": 2, "locations.csv#accessibility": 2, "locations.csv#languages": 2,
        "services.csv#services": 2, "services.csv#service_at_locations": 2, "services.csv#service_areas": 2,
        "services.csv#languages": 1, "services.csv#required_documents": 1, "services.csv#funding": 1,
        "services.csv#attributes": 2, "addresses.csv#addresses": 1, "mail_addresses.csv#postal_addresses": 1,
        "contacts.csv#contacts": 2, "phones.csv#phones": 2, "regular_schedules.csv#schedules": 3,
        "holiday_schedules.csv#holiday_schedules": 1, "taxonomy.csv#taxonomy_terms": 2,
    }  # fmt: skip
    assert await _rows(db, "SELECT s.name, o.name, s.url FROM service s "
                           "JOIN organization o ON o.id = s.organization_id ORDER BY 1") == [
                               ("Second", "Fictional Aid", ""),
                                             ("虛構服務", "虛構會", "https://s.hub.invalid")]  # fmt: skip
    assert await _rows(db, "SELECT name FROM language WHERE location_id IS NOT NULL ORDER BY 1") == [
        ("Chinese (Cantonese, Toisan)",), ("Spanish",)]  # fmt: skip
    assert await _rows(db, "SELECT location_type FROM location ORDER BY 1") == [("physical",), ("virtual",)]
    assert await _rows(db, "SELECT year_incorporated FROM organization ORDER BY source_id") == [(1970,), (None,)]
    assert await _rows(db, "SELECT description FROM phone ORDER BY source_id") == [("Intake",), ("",)]
    assert await _rows(db, "SELECT extra ->> 'keywords' FROM service WHERE source_id = '1'") == [("food, help",)]
    again = await _import(db, tmp_path / "ohana")
    assert (again.total("created"), again.total("removed")) == (0, 0)


async def test_every_row_that_falls_is_told_where_it_came_from(db: Database, tmp_path: Path) -> None:
    more = _FILES["contacts.csv"] + "3,1,,,x\n"
    report = await _import(db, _folder(tmp_path / "ohana", contacts=more))
    fell = [(p.file, p.row, p.column, p.code) for p in report.problems if p.code not in _KEPT]
    assert sorted(fell) == [
        ("addresses.csv", 3, "location_id", "unknown_relation"),
        ("contacts.csv", 4, "", "cells"),
        ("phones.csv", 4, "number", "says_nothing"),
        ("services.csv", 4, "location_id", "unknown_relation"),
        ("services.csv", 4, "organization_id", "unknown_relation"),
    ]
    assert report.total("rejected") == len(fell)
    aside = [(p.file, p.row, p.column) for p in report.problems if p.code == "value_kept_aside"]
    assert aside == [("regular_schedules.csv", 4, "weekday")]
    areas = {(p.file, p.row, p.column) for p in report.problems if p.code == "unknown_area"}
    assert areas == {("services.csv", 2, "service_areas")}


_KEPT = {"unknown_column", "unknown_area", "value_kept_aside", "date_kept_aside", "term_undefined", "relation_cleared"}
"""Remarks on rows that came in."""


async def test_a_broken_file_is_refused_by_its_name(db: Database, tmp_path: Path) -> None:
    for number, (content, code) in enumerate(
        (("", "empty_file"), ("id,id,name\n", "column_twice"), ('id,name\n1,"x\n', "open_quote"))
    ):
        report = await _import(db, _folder(tmp_path / str(number), phones=content))
        assert report.refused is not None
        assert (report.refused.code, report.refused.file) == (code, "phones.csv")
