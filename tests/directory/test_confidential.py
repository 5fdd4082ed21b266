"""A confidential place stays hidden: whoever hides it, whatever a source says next, in what is derived, kept, given."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from directory import editing
from directory.actions import export_package, import_package
from directory.hiding import hide_location
from directory.kept import sheet
from directory.messages import MESSAGES
from directory.refresh import derive_areas, refresh_services
from directory.reports import ImportReport
from directory.search import SearchQuery, search
from directory.spelling import forget_words
from directory.standard import reading
from directory.template import FIRST_ROW, SHEETS
from directory.template_writer import write_template
from hub.base.db import Database

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
STREET, TOWN, LATITUDE, LONGITUDE = "Fictional lane 9", "Hiddenville", 24.123456, 121.654321
Rows = list[list[Any]]

ORGANIZATIONS: Rows = [["id", "name", "description"], ["o1", "Fictional Aid", "x"]]
SERVICES: Rows = [["id", "organization_id", "name", "description", "status"],
                  ["s1", "o1", "Night shelter", "helps", "active"]]  # fmt: skip
OPEN: Rows = [["id", "organization_id", "location_type", "name", "latitude", "longitude"],
              ["l1", "o1", "physical", STREET, LATITUDE, LONGITUDE]]  # fmt: skip
HIDDEN: Rows = [["id", "organization_id", "location_type", "name"], ["l1", "o1", "confidential", "House A"]]
THERE: Rows = [["id", "service_id", "location_id"], ["k1", "s1", "l1"]]
ADDRESSES: Rows = [["id", "location_id", "address_1", "city", "state_province", "postal_code", "country"],
                   ["a1", "l1", STREET, TOWN, "Fiction", "99999", "XX"]]  # fmt: skip
TERMS: Rows = [["id", "code", "name", "need"], ["w", "w", "Shelter", "shelter"]]
COUNTY = "insert into area (code, kind, names) values ('C1', 'county', '{}')"


def _package(path: Path, places: Rows = OPEN, addresses: Rows = ADDRESSES, **more: Rows) -> Path:
    tables = {
        "organizations": ORGANIZATIONS, "services": SERVICES, "locations": places, "service_at_locations": THERE,
        "addresses": addresses, "taxonomy_terms": TERMS,
        "attributes": [["id", "service_id", "taxonomy_term_id"], ["t1", "s1", "w"], ["t2", "s2", "w"]], **more,
    }  # fmt: skip
    with zipfile.ZipFile(path, "w") as made:
        for name, rows in tables.items():
            out = io.StringIO()
            csv.writer(out).writerows(rows)
            made.writestr(f"{name}.csv", out.getvalue())
    return path


def _hidden(path: Path, **more: Rows) -> Path:
    return _package(path, HIDDEN, ADDRESSES[:1], **more)


def _two(path: Path, *, hidden: bool = False) -> Path:
    """Another service in the same town, at a place whose position nobody knows."""
    return _package(
        path,
        [*(HIDDEN if hidden else OPEN), ["l2", "o1", "physical", "Town hall"] + [""] * (0 if hidden else 2)],
        [ADDRESSES[0], *([] if hidden else ADDRESSES[1:]), ["a2", "l2", "Main 1", TOWN, "Fiction", "99999", "XX"]],
        services=[*SERVICES, ["s2", "o1", "Neighbour", "x", "active"]],
        service_at_locations=[*THERE, ["k2", "s2", "l2"]],
    )


async def _load(db: Database, path: Path, source: str = "t") -> ImportReport:
    async with db.work() as session:
        report = await import_package(session, path, dry_run=False, source=source)
    assert report.refused is None
    return report


async def _rows(db: Database, statement: str, **given: Any) -> list[tuple[Any, ...]]:
    async with db.work() as session:
        return [tuple(row) for row in (await session.execute(text(statement), given)).all()]


async def _ids(db: Database) -> tuple[Any, Any]:
    """The shelter and its place."""
    ((service, place),) = await _rows(
        db, "select s.id, l.id from service s, location l where s.source_id = 's1' and l.source_id = 'l1'"
    )
    return service, place


async def _write(db: Database, service: Any, **sections: Any) -> None:
    """Change sections of a service as a person does."""
    async with db.work() as session:
        await editing.hold(session, service)
        before = await sheet(session, service)
        assert before is not None
        await editing.write(session, before, replace(before, **sections), NOW)


async def _nowhere(db: Database) -> None:
    """Nothing in the database tells of the shelter's place, neither its street and town nor its position."""
    tables = await _rows(
        db, "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'"
    )
    for (table,) in tables:
        if table in {"alembic_version", "search_word"}:
            continue
        found = await _rows(db, f"select to_jsonb(t)::text from {table} t")
        told = [word for word in (STREET, TOWN, TOWN.lower(), "24.12", "121.65") if word in str(found)]
        assert told == [], table


