"""Every table of HSDS 3.1 comes in, goes out and comes in again, no byte changed; 1.1 and 2.0 find their place."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from directory.actions import export_package, import_package
from directory.columns import LINKED
from directory.county import write_county
from directory.exporting import files
from directory.hsds import ENTITIES, Column
from directory.reports import ImportReport
from hub.base.db import Database

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
_WORDS = ("虛構", "Fictional", "허구", 'with "quotes"', "a,b", "line\nbreak", "=1+1", "é", " x ".strip(), "𠀋")


def _uuid(rng: random.Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))


def _cell(rng: random.Random, column: Column) -> str:
    """A cell the column takes, as an export would write it."""
    if not column.required and rng.random() < 0.3:
        return {"bool": "false"}.get(column.sql, column.default if column.choices and column.default else "")
    if column.choices:
        return rng.choice(column.choices)
    day = f"20{rng.randrange(10, 30)}-0{rng.randrange(1, 10)}-1{rng.randrange(10)}"
    named: dict[str, Any] = {
        "name_i18n": '{"en":"x","zh-Hant":"虛構"}', "genders": rng.choice(["female", "female,male", ""]),
        "byday": rng.choice(["MO,WE", "-1FR", "2TU,SU"]), "byweekno": "1,-2", "bymonthday": "-1", "byyearday": "100",
        "currency": rng.choice(["TWD", "EUR"]), "resource_type": "service", "timezone": "8.5",
        "minimum_age": str(rng.randrange(0, 40)), "maximum_age": str(rng.randrange(40, 120)),
        "valid_from": f"1999-01-0{rng.randrange(1, 10)}", "updated": "2026-01-15T04:00:00Z", "area_code": "",
        "expires": "2026-01-22T04:00:00Z",
    }  # fmt: skip
    plain = {
        "float8": str(rng.randrange(-80, 80) / 8), "int4": str(rng.randrange(1, 2000)),
        "time": f"0{rng.randrange(10)}:15", "date": day, "timestamptz": f"{day}T01:02:03.450000Z", "bool": "true",
        "numeric": rng.choice(["0.00", "1200", "99.5000"]),
    }  # fmt: skip
    if column.name in named:
        return str(named[column.name])
    return str(plain.get(column.sql) or f"{rng.choice(_WORDS)} {rng.randrange(10**6)}")


def _package(rng: random.Random, rows: int) -> dict[str, list[dict[str, str]]]:
    """Rows of every table, with every relation somewhere, as an export would hold them."""
    ids: dict[str, list[str]] = {}
    made: dict[str, list[dict[str, str]]] = {}
    for table, entity in ENTITIES.items():
        made[table], ids[table] = [], sorted(_uuid(rng) for _ in range(rows))
        for at, own in enumerate(ids[table]):
            row = {"id": own}
            for relation in entity.relations:
                row[relation.column] = rng.choice(ids[relation.table]) if relation.table else ""
                if not relation.required and relation.column != entity.relations[0].column and rng.random() < 0.5:
                    row[relation.column] = ""
            row |= {c.out or c.name: _cell(rng, c) for c in entity.columns}
            if parent := next((r.column for r in entity.relations if r.table == table), ""):
                row[parent] = "" if at % 3 == 1 else ids[table][at - 1 if at % 3 else (at + 1)]
            if table == "location":
                row |= {"location_type": "physical"}
            if table == "address":  # else its place becomes an area of the service
                row |= {"state_province": "", "country": ""}
            if table == "attribute":
                kind = ("service", *LINKED)[at % (len(LINKED) + 1)]
                row |= {"link_entity": kind, "link_id": rng.choice(ids[kind])}
            if table == "service_capacity":
                row |= {"unit": f"unit {at}", "expires": "2026-01-22T04:00:00Z"}
            free = [c.name for c in entity.columns if c.name in entity.says and c.read is str and c.name in row]
            if free and not any(row.get(n) for n in entity.says):
                row[free[-1]] = f"said {at}"
            made[table].append(row)
    return made


def _write(folder: Path, made: Mapping[str, Sequence[Mapping[str, str]]]) -> Path:
    folder.mkdir()
    for table, (name, columns) in files().items():
        with (folder / name).open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, columns, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(made.get(table, []))
    return folder


async def _import(db: Database, path: Path, **more: Any) -> ImportReport:
    async with db.work() as session:
        source = None if (path / "datapackage.json").exists() else "fictional"
        return await import_package(session, path, **{"dry_run": False, "source": source, **more})


async def _clear(db: Database) -> None:
    async with db.work() as session:
        for table in ("source_metadata", "attribute", "taxonomy_term", "taxonomy", "service_capacity", "unit",
                      "meta_table_description", "service", "program", "location", "organization", "area"):  # fmt: skip
            await session.execute(text(f"DELETE FROM {table}"))


@pytest.mark.parametrize("seed", range(3))
async def test_every_table_goes_out_as_it_came_in(db: Database, owner_url: str, tmp_path: Path, seed: int) -> None:
    made = _package(random.Random(seed), 3 * len(LINKED))  # noqa: S311 - the same rows each time
    report = await _import(db, _write(tmp_path / "in", made))
    assert [p for p in report.problems if p.code != "unknown_area"] == []
    assert {t.entity: t.created for t in report.tables if t.read} == {t: len(rows) for t, rows in made.items()}
    async with db.work() as session:
        counts = await export_package(session, tmp_path / "one", "folder")
        await export_package(session, tmp_path / "one.zip", "zip")
    assert {t: n for t, n in counts.items() if n} == {t: len(rows) for t, rows in made.items()}
    for table, (name, columns) in files().items():  # what went in is what came out, column by column
        with (tmp_path / "one" / name).open(encoding="utf-8", newline="") as file:
            out = list(csv.DictReader(file))
        for before, after in zip(made.get(table, []), out, strict=True):
            told = {c: (before.get(c, ""), after[c]) for c in columns if before.get(c, "") != after[c]}
            told.pop("code", None)  # ours, of the words of a language, an accessibility, a term
            told.pop("need", None)
            told.pop("derived", None)
            if table == "source_metadata":  # a record leads to our row, of which there is none
                told.pop("resource_id", None)
                texts = {told.pop(past, ("", ""))[1] for past in ("previous_value", "replacement_value")}
                assert texts == {""}  # what a text was goes to nobody
            assert told == {}, table
    await _clear(db)
    owner = await asyncpg.connect(owner_url)
    await owner.execute("TRUNCATE metadata")  # what the deletion left: only the owner may
    await owner.close()
    again = await _import(db, tmp_path / "one.zip")
    assert [p for p in again.problems if p.code != "unknown_area"] == []
    async with db.work() as session:
        assert await export_package(session, tmp_path / "two.zip", "zip") == counts
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    third = await _import(db, tmp_path / "two.zip")
    assert (third.total("created"), third.total("updated")) == (0, again.total("created"))
    async with db.work() as session:
        assert (await session.execute(text("SELECT count(*) FROM metadata"))).scalar_one() == 0


_OLD = {
    "organizations.csv": "id,name,alternate_name,description,email,url,tax_status,tax_id,"
    "year_incorporated,legal_status\no,虛構會,,,,https://o.hub.invalid,,123,1999,foundation\n",
    "programs.csv": "id,organization_id,name,alternate_name\np,o,方案,\n",
    "services.csv": "id,organization_id,program_id,name,status,fees,accreditations,licenses,wait_time,"
    "interpretation_services\ns,o,p,服務,active,免費,認證,執照,一週,越南語\n",
    "locations.csv": "id,organization_id,name,alternate_name,latitude,longitude\nl,o,處,別名,22.1,122.1\n",
    "services_at_location.csv": "id,service_id,location_id,description\nk,s,l,二樓\n",
    "contacts.csv": "id,organization_id,service_id,service_at_location_id,name,title,department,email\n"
    "c,,,k,虛構人,社工,,c@hub.invalid\n",
    "phones.csv": "id,location_id,service_id,organization_id,contact_id,service_at_location_id,number,extension,type\n"
    "t1,,,,c,,0900-000-001,,voice\nt2,,,,,k,0900-000-002,,voice\n",
    "eligibility.csv": "id,service_id,eligibility\ne,s,成年人\n",
    "fundings.csv": "id,organization_id,service_id,source\nf,o,,公益彩券\n",
    "required_documents.csv": "id,service_id,document\nd,s,身分證\n",
    "languages.csv": "id,service_id,location_id,language\ng,s,,English\n",
    "regular_schedules.csv": "id,service_id,location_id,service_at_location_id,weekday,opens_at,closes_at\n"
    "h,,,k,Monday,09:00,17:00\n",
    "payments_accepted.csv": "id,service_id,payment\ny,s,cash\n",
    "metadata.csv": "id,resource_id,resource_type,last_action_date,last_action_type,field_name,previous_value,"
    "replacement_value,updated_by\nm1,s,service,2019-01-01,update,name,舊,服務,someone\n"
    "m2,l,locations,2019-01-01,update,address_1,秘密路一號,,someone\n",
    "meta_table_description.csv": "id,name,language,character_set\nx,services,zh,UTF-8\n",
    "taxonomy.csv": "id,name,parent_id,parent_name,vocabulary\nw1,child,w2,parent,v\nw2,parent,,,v\n",
    "services_taxonomy.csv": "id,service_id,taxonomy_id,taxonomy_detail\na,s,w1,more\n",
    "other_attributes.csv": "id,link_id,link_type,taxonomy_term_id\na,o,organization,w2\n",
}


def _old(folder: Path, **changes: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in _OLD.items():
        (folder / name).write_text(changes.get(name.removesuffix(".csv"), content), encoding="utf-8")
    return folder


async def _one(db: Database, sql: str) -> Any:
    async with db.work() as session:
        return tuple((await session.execute(text(sql))).one())


async def test_older_names_find_their_columns(db: Database, tmp_path: Path) -> None:
    report = await _import(db, _old(tmp_path / "old"))
    assert report.adds_up
    assert {(p.file, p.code) for p in report.problems} == {
        ("metadata.csv", "place_left_out"), ("taxonomy.csv", "unknown_column")}  # fmt: skip
    assert (report.total("kept"), report.total("rejected")) == (1, 0)
    assert await _one(db, "SELECT website, tax_id, year_incorporated, legal_status FROM organization") == (
        "https://o.hub.invalid", "123", 1999, "foundation")  # fmt: skip
    assert await _one(
        db, "SELECT p.name, s.fees_description, s.accreditations, s.licenses, s.wait_time, s.interpretation_services "
        "FROM service s JOIN program p ON p.id = s.program_id"
    ) == ("方案", "免費", "認證", "執照", "一週", "越南語")  # fmt: skip
    assert await _one(db, "SELECT count(*) FROM phone p JOIN contact c ON c.id = p.contact_id") == (1,)
    assert await _one(
        db, "SELECT count(*) FROM phone p JOIN schedule h USING (service_at_location_id) WHERE h.byday = 'MO'"
    ) == (1,)  # fmt: skip
    assert await _one(db, "SELECT c.code, p.code FROM taxonomy_term c JOIN taxonomy_term p ON p.id = c.parent_id") == (
        "w1", "w2")  # fmt: skip
    assert await _one(db, "SELECT count(*) FROM attribute a JOIN organization o ON o.id = a.link_id") == (1,)
    assert await _one(db, "SELECT funder FROM funding") == ("公益彩券",)
    assert await _one(db, "SELECT eligibility FROM eligibility") == ("成年人",)
    assert await _one(db, "SELECT count(*) FROM source_metadata m WHERE m::text LIKE '%秘密路%'") == (0,)
    assert await _one(db, "SELECT previous_value FROM source_metadata WHERE resource_type = 'service'") == ("舊",)


async def test_places_derived_from_addresses_go_out_and_come_in_once(
    db: Database, owner_url: str, tmp_path: Path
) -> None:
    folder = _old(tmp_path / "p")
    locations, links = ["id,organization_id,latitude,longitude"], ["id,service_id,location_id"]
    addresses = ["id,location_id,city,state_province,country"]
    for n in range(40):  # enough for a sum of floats to depend on its order
        locations.append(f"l{n},o,{22 + n / 7},{122 + n / 11}")
        links.append(f"k{n},s,l{n}")
        addresses.append(f"a{n},l{n},虛構市{n % 3},虛構縣,XX")
    for name, lines in (("locations", locations), ("services_at_location", links), ("physical_addresses", addresses)):
        (folder / f"{name}.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")
    for name in ("contacts", "phones", "regular_schedules"):
        (folder / f"{name}.csv").unlink()
    await _import(db, folder)
    assert await _one(db, "SELECT count(*) FROM service_area WHERE derived") == (3,)
    async with db.work() as session:
        await export_package(session, tmp_path / "one.zip", "zip")
    await _clear(db)
    owner = await asyncpg.connect(owner_url)
    await owner.execute("TRUNCATE metadata")
    await owner.close()
    for _ in range(2):
        await _import(db, tmp_path / "one.zip")
        async with db.work() as session:
            await export_package(session, tmp_path / "two.zip", "zip")
        assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


async def test_a_unit_by_its_id_and_a_capacity_that_never_expires(db: Database, tmp_path: Path) -> None:
    folder = _old(tmp_path / "p")
    (folder / "units.csv").write_text("id,name,scheme,identifier,uri\nu,bed,,,\n", encoding="utf-8")
    capacity = folder / "service_capacity.csv"
    capacity.write_text("id,service_id,unit_id,available,maximum,description,updated\n"
                        "q,s,u,3,9,床,2026-01-15T04:00:00.5+08:00\n", encoding="utf-8")  # fmt: skip
    for _ in range(2):
        report = await _import(db, folder)
        assert not any(p.file == "service_capacity.csv" for p in report.problems)
    found = await _one(db, "SELECT c.unit, u.name, c.available, c.maximum, c.expires - c.updated "
                           "FROM service_capacity c JOIN unit u ON u.id = c.unit_id")  # fmt: skip
    assert found == ("bed", "bed", 3, 9, timedelta(days=7))
    (folder / "units.csv").unlink()  # the unit is known from before
    await _import(db, folder)
    assert await _one(db, "SELECT unit FROM service_capacity") == ("bed",)


async def test_what_a_confidential_place_may_not_hold_falls_row_by_row(db: Database, tmp_path: Path) -> None:
    folder = _old(tmp_path / "p", locations="id,location_type,name\nl,confidential,保密處所\n",
                  services_at_location="id,service_id,location_id,description\nk,s,l,\n")  # fmt: skip
    (folder / "attributes.csv").write_text("id,link_id,link_entity,taxonomy_term_id\nz1,l,location,w1\n"
                                           "z2,k,service_at_location,w1\nz3,o,organization,w1\n",
                                           encoding="utf-8")  # fmt: skip
    (folder / "accessibility.csv").write_text("id,location_id,accessibility,details\nx1,l,山腳的坡道 ramp,\nx2,l,"
                                              "wheelchair,\n", encoding="utf-8")  # fmt: skip
    (folder / "schedules.csv").write_text("id,location_id,byday,opens_at,closes_at,notes\nh1,l,MO,09:00,10:00,\n"
                                          "h2,l,TU,09:00,10:00,後門\n", encoding="utf-8")  # fmt: skip
    report = await _import(db, folder)
    assert report.adds_up
    assert report.refused is None
    fallen = {(p.file, p.row) for p in report.problems if p.code == "confidential_detail"}
    assert fallen == {
        ("contacts.csv", 2), ("phones.csv", 3), ("attributes.csv", 2), ("attributes.csv", 3), ("accessibility.csv", 2),
        ("schedules.csv", 3)}  # fmt: skip
    # the number of the contact that fell has nobody to belong to
    assert ("phones.csv", 2, "unknown_relation") in {(p.file, p.row, p.code) for p in report.problems}
    # An open place with all of it, declared confidential by the next package: nothing stays, nothing breaks.
    await _import(db, _old(tmp_path / "open"), source="other")
    again = await _import(db, folder, source="other")
    assert again.refused is None
    assert await _one(db, "SELECT count(*) FROM location WHERE location_type = 'confidential'") == (2,)
    assert await _one(db, "SELECT count(*) FROM phone WHERE location_id IS NOT NULL") == (0,)
    for table in ("contact", "phone", "service_at_location", "metadata", "source_metadata", "location"):
        for told in ("二樓", "虛構人", "0900-000-001", "別名", "22.1"):
            assert await _one(db, f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%{told}%'") == (0,), (
                table,
                told,
            )


async def test_a_parent_may_come_after_its_child(db: Database, tmp_path: Path) -> None:
    header = "id,name,parent_organization_id\n"
    folder = _old(tmp_path / "p", organizations=header + "c,子,o\no,母,\nx,孤,nobody\ny,自,y\n")
    report = await _import(db, folder)
    lost = {(p.row, p.column) for p in report.problems if p.code == "relation_cleared"}
    assert lost == {(4, "parent_organization_id"), (5, "parent_organization_id")}
    of = "SELECT c.name, p.name FROM organization c JOIN organization p ON p.id = c.parent_organization_id"
    assert await _one(db, of) == ("子", "母")
    await _import(db, folder)
    assert await _one(db, "SELECT json_agg(m) FROM metadata m") == (None,)
    await _import(db, _old(tmp_path / "p", organizations=header + "c,子,\no,母,\n"))
    assert await _one(db, "SELECT count(parent_organization_id) FROM organization") == (0,)


async def test_the_county_shows_the_new_entities(db: Database, tmp_path: Path) -> None:
    report = await _import(db, write_county(tmp_path, NOW))
    assert (report.problems, report.total("kept")) == ([], 0)
    for table in ("contact", "required_document", "cost_option", "unit", "program"):
        assert (await _one(db, f"SELECT count(*) FROM {table}"))[0] > 3, table


def test_the_zip_of_an_export_names_what_the_standard_names() -> None:
    names = {name for name, _ in files().values()}
    assert {"metadata.csv", "taxonomies.csv", "taxonomy_terms.csv", "cost_options.csv", "urls.csv"} <= names
    assert dict(files().values())["fundings.csv"] == ["id", "service_id", "organization_id", "source"]
