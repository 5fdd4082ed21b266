"""`modified_after` and `last_modified`: what is added, changed, moved or removed of a service counts, nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlmodel import SQLModel

from directory import tables
from directory.actions import import_package
from directory.history import said_by
from hub.base.settings import Settings
from tests.api.hsds_asked import Api, Rich, served

BEGUN = datetime(2100, 1, 1, tzinfo=UTC)  # after all that the county was made of
LATER = BEGUN + timedelta(days=100)
Make = Callable[[Rich], Any]


def _row(table: type[SQLModel], **columns: Any) -> Any:
    return table(id=uuid4(), source="new", source_id=str(uuid4()), **columns)


def _of(table: type[SQLModel], owner: str, whose: str, **columns: Any) -> Make:
    return lambda rich: _row(table, **{owner: getattr(rich, whose).id}, **columns)


def _described(entity: str, whose: str) -> Make:
    def make(rich: Rich) -> Any:
        of = {"service_id": rich.service.id} if entity == "service" else {"link_id": getattr(rich, whose).id}
        return _row(tables.Attribute, **of, link_entity=entity, taxonomy_term_id=rich.term.id)

    return make


t = tables
KINDS: dict[str, tuple[Make, str]] = {
    # what is added -> (how it is made, the column that is changed then)
    "phone": (_of(t.Phone, "service_id", "service", number="000-1"), "number"),
    "phone of a contact": (_of(t.Phone, "contact_id", "contact", number="000-1"), "number"),
    "phone of the place": (_of(t.Phone, "location_id", "location", number="000-1"), "number"),
    "phone there": (_of(t.Phone, "service_at_location_id", "at", number="000-1"), "number"),
    "phone of the agency": (_of(t.Phone, "organization_id", "organization", number="000-1"), "number"),
    "contact": (_of(t.Contact, "service_id", "service", name="示範員"), "title"),
    "contact of the place": (_of(t.Contact, "location_id", "location", name="示範員"), "title"),
    "contact there": (_of(t.Contact, "service_at_location_id", "at", name="示範員"), "title"),
    "contact of the agency": (_of(t.Contact, "organization_id", "organization", name="示範員"), "title"),
    "schedule": (_of(t.Schedule, "service_id", "service", byday="FR"), "notes"),
    "schedule of the place": (_of(t.Schedule, "location_id", "location", byday="FR"), "notes"),
    "schedule there": (_of(t.Schedule, "service_at_location_id", "at", byday="FR"), "notes"),
    "language": (_of(t.Language, "service_id", "service", name="한국어"), "note"),
    "language of the place": (_of(t.Language, "location_id", "location", name="한국어"), "note"),
    "language of a phone": (_of(t.Language, "phone_id", "phone", name="한국어"), "note"),
    "area": (_of(t.ServiceArea, "service_id", "service", name="全縣"), "description"),
    "eligibility": (_of(t.Eligibility, "service_id", "service", eligibility="任何人"), "eligibility"),
    "cost": (_of(t.CostOption, "service_id", "service", option="一般"), "amount_description"),
    "document": (_of(t.RequiredDocument, "service_id", "service", document="無"), "document"),
    "funding": (_of(t.Funding, "service_id", "service", funder="示範基金"), "funder"),
    "funding of the agency": (_of(t.Funding, "organization_id", "organization", funder="示範基金"), "funder"),
    "identifier": (_of(t.OrganizationIdentifier, "organization_id", "organization", identifier="2"), "identifier"),
    "accessibility": (_of(t.Accessibility, "location_id", "location", description="坡道"), "details"),
    "address": (_of(t.Address, "location_id", "location", location_type="physical", address_type="postal"), "city"),
    "attribute": (_described("service", "service"), "value"),
    "attribute of the place": (_described("location", "location"), "value"),
    "attribute of a phone": (_described("phone", "phone"), "value"),
    "attribute of the agency": (_described("organization", "organization"), "value"),
}


class World:
    """Two services nobody has touched since `BEGUN`; each act happens a day after the last one."""

    def __init__(self, api: Api) -> None:
        self.api, self.rich, self.other = api, Rich(), Rich()
        self.moment = LATER

    async def put(self, *rows: Any, at: datetime = BEGUN) -> None:
        """Add rows at a moment."""
        async with self.api.hub.db.work() as session:
            await said_by(session, "staff-7", at)
            for row in rows:
                session.add(row)
                await session.flush()

    async def do(self, statement: str, **given: Any) -> None:
        """Write at the next moment."""
        self.moment += timedelta(days=1)
        async with self.api.hub.db.work() as session:
            await said_by(session, "staff-7", self.moment)
            await session.execute(text(statement), given)

    async def changed(self, path: str = "/services", key: str = "id") -> set[str]:
        """Ids of services that changed at the last moment, which they say themselves."""
        since = self.moment.isoformat().replace("+", "%2B")
        found = await self.api.all(f"{path}?modified_after={since}")
        if path == "/services":
            minimal = await self.api.all(f"/services?modified_after={since}&minimal=true")
            assert {(s["id"], s["last_modified"]) for s in found} == {(s["id"], s["modified_date"]) for s in minimal}
            assert {datetime.fromisoformat(s["last_modified"]) for s in found} <= {self.moment}
        return {one[key] for one in found}


@pytest_asyncio.fixture
async def world(settings: Settings, database_url: str) -> AsyncIterator[World]:
    async with served(settings, database_url) as api:
        made = World(api)
        await made.put(*made.rich.rows, *made.other.rows)
        yield made


async def test_each_kind_of_detail(world: World) -> None:
    mine = {str(world.rich.service.id)}
    assert await world.changed() == set()
    for kind, (make, column) in KINDS.items():
        world.moment += timedelta(days=1)
        row = make(world.rich)
        await world.put(row, at=world.moment)
        assert await world.changed() == mine, f"{kind} added"
        table = row.__tablename__
        await world.do(f"UPDATE {table} SET seen = gen_random_uuid() WHERE id = :id", id=row.id)
        assert await world.changed() == set(), f"{kind} seen again"
        await world.do(f"UPDATE {table} SET {column} = 'x' WHERE id = :id", id=row.id)
        assert await world.changed() == mine, f"{kind} changed"
        await world.do(f"DELETE FROM {table} WHERE id = :id", id=row.id)
        assert await world.changed() == mine, f"{kind} removed"
        assert await world.changed("/service_at_locations", "service_id") == mine


async def test_places_agencies_and_programs(world: World) -> None:
    rich, other = world.rich, world.other
    mine, both = {str(rich.service.id)}, {str(rich.service.id), str(other.service.id)}
    for table, row in (("service", rich.service), ("organization", rich.organization), ("program", rich.program),
                       ("location", rich.location), ("service_at_location", rich.at)):  # fmt: skip
        await world.do(f"UPDATE {table} SET description = 'anew' WHERE id = :id", id=row.id)
        assert await world.changed() == mine, table
    world.moment += timedelta(days=1)
    link = _row(t.ServiceAtLocation, service_id=rich.service.id, location_id=other.location.id)
    await world.put(link, at=world.moment)
    assert await world.changed() == mine
    await world.do("UPDATE location SET name = 'anew' WHERE id = :id", id=other.location.id)
    assert await world.changed() == both
    await world.do("DELETE FROM service_at_location WHERE id = :id", id=link.id)
    assert await world.changed() == mine
    # Given to another, it is missed by the one it belonged to.
    await world.do("UPDATE phone SET service_id = :to WHERE id = :id", id=rich.phone.id, to=other.service.id)
    assert await world.changed() == both
    # With a contact goes its telephone; with a place all that is there.
    await world.do("DELETE FROM contact WHERE id = :id", id=rich.contact.id)
    assert await world.changed() == mine
    await world.do("DELETE FROM location WHERE id = :id", id=rich.location.id)
    assert await world.changed() == mine
    # The agency of a service that is removed is the same as before, and so are its other services.
    await world.do("UPDATE service SET organization_id = :to WHERE id = :id", id=other.service.id,
                   to=rich.organization.id)  # fmt: skip
    await world.do("DELETE FROM service WHERE id = :id", id=other.service.id)
    assert await world.changed() == set()
    await world.do("UPDATE taxonomy SET name = 'anew' WHERE id = :id", id=rich.taxonomy.id)
    assert await world.changed() == set()  # vocabularies are asked for by themselves


ORGANIZATIONS = "id,name,description\no1,Fictional Aid,x\n"
SERVICES = "id,organization_id,name,last_modified\ns1,o1,Night desk,2020-01-01T00:00:00Z\ns2,o1,Day desk,\n"


async def test_what_an_import_adds(world: World, tmp_path: Path) -> None:
    """A service changes when the import adds to it, not when it says the same again, whatever date its source says."""

    async def load(name: str, phones: str) -> None:
        world.moment += timedelta(days=1)
        folder = tmp_path / name
        folder.mkdir()
        for file, rows in (("organizations", ORGANIZATIONS), ("services", SERVICES), ("phones", phones)):
            (folder / f"{file}.csv").write_text(rows, "utf-8")
        async with world.api.hub.db.work() as session:
            await said_by(session, "import:fictional", world.moment)
            report = await import_package(session, folder, dry_run=False, source="fictional")
            assert report.refused is None, report

    first, second = "id,service_id,number\np1,s1,000-1\n", "id,service_id,number\np1,s1,000-1\np2,s2,000-2\n"
    await load("a", first)
    ids = {one["name"]: one["id"] for one in await world.api.all("/services?minimal=true")}
    mine: dict[str, UUID] = {name: ids[name] for name in ("Night desk", "Day desk")}
    assert await world.changed() == set(mine.values())
    await load("b", first)
    assert await world.changed() == set()
    await load("c", second)
    assert await world.changed() == {mine["Day desk"]}
    await load("d", first)
    assert await world.changed() == {mine["Day desk"]}


@pytest.mark.parametrize("collection", ["services", "organizations"])
async def test_the_newest_moment_is_in_the_header(world: World, collection: str) -> None:
    """An answer about one service is dated by what was added last to it."""
    world.moment += timedelta(days=1)
    await world.put(KINDS["phone"][0](world.rich), at=world.moment)
    row = world.rich.service if collection == "services" else world.rich.organization
    answer = await world.api.ask(f"/{collection}/{row.id}")
    dated = answer.headers.get("last-modified")
    assert dated == (world.moment.strftime("%a, %d %b %Y %H:%M:%S GMT") if collection == "services" else None)