async def test_hiding_by_import_leaves_no_area_behind(db: Database, tmp_path: Path) -> None:
    await _load(db, _package(tmp_path / "a.zip"))
    before = await _rows(db, "select code, latitude, longitude from area order by code")
    assert [row[0] for row in before] == ["~XX", "~XX/FICTION", "~XX/FICTION/hiddenville"]
    assert {row[1:] for row in before} == {(24.1, 121.65)}  # what one address made up tells no more than a town
    await _load(db, _hidden(tmp_path / "b.zip"))
    assert await _rows(db, "select code from area") == []
    assert await _rows(db, "select area_code from service_area") == []
    await _nowhere(db)
    async with db.work() as session:
        await export_package(session, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert not [name for name in out.namelist() if TOWN.lower() in out.read(name).decode().lower()]
    # An older export of our own brings nothing of it back, nor does one with what was derived then.
    areas: Rows = [["code", "parent", "kind", "names", "latitude", "longitude"],
             ["~XX/FICTION/hiddenville", "", "city", "{}", LATITUDE, LONGITUDE]]  # fmt: skip
    derived = [["id", "service_id", "area_code", "derived"], ["x", "s1", "~XX/FICTION/hiddenville", "true"]]
    await _load(db, _package(tmp_path / "c.zip", areas=areas, service_areas=derived))
    assert await _rows(db, "select code from area") == []
    await _nowhere(db)


@pytest.mark.parametrize("by", ["hand", "import", "another import"])
async def test_a_neighbour_does_not_keep_the_position(db: Database, tmp_path: Path, by: str) -> None:
    """A service of the same town without a position of its own stood at the middle of the town's only known one."""
    positions = (
        "select s.source_id, q.latitude from service_search q join service s on s.id = q.service_id union "
        "select s.source_id, q.latitude from service_route q join service s on s.id = q.service_id order by 1, 2"
    )
    await _load(db, _two(tmp_path / "a.zip"))
    assert await _rows(db, positions) == [("s1", LATITUDE), ("s2", 24.1)]
    if by == "hand":
        _, place = await _ids(db)
        async with db.work() as session:
            assert await hide_location(session, place)
    elif by == "import":
        await _load(db, _two(tmp_path / "b.zip", hidden=True))
    else:  # which says nothing of the neighbour
        await _load(db, _hidden(tmp_path / "b.zip"))
    assert {row for row in await _rows(db, positions) if row[1] is not None} == set()
    assert await _rows(db, "select code from area where latitude is not null") == []
    assert ("~XX/FICTION/hiddenville",) in await _rows(db, "select code from area")  # it is the neighbour's still
    assert await _rows(db, "select count(*) from service_area") == [(1,)]


async def test_the_town_then_stands_where_its_open_places_are(db: Database, tmp_path: Path) -> None:
    """As the next import would say it: else what is exported in between would come back changed."""
    middles = "select code, latitude from area where code like '~%' order by code"
    await _load(db, _two(tmp_path / "a.zip"))
    async with db.work() as session:
        await session.execute(text("update location set latitude = 25.03, longitude = 121.52 where source_id <> 'l1'"))
        place = (await session.execute(text("select id from location where source_id = 'l1'"))).scalar_one()
        assert await hide_location(session, place)
    assert {row[1] for row in await _rows(db, middles)} == {25.05}
    async with db.work() as session:
        await session.execute(text("update area set latitude = 1, longitude = 1 where code like '~%'"))
        await session.execute(text("update service set seen = '00000000-0000-0000-0000-000000000001'"))
        await derive_areas(session, "t", UUID(int=1))
    assert {row[1] for row in await _rows(db, middles)} == {25.05}


async def test_a_town_of_another_sources_places_stands_where_they_are(db: Database, tmp_path: Path) -> None:
    """A source hides its place by its next package: others' services in that town stand where the open places are."""
    await _load(db, _two(tmp_path / "u.zip"), "u")
    async with db.work() as session:
        await session.execute(text("update location set latitude = 25.03, longitude = 121.52 where source_id = 'l1'"))
    await _load(db, _package(tmp_path / "a.zip"))
    await _load(db, _hidden(tmp_path / "b.zip"))
    assert {row[0] for row in await _rows(db, "select latitude from area where code like '~%'")} == {25.05}
    stands = "select q.latitude from service_search q join service s on s.id = q.service_id where s.source_id = 's2'"
    assert await _rows(db, stands) == [(25.05,)]


async def test_hidden_and_its_areas_changed_in_one_draft(db: Database, tmp_path: Path) -> None:
    await _load(db, _package(tmp_path / "a.zip"))
    service, _ = await _ids(db)
    async with db.work() as session:
        await session.execute(text(COUNTY))
        before = await sheet(session, service)
    assert before is not None
    (place,) = before.places
    hidden = replace(place, kind="confidential", name="", address_1="", city="", postal_code="")
    # What was derived stands in the form still: it is not declared by that.
    await _write(db, service, areas=(*before.areas, "C1"), places=(hidden,))
    assert await _rows(db, "select area_code, derived from service_area") == [("C1", False)]
    assert await _rows(db, "select code from area") == [("C1",)]
    await _nowhere(db)


async def test_no_source_opens_what_is_confidential(db: Database, tmp_path: Path) -> None:
    phones = [["id", "location_id", "number"], ["p1", "l1", "000-000-009"]]
    named = [["id", "service_id", "location_id", "description"], ["k1", "s1", "l1", f"behind {STREET}"]]
    path = _package(tmp_path / "a.zip", phones=phones, service_at_locations=named)
    await _load(db, path)
    _, place = await _ids(db)
    async with db.work() as session:
        assert await hide_location(session, place, "House A")
    report = await _load(db, path)
    assert {(p.file, p.row, p.code) for p in report.problems} >= {
        ("locations.csv", 2, "stays_confidential"), ("addresses.csv", 2, "confidential_address"),
        ("phones.csv", 2, "confidential_detail"), ("service_at_locations.csv", 2, "confidential_detail"),
    }  # fmt: skip
    assert STREET not in str(report.problems)
    assert set(MESSAGES["stays_confidential"]) == {"zh-Hant", "en", "ko"}
    found = await _rows(db, "select location_type, l.name, latitude, l.seen = s.seen from location l, service s")
    assert found == [("confidential", "House A", None, True)]  # it counts as seen
    assert await _rows(db, "select description from service_at_location") == [("",)]  # and is where the service is
    await _nowhere(db)
    # The id we gave it is its id whoever sends it.
    ids = [[place if cell == "l1" else cell for cell in row] for row in OPEN]
    at = [[place if cell == "l1" else cell for cell in row] for row in ADDRESSES]
    links = [[place if cell == "l1" else cell for cell in row] for row in THERE]
    other = await _load(db, _package(tmp_path / "b.zip", ids, at, service_at_locations=links), "other")
    assert "stays_confidential" in {p.code for p in other.problems}
    assert await _rows(db, "select location_type from location") == [("confidential",)]
    await _nowhere(db)
    # Nor does the database let anybody.
    with pytest.raises(DBAPIError, match="stays_confidential"):
        await _rows(db, "update location set location_type = 'physical' returning id")


async def test_a_blank_cell_of_the_template_opens_nothing(db: Database, tmp_path: Path) -> None:
    await _load(db, _hidden(tmp_path / "a.zip"))
    filled = {
        "organization": {"id": "o1", "name": "Fictional Aid"},
        "location": {"id": "l1", "organization_id": "o1", "name": STREET, "address_1": STREET, "city": TOWN},
        "service": {"id": "s1", "organization_id": "o1", "location_id": "l1", "name": "Night shelter"},
    }
    write_template(tmp_path / "t.xlsx", "en", [])
    book = openpyxl.load_workbook(tmp_path / "t.xlsx")
    for made in SHEETS:
        keys = [column.key for column in made.columns]
        for key, value in filled[made.entity].items():
            book[made.names["en"]].cell(FIRST_ROW, keys.index(key) + 1, value)
    book.save(tmp_path / "t.xlsx")
    report = await _load(db, tmp_path / "t.xlsx")
    assert {p.code for p in report.problems} == {"stays_confidential", "confidential_address"}
    assert await _rows(db, "select location_type, name from location") == [("confidential", "House A")]
    await _nowhere(db)


async def test_a_place_said_to_be_confidential_becomes_so_whatever_else_is_said(db: Database, tmp_path: Path) -> None:
    """A row that says both hid nothing and left what was known before."""
    await _load(db, _package(tmp_path / "a.zip"))
    both = [[*OPEN[0]], ["l1", "o1", "confidential", "House A", LATITUDE, LONGITUDE]]
    report = await _load(db, _package(tmp_path / "b.zip", both))
    assert {p.code for p in report.problems} >= {"confidential_place", "confidential_address"}
    assert await _rows(db, "select location_type, latitude from location") == [("confidential", None)]
    await _nowhere(db)


@pytest.mark.parametrize("kept", ["confidential", "physical"])
async def test_a_place_removed_by_hand_is_published_no_more(db: Database, tmp_path: Path, kept: str) -> None:
    phones = [["id", "service_id", "location_id", "number"], ["p1", "s1", "l1", "000-000-001"]]
    await _load(db, _package(tmp_path / "a.zip", phones=phones))
    service, place = await _ids(db)
    if kept == "confidential":
        async with db.work() as session:
            assert await hide_location(session, place)
    await _write(db, service, places=())
    ((organization,),) = await _rows(db, "select id from organization")
    async with db.work() as session:
        said = await reading.one(session, "organizations", organization, reading.Form.FULL)
    async with db.work() as session:
        await export_package(session, tmp_path / "out.zip")
    assert said is not None
    assert not any(word in said for word in (STREET, TOWN, "24.12"))
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert not [name for name in out.namelist() if STREET in out.read(name).decode()]
    if kept == "confidential":  # were it gone, the next import would bring it back open
        assert await _rows(db, "select location_type from location") == [("confidential",)]
        await _load(db, _package(tmp_path / "a.zip", phones=phones))
        await _nowhere(db)
    else:
        assert await _rows(db, "select count(*) from location") == [(0,)]
        assert await _rows(db, "select number from phone") == [("000-000-001",)]  # the service's as well


async def test_a_place_of_others_is_not_this_agencys_to_delete(db: Database, tmp_path: Path) -> None:
    others = [*ORGANIZATIONS, ["o2", "Fictional Landlord", "x"]]
    place = [OPEN[0], ["l1", "o2", *OPEN[1][2:]]]
    await _load(db, _package(tmp_path / "a.zip", place, organizations=others))
    service, _ = await _ids(db)
    await _write(db, service, places=())
    assert await _rows(db, "select count(*) from location") == [(1,)]


async def test_what_a_text_was_before_it_was_corrected_is_given_to_nobody(db: Database, tmp_path: Path) -> None:
    past = [["id", "resource_id", "resource_type", "last_action_type", "field_name", "previous_value",
             "replacement_value"], ["m1", "s1", "service", "update", "description", f"at {STREET}", "helps"],
            ["m2", "s1", "service", "update", "name", "Day shelter", "Night shelter"]]  # fmt: skip
    await _load(db, _hidden(tmp_path / "a.zip", metadata=past))
    for said in (f"at {STREET}", "helps"):
        await _rows(db, "update service set description = :said returning id", said=said)
    await _rows(db, "update service set name = 'Fictional shelter', minimum_age = 18 returning id")
    await _rows(db, "insert into program (source, source_id, organization_id, name, description) "
                    "select 't', 'x', id, 'p', :said from organization returning id", said=STREET)  # fmt: skip
    await _rows(db, "delete from program returning id")
    for form, name in (("zip", "out.zip"), ("json", "out.json")):
        async with db.work() as session:
            await export_package(session, tmp_path / name, form)  # type: ignore[arg-type]
    assert STREET not in (tmp_path / "out.json").read_text()
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert not [name for name in out.namelist() if STREET in out.read(name).decode()]
        told = list(csv.DictReader(io.StringIO(out.read("metadata.csv").decode())))
    found = {(row["field_name"], row["previous_value"], row["replacement_value"]) for row in told}
    assert found >= {
        ("description", "", ""), ("name", "Day shelter", "Night shelter"),
        ("name", "Night shelter", "Fictional shelter"), ("minimum_age", "", "18"),
    }  # fmt: skip


async def test_our_own_feed_keeps_a_place_confidential(db: Database, tmp_path: Path) -> None:
    await _load(db, _hidden(tmp_path / "a.zip"))
    service, _ = await _ids(db)
    async with db.work() as session:
        said = await reading.one(session, "services", service, reading.Form.FULL)
    assert said is not None
    feed = json.loads(said)
    hidden = feed["service_at_locations"][0]["location"]
    assert (hidden["location_type"], hidden["confidential"]) == ("physical", True)
    (tmp_path / "feed.json").write_text(said)
    async with db.work() as session:  # another hub
        for table in ("service", "location"):
            await session.execute(text(f"delete from {table}"))
    report = await _load(db, tmp_path / "feed.json", "other")
    assert report.problems == []
    kept = await _rows(db, "select location_type, description, extra from location")
    assert kept == [("confidential", "", {})]
    hidden["addresses"] = [{"id": "a1", "address_1": STREET, "city": TOWN, "country": "XX", "address_type": "physical"}]
    hidden["latitude"] = LATITUDE
    (tmp_path / "feed.json").write_text(json.dumps(feed))
    report = await _load(db, tmp_path / "feed.json", "other")
    assert {p.code for p in report.problems} == {"confidential_place", "confidential_address"}
    await _nowhere(db)
    hidden["confidential"] = "perhaps"
    (tmp_path / "feed.json").write_text(json.dumps(feed))
    report = await _load(db, tmp_path / "feed.json", "other")
    assert "bad_value" in {p.code for p in report.problems}
    await _nowhere(db)


async def test_no_export_has_the_name_of_a_confidential_place(db: Database, tmp_path: Path) -> None:
    named = [[*HIDDEN[0], "name_i18n"], ["l1", "o1", "confidential", STREET, json.dumps({"ko": STREET})]]
    tongues = [["id", "location_id", "name"], ["g1", "l1", f"Fictionish of {STREET}"], ["g2", "l1", "English"]]
    await _load(db, _package(tmp_path / "a.zip", named, ADDRESSES[:1], languages=tongues))
    assert await _rows(db, "select name from location") == [(STREET,)]
    for form, name in (("zip", "out.zip"), ("json", "out.json")):
        async with db.work() as session:
            await export_package(session, tmp_path / name, form)  # type: ignore[arg-type]
    assert STREET not in (tmp_path / "out.json").read_text()
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert not [name for name in out.namelist() if STREET in out.read(name).decode()]
        assert ",confidential," in out.read("locations.csv").decode()
        assert {row["name"] for row in csv.DictReader(io.StringIO(out.read("languages.csv").decode()))} == {"en", "und"}


async def test_a_corrected_word_is_proposed_to_nobody(db: Database, tmp_path: Path) -> None:
    await _load(db, _hidden(tmp_path / "a.zip"))
    service, _ = await _ids(db)
    for said in ("behind Zanzibarstreet", "helps children"):
        await _rows(db, "update service set description = :said returning id", said=said)
        async with db.work() as session:
            await refresh_services(session, [service])

    async def proposed(typed: str) -> Sequence[Any]:
        async with db.work() as session:
            return (await search(session, SearchQuery(text=typed))).corrections

    assert await proposed("zanzibarstreat")
    async with db.work() as session:
        assert await forget_words(session) >= 1
    assert not await proposed("zanzibarstreat")
    assert await _rows(db, "select word from search_word where word like 'zanz%'") == []
    assert await proposed("childrem")  # what is said still is still known, and its stem
    async with db.work() as session:
        assert await forget_words(session) == 0
        assert (await search(session, SearchQuery(text="helping"))).rows


@pytest.mark.parametrize("form", ["zip", "json"])
async def test_an_export_is_of_one_moment(db: Database, tmp_path: Path, form: Any) -> None:
    """A service that goes while it is written: all of it is there, or nothing."""
    await _load(db, _package(tmp_path / "a.zip"))
    gone: list[bool] = []
    async with db.work() as session:
        execute = session.execute

        async def interrupted(statement: Any, *given: Any, **more: Any) -> Any:
            found = await execute(statement, *given, **more)
            if not gone and "FROM service_at_location t" in str(statement):
                gone.append(True)
                async with db.work() as other:
                    for table in ("service", "location", "organization"):
                        await other.execute(text(f"delete from {table}"))
            return found

        session.execute = interrupted  # type: ignore[method-assign]
        counts = await export_package(session, tmp_path / f"out.{form}", form)
    assert gone
    assert (counts["service"], counts["location"], counts["address"]) == (1, 1, 1)
    if form == "json":
        (said,) = json.loads((tmp_path / "out.json").read_bytes())["services"]
        assert said["service_at_locations"][0]["location"]["addresses"][0]["address_1"] == STREET
