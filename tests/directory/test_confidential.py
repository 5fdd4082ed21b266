"""A confidential place stays hidden: whoever hides it, whatever a source says next, in what is derived and kept."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import openpyxl
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from directory.actions import export_package
from directory.hiding import hide_location
from directory.kept import PlaceRow, sheet
from directory.messages import MESSAGES
from directory.refresh import derive_areas
from directory.standard import reading
from directory.template import FIRST_ROW, SHEETS
from directory.template_writer import write_template
from hub.base.db import Database
from tests.directory.places import (
    ADDRESSES,
    LATITUDE,
    LONGITUDE,
    OPEN,
    ORGANIZATIONS,
    STREET,
    THERE,
    TOWN,
    Rows,
    ids_of,
    load,
    nowhere,
    packed,
    packed_hidden,
    rows_of,
    two_services,
    write,
)

COUNTY = "insert into area (code, kind, names) values ('C1', 'county', '{}')"


async def test_hiding_by_import_leaves_no_area_behind(db: Database, tmp_path: Path) -> None:
    await load(db, packed(tmp_path / "a.zip"))
    before = await rows_of(db, "select code, latitude, longitude from area order by code")
    assert [row[0] for row in before] == ["~XX", "~XX/FICTION", "~XX/FICTION/hiddenville"]
    assert {row[1:] for row in before} == {(24.1, 121.65)}  # what one address made up tells no more than a town
    await load(db, packed_hidden(tmp_path / "b.zip"))
    assert await rows_of(db, "select code from area") == []
    assert await rows_of(db, "select area_code from service_area") == []
    await nowhere(db)
    async with db.work() as session:
        await export_package(session, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert not [name for name in out.namelist() if TOWN.lower() in out.read(name).decode().lower()]
    # An older export of our own brings nothing of it back, nor does one with what was derived then.
    areas: Rows = [["code", "parent", "kind", "names", "latitude", "longitude"],
             ["~XX/FICTION/hiddenville", "", "city", "{}", LATITUDE, LONGITUDE]]  # fmt: skip
    derived = [["id", "service_id", "area_code", "derived"], ["x", "s1", "~XX/FICTION/hiddenville", "true"]]
    await load(db, packed(tmp_path / "c.zip", areas=areas, service_areas=derived))
    assert await rows_of(db, "select code from area") == []
    await nowhere(db)


@pytest.mark.parametrize("by", ["hand", "import", "another import"])
async def test_a_neighbour_does_not_keep_the_position(db: Database, tmp_path: Path, by: str) -> None:
    """A service of the same town without a position of its own stood at the middle of the town's only known one."""
    positions = (
        "select s.source_id, q.latitude from service_search q join service s on s.id = q.service_id union "
        "select s.source_id, q.latitude from service_route q join service s on s.id = q.service_id order by 1, 2"
    )
    await load(db, two_services(tmp_path / "a.zip"))
    assert await rows_of(db, positions) == [("s1", LATITUDE), ("s2", 24.1)]
    if by == "hand":
        _, place = await ids_of(db)
        async with db.work() as session:
            assert await hide_location(session, place)
    elif by == "import":
        await load(db, two_services(tmp_path / "b.zip", hidden=True))
    else:  # which says nothing of the neighbour
        await load(db, packed_hidden(tmp_path / "b.zip"))
    assert {row for row in await rows_of(db, positions) if row[1] is not None} == set()
    assert await rows_of(db, "select code from area where latitude is not null") == []
    assert ("~XX/FICTION/hiddenville",) in await rows_of(db, "select code from area")  # it is the neighbour's still
    assert await rows_of(db, "select count(*) from service_area") == [(1,)]


