"""A county as large as needed: organizations with services, written straight into the directory's tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid5

from sqlalchemy import insert
from sqlmodel import SQLModel

from directory.refresh import refresh_services
from directory.tables import Area, Attribute, Organization, Service, ServiceArea, TaxonomyTerm
from hub.base.db import Session

NETWORKS = ("social_affairs", "health", "education", "labour", "police", "ngo")
NEEDS = ("counselling", "shelter", "legal_aid")
COUNTIES = ("X01", "X02")
_IDS = UUID("0d1c2b3a-0000-4000-8000-000000000000")


@dataclass
class Filled:
    """What was written: services by organization, and the network of each organization."""

    services: dict[UUID, list[UUID]] = field(default_factory=dict)
    networks: dict[UUID, str] = field(default_factory=dict)

    @property
    def all(self) -> list[UUID]:
        """Every service."""
        return [service for owned in self.services.values() for service in owned]


async def fill(session: Session, organizations: int, *, most: int = 5, first: int = 0) -> Filled:
    """So many organizations with 1 to `most` services each, in turn; townships X011 and X021 lie in two counties."""
    made = Filled()
    rows: dict[type[SQLModel], list[dict[str, object]]] = {
        Organization: [], Service: [], ServiceArea: [], Attribute: []
    }  # fmt: skip
    if first == 0:
        areas = [
            {"code": code, "kind": "county", "names": {"en": f"County {code}", "zh-Hant": f"虛構縣 {code}"}}
            for code in COUNTIES
        ]
        await session.execute(insert(Area), areas)
        towns = [
            {"code": f"{code}1", "kind": "township", "parent": code, "names": {"en": f"Town {code}"}}
            for code in COUNTIES
        ]
        await session.execute(insert(Area), towns)
        terms = [{"id": _id(need), **_source(need), "code": need, "name": need, "need": need} for need in NEEDS]
        await session.execute(insert(TaxonomyTerm), terms)
    for number in range(first, first + organizations):
        key = _id(f"organization {number}")
        network = NETWORKS[number % len(NETWORKS)]
        made.networks[key] = network
        name = {"zh-Hant": f"虛構機關 {number:04}", "en": f"Fictional agency {number:04}"}
        rows[Organization].append(
            {"id": key, **_source(key), "name": name["en"], "name_i18n": name, "network": network}
        )
        made.services[key] = []
        for turn in range(1 + number % most):
            service, where = _id(f"service {number} {turn}"), COUNTIES[(number + turn) % 2]
            made.services[key].append(service)
            names = {"zh-Hant": f"虛構服務 {number:04}-{turn}", "en": f"Fictional service {number:04}-{turn}"}
            rows[Service].append(
                {"id": service, **_source(service), "organization_id": key, "name": names["en"], "name_i18n": names}
            )
            rows[ServiceArea].append({**_source(f"a{service}"), "service_id": service, "area_code": f"{where}1"})
            term = _id(NEEDS[(number + turn) % len(NEEDS)])
            rows[Attribute].append({**_source(f"b{service}"), "service_id": service, "taxonomy_term_id": term})
    for table, values in rows.items():
        await session.execute(insert(table), values)
    await refresh_services(session, made.all)
    return made


def _id(name: str) -> UUID:
    return uuid5(_IDS, name)


def _source(key: object) -> dict[str, str]:
    return {"source": "fictional", "source_id": str(key)}
