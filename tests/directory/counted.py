"""A small directory whose coverage is counted one service after the other: random ones, written and read back."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from directory.coverage import Cell, Free, duties, matrix, months_before
from hub.base.db import Database

NOW = datetime(2026, 5, 31, 16, 30, tzinfo=UTC)  # 1 June in Taipei
AREAS = {
    "TW": None, "A": "TW", "B": "TW", "A1": "A", "A2": "A", "B1": "B", "A1x": "A1", "Z": None,
}  # fmt: skip
"""code -> parent; the tests move one of them."""
WHAT = ("shelter", "rescue", "counselling")
WHO = ("centre", "social_affairs", "health", None)
DAYS = (None, date(2026, 6, 1), date(2026, 6, 2), date(2025, 12, 1), date(2025, 11, 30), date(2026, 1, 15))
ENDS = (*(NOW + timedelta(microseconds=n) for n in (-1, 0, 1)), NOW + timedelta(days=3))


@dataclass(frozen=True)
class Offer:
    """A service as the tests know it: which agency has it, and everything coverage depends on."""

    agency: int
    active: bool
    day: date | None
    needs: frozenset[str]
    areas: frozenset[str]
    free: tuple[tuple[str, int, datetime], ...]
    id: UUID = field(default_factory=uuid4)


@dataclass
class World:
    """A small directory: agencies as (network, active), services, where each area lies."""

    agencies: list[tuple[str | None, bool]]
    offers: list[Offer]
    parents: dict[str, str | None]

    def above(self, code: str) -> list[str]:
        """The area and those around it."""
        found = [code]
        while parent := self.parents[found[-1]]:
            found.append(parent)
        return found

    def count(self, area: str, need: str, network: str | None, now: datetime) -> Cell:
        """A cell counted one service after the other."""
        today = now.astimezone(UTC).date() + timedelta(days=now.hour >= 16)  # Taipei is eight hours ahead
        old, reach, whole, attested = months_before(today, 6), 0, 0, 0
        free: dict[str, list[int]] = {}
        for offer in self.offers:
            who, working = self.agencies[offer.agency]
            if not (working and offer.active and who == network and need in offer.needs):
                continue
            covers = any(named in self.above(area) for named in offer.areas)
            if not covers and not any(area in self.above(named) for named in offer.areas):
                continue
            reach, whole = reach + 1, whole + covers
            attested += offer.day is not None and old <= offer.day <= today
            for unit, available, ends in offer.free:
                if ends > now:
                    free.setdefault(unit, []).append(available)
        said = tuple(Free(unit, sum(places), len(places)) for unit, places in sorted(free.items()))
        return Cell(need, network or "", (need, network) in duties(), reach, whole, attested, said)

    def matrix(self, now: datetime) -> dict[str, dict[tuple[str, str], Cell]]:
        """Every area's cells that are owed or offered, of the needs and networks tried here."""
        return {
            area: {
                (cell.need, cell.network): cell
                for need, network in itertools.product(WHAT, WHO)
                for cell in (self.count(area, need, network, now),)
                if cell.owed or cell.services
            }
            for area in self.parents
        }


OFFERS = st.builds(
    Offer,
    agency=st.integers(0, 2),
    active=st.sampled_from((True, True, True, False)),
    day=st.sampled_from(DAYS),
    needs=st.frozensets(st.sampled_from(WHAT), max_size=2),
    areas=st.frozensets(st.sampled_from(sorted(AREAS)), max_size=3),
    free=st.dictionaries(
        st.sampled_from(("bed", "place")), st.tuples(st.integers(0, 3), st.sampled_from(ENDS)), max_size=2
    ).map(lambda said: tuple((unit, *rest) for unit, rest in sorted(said.items()))),
)
AGENCIES = st.lists(st.tuples(st.sampled_from(WHO), st.sampled_from((True, True, False))), min_size=3, max_size=3)