async def test_the_town_then_stands_where_its_open_places_are(db: Database, tmp_path: Path) -> None:
    """As the next import would say it: else what is exported in between would come back changed."""
    middles = "select code, latitude from area where code like '~%' order by code"
    await load(db, two_services(tmp_path / "a.zip"))
    async with db.work() as session:
        await session.execute(text("update location set latitude = 25.03, longitude = 121.52 where source_id <> 'l1'"))
        place = (await session.execute(text("select id from location where source_id = 'l1'"))).scalar_one()
        assert await hide_location(session, place)
    assert {row[1] for row in await rows_of(db, middles)} == {25.05}
    async with db.work() as session:
        await session.execute(text("update area set latitude = 1, longitude = 1 where code like '~%'"))
        await session.execute(text("update service set seen = '00000000-0000-0000-0000-000000000001'"))
        await derive_areas(session, "t", UUID(int=1))
    assert {row[1] for row in await rows_of(db, middles)} == {25.05}


async def test_a_town_of_another_sources_places_stands_where_they_are(db: Database, tmp_path: Path) -> None:
    """A source hides its place by its next package: others' services in that town stand where the open places are."""
    await load(db, two_services(tmp_path / "u.zip"), "u")
    async with db.work() as session:
        await session.execute(text("update location set latitude = 25.03, longitude = 121.52 where source_id = 'l1'"))
    await load(db, packed(tmp_path / "a.zip"))
    await load(db, packed_hidden(tmp_path / "b.zip"))
    assert {row[0] for row in await rows_of(db, "select latitude from area where code like '~%'")} == {25.05}
    stands = "select q.latitude from service_search q join service s on s.id = q.service_id where s.source_id = 's2'"
    assert await rows_of(db, stands) == [(25.05,)]


async def test_hidden_and_its_areas_changed_in_one_draft(db: Database, tmp_path: Path) -> None:
    await load(db, packed(tmp_path / "a.zip"))
    service, _ = await ids_of(db)
    async with db.work() as session:
        await session.execute(text(COUNTY))
        before = await sheet(session, service)
    assert before is not None
    (place,) = before.places
    hidden = replace(place, kind="confidential", name="", address_1="", city="", postal_code="")
    # What was derived stands in the form still: it is not declared by that.
    await write(db, service, areas=(*before.areas, "C1"), places=(hidden,))
    assert await rows_of(db, "select area_code, derived from service_area") == [("C1", False)]
    assert await rows_of(db, "select code from area") == [("C1",)]
    await nowhere(db)


async def test_no_source_opens_what_is_confidential(db: Database, tmp_path: Path) -> None:
    phones = [["id", "location_id", "number"], ["p1", "l1", "000-000-009"]]
    named = [["id", "service_id", "location_id", "description"], ["k1", "s1", "l1", f"behind {STREET}"]]
    path = packed(tmp_path / "a.zip", phones=phones, service_at_locations=named)
    await load(db, path)
    _, place = await ids_of(db)
    async with db.work() as session:
        assert await hide_location(session, place, "House A")
    report = await load(db, path)
    assert {(p.file, p.row, p.code) for p in report.problems} >= {
        ("locations.csv", 2, "stays_confidential"), ("addresses.csv", 2, "confidential_address"),
        ("phones.csv", 2, "confidential_detail"), ("service_at_locations.csv", 2, "confidential_detail"),
    }  # fmt: skip
    assert STREET not in str(report.problems)
    assert set(MESSAGES["stays_confidential"]) == {"zh-Hant", "en", "ko"}
    found = await rows_of(db, "select location_type, l.name, latitude, l.seen = s.seen from location l, service s")
    assert found == [("confidential", "House A", None, True)]  # it counts as seen
    assert await rows_of(db, "select description from service_at_location") == [("",)]  # and is where the service is
    await nowhere(db)
    # The id we gave it is its id whoever sends it.
    ids = [[place if cell == "l1" else cell for cell in row] for row in OPEN]
    at = [[place if cell == "l1" else cell for cell in row] for row in ADDRESSES]
    links = [[place if cell == "l1" else cell for cell in row] for row in THERE]
    other = await load(db, packed(tmp_path / "b.zip", ids, at, service_at_locations=links), "other")
    assert "stays_confidential" in {p.code for p in other.problems}
    assert await rows_of(db, "select location_type from location") == [("confidential",)]
    await nowhere(db)
    # Nor does the database let anybody.
    with pytest.raises(DBAPIError, match="stays_confidential"):
        await rows_of(db, "update location set location_type = 'physical' returning id")


