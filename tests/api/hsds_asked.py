"""The read API of HSDS asked in process, and a service of which everything is said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI
from sqlalchemy import event
from sqlmodel import SQLModel

from directory import tables
from directory.refresh import refresh_services
from hub.api.run import Hub
from hub.app import create_app, opened
from hub.base.db import Session
from hub.base.settings import Settings

PLANTED = "金絲雀街九十九號"


class Api:
    """The API, asked in process, and every statement that asking cost."""

    def __init__(self, hub: Hub, http: httpx.AsyncClient) -> None:
        self.hub, self.http, self.statements = hub, http, list[str]()

    async def ask(self, path: str, **headers: str) -> httpx.Response:
        """Any answer."""
        return await self.http.get(f"/hsds{path}", headers={k.replace("_", "-"): v for k, v in headers.items()})

    async def get(self, path: str) -> Any:
        """The body of a good one."""
        answer = await self.ask(path)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    async def all(self, path: str) -> list[Any]:
        """What a list holds, by its pages."""
        found, number = list[Any](), 1
        while True:
            page = await self.get(f"{path}{'&' if '?' in path else '?'}page={number}&per_page=100")
            found += page["contents"]
            if page["last_page"]:
                assert len(found) == page["total_items"]
                return found
            number += 1


@asynccontextmanager
async def served(settings: Settings, url: str, *, public: bool = True) -> AsyncIterator[Api]:
    """The whole application over a database, asked without a socket."""
    given = settings.model_copy(update={"hsds_public": public})
    async with opened(given, url) as hub:
        app: FastAPI = create_app(hub)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.invalid") as http:
            api = Api(hub, http)
            engine = hub.db.engine.sync_engine
            event.listen(engine, "before_cursor_execute", lambda *given: api.statements.append(given[2]))
            yield api


def sourced(table: type[SQLModel], **columns: Any) -> Any:
    """A row of a source of its own."""
    return table(id=uuid4(), source="hsds", source_id=str(uuid4()), **columns)


class Rich:
    """A service of which everything is said, at one open place with an address."""

    def __init__(self) -> None:
        t = tables
        self.organization = sourced(
            t.Organization, name="示範協會", email="no address", website="www.example.invalid/a", tax_id="1",
            year_incorporated=1990, extra={"note": PLANTED},
        )  # fmt: skip
        o = self.organization.id
        self.program = sourced(t.Program, organization_id=o, name="示範方案")
        self.location = sourced(
            t.Location, organization_id=o, location_type="physical", name=f"{PLANTED}之家",
            latitude=24.5, longitude=121.5, external_identifier=PLANTED, area_code="99001010",
        )  # fmt: skip
        place = self.location.id
        self.service = sourced(
            t.Service, organization_id=o, program_id=self.program.id, name="示範庇護", url="https://例.invalid",
            email="desk@example.invalid", minimum_age=18, assured_date=date(2026, 1, 2), extra={"note": PLANTED},
            last_modified=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        )  # fmt: skip
        s = self.service.id
        self.at = sourced(t.ServiceAtLocation, service_id=s, location_id=place, description=PLANTED)
        self.contact = sourced(t.Contact, service_id=s, name="示範員", email="who@example.invalid")
        self.phone = sourced(t.Phone, service_id=s, number="000-000-001", extension="12")
        self.taxonomy = sourced(t.Taxonomy, name="示範分類", description="", uri="https://example.invalid/t")
        self.term = sourced(t.TaxonomyTerm, code="x", name="示範詞", taxonomy_id=self.taxonomy.id)
        self.child = sourced(t.TaxonomyTerm, code="y", name="示範子詞", taxonomy_id=self.taxonomy.id,
                              parent_id=self.term.id)  # fmt: skip
        self.rows = [
            self.organization, self.program, self.location, self.service, self.at, self.contact, self.phone,
            self.taxonomy, self.term, self.child,
            sourced(t.Address, location_id=place, location_type="physical", address_1=PLANTED, city="示範市",
                     postal_code="99999", country="TW"),
            sourced(t.Phone, contact_id=self.contact.id, number="000-000-002", extension="012"),
            sourced(t.Phone, location_id=place, number=f"{PLANTED}-3"),
            sourced(t.Phone, organization_id=o, number="000-000-004"),
            sourced(t.Contact, location_id=place, name=PLANTED),
            sourced(t.Contact, service_at_location_id=self.at.id, name=PLANTED),
            sourced(t.Language, phone_id=self.phone.id, name="English", code="en"),
            sourced(t.Language, location_id=place, name=PLANTED, code="ko", note=PLANTED),
            sourced(t.Accessibility, location_id=place, description=PLANTED, code="wheelchair",
                     url="https://example.invalid/r"),
            sourced(t.Schedule, location_id=place, byday="MO", freq="WEEKLY", opens_at=time(9), closes_at=time(17),
                     timezone=8, interval=1, notes=PLANTED),
            sourced(t.Schedule, service_id=s, byday="TU", opens_at=time(9, 30), valid_from=date(2026, 1, 1), count=3),
            sourced(t.ServiceArea, service_id=s, area_code="99001", derived=True),
            sourced(t.ServiceArea, service_id=s, area_code=None, name="全國", uri="x"),
            sourced(t.Eligibility, service_id=s, eligibility="任何人"),
            sourced(t.CostOption, service_id=s, option="一般", amount=Decimal("12.50"), currency="TWD"),
            sourced(t.RequiredDocument, service_id=s, document="無", uri="nowhere"),
            sourced(t.Funding, service_id=s, funder="示範基金"),
            sourced(t.Funding, organization_id=o, funder="示範基金"),
            sourced(t.OrganizationIdentifier, organization_id=o, identifier_type="x", identifier="1"),
            sourced(t.Attribute, service_id=s, taxonomy_term_id=self.term.id, value="v"),
            sourced(t.Attribute, link_id=place, link_entity="location", taxonomy_term_id=self.child.id, value=PLANTED),
        ]  # fmt: skip

    async def put(self, session: Session) -> None:
        """Write it all, and make it be found."""
        for row in self.rows:  # in this order: what is pointed to comes before what points
            session.add(row)
            await session.flush()
        await refresh_services(session, [self.service.id])