async def lay(session: AsyncSession, world: World) -> list[UUID]:
    """Write a world's areas, agencies and words; its services come by `put`."""
    for code, parent in AREAS.items():
        await session.execute(
            text("INSERT INTO area (code, parent, kind, names) VALUES (:code, :parent, :kind, '{}')"),
            {"code": code, "parent": parent, "kind": ("country", "county", "township")[min(len(code), 2)]},
        )
    await session.execute(
        text(
            "INSERT INTO taxonomy_term (source, source_id, code, name, need) SELECT 't', n, n, n, n "
            "FROM unnest(CAST(:needs AS text[])) n"
        ),
        {"needs": list(WHAT)},
    )
    ids = [uuid4() for _ in world.agencies]
    for key in ids:
        await session.execute(
            text("INSERT INTO organization (id, source, source_id, name) VALUES (:id, 't', :key, 'n')"),
            {"id": key, "key": str(key)},
        )
    await set_agencies(session, world, ids)
    return ids


async def set_agencies(session: AsyncSession, world: World, ids: list[UUID]) -> None:
    """Write what the world says of its agencies."""
    for key, (network, active) in zip(ids, world.agencies, strict=True):
        await session.execute(
            text("UPDATE organization SET network = :network, status = :status WHERE id = :id"),
            {"id": key, "network": network, "status": "active" if active else "suspended"},
        )


async def put(session: AsyncSession, offer: Offer, agencies: list[UUID]) -> None:
    """Write a service as it is now."""
    given: dict[str, Any] = {
        "id": offer.id, "key": str(offer.id), "agency": agencies[offer.agency], "day": offer.day,
        "status": "active" if offer.active else "temporarily closed", "needs": sorted(offer.needs),
        "areas": sorted(offer.areas), "units": [u for u, *_ in offer.free], "free": [f for _, f, _ in offer.free],
        "ends": [e for *_, e in offer.free], "said": NOW - timedelta(days=30),
    }  # fmt: skip
    for statement in (
        "INSERT INTO service (id, source, source_id, organization_id, name, status, assured_date) "
        "VALUES (:id, 't', :key, :agency, 'n', :status, :day) ON CONFLICT (id) DO UPDATE SET "
        "organization_id = excluded.organization_id, status = excluded.status, assured_date = excluded.assured_date",
        "DELETE FROM attribute WHERE service_id = :id",
        "DELETE FROM service_area WHERE service_id = :id",
        "DELETE FROM service_capacity WHERE service_id = :id",
        "INSERT INTO attribute (source, source_id, service_id, taxonomy_term_id) SELECT 't', :key || t.need, :id, t.id "
        "FROM taxonomy_term t WHERE t.need = ANY(CAST(:needs AS text[]))",
        "INSERT INTO service_area (source, source_id, service_id, area_code) SELECT 't', :key || a, :id, a "
        "FROM unnest(CAST(:areas AS text[])) a",
        "INSERT INTO service_capacity (source, source_id, service_id, available, unit, updated, expires) "
        "SELECT 't', :key || u, :id, f, u, :said, e FROM unnest(CAST(:units AS text[]), CAST(:free AS integer[]), "
        "CAST(:ends AS timestamptz[])) AS x(u, f, e)",
    ):
        asked = text(statement)
        await session.execute(asked, {name: given[name] for name in asked.compile().params})


async def read(session: AsyncSession, now: datetime) -> dict[str, dict[tuple[str, str], Cell]]:
    """The cells that the directory tells of."""
    lines = await matrix(session, now, codes=sorted(AREAS))
    return {
        line.area.code: {(cell.need, cell.network): cell for cell in line.cells if cell.need in WHAT} for line in lines
    }


@asynccontextmanager
async def written(db: Database, world: World) -> AsyncIterator[tuple[AsyncSession, list[UUID]]]:
    """A session in which the world is written, and its agencies; nothing of it stays."""
    async with db.work() as session:
        savepoint = await session.begin_nested()
        agencies = await lay(session, world)
        for offer in world.offers:
            await put(session, offer, agencies)
        yield session, agencies
        await savepoint.rollback()