async def test_a_blank_cell_of_the_template_opens_nothing(db: Database, tmp_path: Path) -> None:
    await load(db, packed_hidden(tmp_path / "a.zip"))
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
    report = await load(db, tmp_path / "t.xlsx")
    assert {p.code for p in report.problems} == {"stays_confidential", "confidential_address"}
    assert await rows_of(db, "select location_type, name from location") == [("confidential", "House A")]
    await nowhere(db)


async def test_a_place_said_to_be_confidential_becomes_so_whatever_else_is_said(db: Database, tmp_path: Path) -> None:
    """A row that says both hid nothing and left what was known before."""
    await load(db, packed(tmp_path / "a.zip"))
    both = [[*OPEN[0]], ["l1", "o1", "confidential", "House A", LATITUDE, LONGITUDE]]
    report = await load(db, packed(tmp_path / "b.zip", both))
    assert {p.code for p in report.problems} >= {"confidential_place", "confidential_address"}
    assert await rows_of(db, "select location_type, latitude from location") == [("confidential", None)]
    await nowhere(db)


@pytest.mark.parametrize("kept", ["confidential", "physical"])
async def test_a_place_removed_by_hand_is_published_no_more(db: Database, tmp_path: Path, kept: str) -> None:
    phones = [["id", "service_id", "location_id", "number"], ["p1", "s1", "l1", "000-000-001"]]
    await load(db, packed(tmp_path / "a.zip", phones=phones))
    service, place = await ids_of(db)
    if kept == "confidential":
        async with db.work() as session:
            assert await hide_location(session, place)
    await write(db, service, places=())
    ((organization,),) = await rows_of(db, "select id from organization")
    async with db.work() as session:
        said = await reading.one(session, "organizations", organization, reading.Form.FULL)
    async with db.work() as session:
        await export_package(session, tmp_path / "out.zip")
    assert said is not None
    assert not any(word in said for word in (STREET, TOWN, "24.12"))
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert not [name for name in out.namelist() if STREET in out.read(name).decode()]
    if kept == "confidential":  # were it gone, the next import would bring it back open
        assert await rows_of(db, "select location_type from location") == [("confidential",)]
        await load(db, packed(tmp_path / "a.zip", phones=phones))
        await nowhere(db)
    else:
        assert await rows_of(db, "select count(*) from location") == [(0,)]
        assert await rows_of(db, "select number from phone") == [("000-000-001",)]  # the service's as well


async def test_a_place_of_others_is_not_this_agencys_to_delete(db: Database, tmp_path: Path) -> None:
    others = [*ORGANIZATIONS, ["o2", "Fictional Landlord", "x"]]
    place = [OPEN[0], ["l1", "o2", *OPEN[1][2:]]]
    await load(db, packed(tmp_path / "a.zip", place, organizations=others))
    service, _ = await ids_of(db)
    await write(db, service, places=())
    assert await rows_of(db, "select count(*) from location") == [(1,)]


@pytest.mark.parametrize("saves", [1, 2])
async def test_a_confidential_place_put_in_an_open_ones_stead_leaves_no_town(
    db: Database, tmp_path: Path, saves: int
) -> None:
    """It is the same house, as like as not: by one save or by two, what was derived from its address goes."""
    await load(db, packed(tmp_path / "a.zip"))
    ((service,),) = await rows_of(db, "select id from service where source_id = 's1'")
    if saves == 2:
        await write(db, service, places=())
    await write(db, service, places=(PlaceRow(None, "confidential", "House A"),))
    assert await rows_of(db, "select area_code from service_area") == []
    assert await rows_of(db, "select code from area where code like '~%'") == []
    assert await rows_of(db, "select latitude from service_search where latitude is not null") == []
