"""The sums of coverage equal a plain count over the directory, whatever was done to it and at whatever moment."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from directory import coverage_keeping
from directory.actions import assure, import_package, set_capacity, set_status
from directory.county import write_county
from directory.coverage import Cell, CoverageState, Free, duties, matrix, months_before
from directory.coverage_gaps import GapQuery, gaps, read_population, set_population
from directory.coverage_keeping import keep, keep_all
from directory.coverage_rounds import Change, frozen, snapshot, trend
from directory.messages import MESSAGES
from hub.base.db import Database

NOW = datetime(2026, 5, 31, 16, 30, tzinfo=UTC)  # 1 June in Taipei
AREAS = {
    "TW": None, "A": "TW", "B": "TW", "A1": "A", "A2": "A", "B1": "B", "A1x": "A1", "Z": None,
}  # fmt: skip
"""code -> parent; the tests move one of them."""
WHAT = ("shelter", "rescue", "counselling")
WHO = ("centre", "social_affairs", "health", None)
DAYS = (None, date(2026, 6, 1), date(2026, 6, 2), date(2025, 12, 1), date(2025, 11, 30), date(2026, 1, 15))
SOAK = bool(os.environ.get("SOAK"))
RANDOM: Any = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
ENDS = (*(NOW + timedelta(microseconds=n) for n in (-1, 0, 1)), NOW + timedelta(days=3))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums are kept two services a statement, so that whatever is tried goes over the edge of a chunk."""
    monkeypatch.setattr(coverage_keeping, "CHUNK", 2)


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


_OFFERS = st.builds(
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
_AGENCIES = st.lists(st.tuples(st.sampled_from(WHO), st.sampled_from((True, True, False))), min_size=3, max_size=3)


async def _lay(session: AsyncSession, world: World) -> list[UUID]:
    """Write a world's areas, agencies and words; its services come by `_write`."""
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
    await _agencies(session, world, ids)
    return ids


async def _agencies(session: AsyncSession, world: World, ids: list[UUID]) -> None:
    for key, (network, active) in zip(ids, world.agencies, strict=True):
        await session.execute(
            text("UPDATE organization SET network = :network, status = :status WHERE id = :id"),
            {"id": key, "network": network, "status": "active" if active else "suspended"},
        )


async def _write(session: AsyncSession, offer: Offer, agencies: list[UUID]) -> None:
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


async def _read(session: AsyncSession, now: datetime) -> dict[str, dict[tuple[str, str], Cell]]:
    lines = await matrix(session, now, codes=sorted(AREAS))
    return {
        line.area.code: {(cell.need, cell.network): cell for cell in line.cells if cell.need in WHAT} for line in lines
    }


@asynccontextmanager
async def _world(db: Database, world: World) -> AsyncIterator[tuple[AsyncSession, list[UUID]]]:
    async with db.work() as session:
        savepoint = await session.begin_nested()
        agencies = await _lay(session, world)
        for offer in world.offers:
            await _write(session, offer, agencies)
        yield session, agencies
        await savepoint.rollback()


_LATER = (timedelta(0), timedelta(microseconds=1), timedelta(days=1), timedelta(days=4), timedelta(days=-2))


@settings(
    max_examples=1000 if os.environ.get("SOAK") else 20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(_AGENCIES, st.lists(_OFFERS, max_size=6), st.lists(_OFFERS, min_size=1, max_size=3), st.data())
async def test_equals_a_count_of_each_service(
    db: Database, agencies: list[tuple[str | None, bool]], offers: list[Offer], edits: list[Offer], data: st.DataObject
) -> None:
    world = World(agencies, offers, dict(AREAS))
    async with _world(db, world) as (session, ids):
        await keep(session, [offer.id for offer in offers])
        assert await _read(session, NOW) == world.matrix(NOW)
        for edit in edits:  # a service changes in every way, or comes new
            place = data.draw(st.integers(0, len(world.offers)))
            changed = replace(edit, id=world.offers[place].id) if place < len(world.offers) else edit
            world.offers[place : place + 1] = [changed]
            await _write(session, changed, ids)
            await keep(session, [changed.id])
            moment = NOW + data.draw(st.sampled_from(_LATER))  # time passes and nobody writes
            assert await _read(session, moment) == world.matrix(moment)
        world.agencies = data.draw(_AGENCIES)
        world.parents["A1"] = data.draw(st.sampled_from(("A", "B", "Z", None)))
        await _agencies(session, world, ids)
        await session.execute(text("UPDATE area SET parent = :p WHERE code = 'A1'"), {"p": world.parents["A1"]})
        gone = world.offers.pop()
        await session.execute(text("DELETE FROM service WHERE id = :id"), {"id": gone.id})
        await keep_all(session)
        assert await _read(session, NOW) == world.matrix(NOW)
        # What is kept step by step is what would be counted anew.
        kept = (await session.execute(text("SELECT * FROM coverage WHERE until <> '{}' ORDER BY 1, 2, 3, 4"))).all()
        await session.execute(text("DELETE FROM coverage"))
        await session.execute(text("DELETE FROM coverage_service"))
        await keep_all(session)
        assert (await session.execute(text("SELECT * FROM coverage ORDER BY 1, 2, 3, 4"))).all() == kept


@settings(
    max_examples=400 if os.environ.get("SOAK") else 15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(_AGENCIES, st.lists(_OFFERS, max_size=5), st.sampled_from((None, "TW", "A")), st.sampled_from((None, "county")))
async def test_gaps_are_the_cells_without_an_offer(
    db: Database, agencies: list[tuple[str | None, bool]], offers: list[Offer], inside: str | None, kind: str | None
) -> None:
    world = World(agencies, offers, dict(AREAS))
    kinds = {code: ("country", "county", "township")[min(len(code), 2)] for code in AREAS}
    async with _world(db, world) as (session, _):
        await keep(session, [offer.id for offer in offers])
        for need in WHAT:
            page = await gaps(session, GapQuery(inside, need, None, kind), 100)
            bare = {
                (area, network)
                for area, cells in world.matrix(NOW).items()
                for (what, network), cell in cells.items()
                if what == need and cell.state is CoverageState.GAP and (inside is None or inside in world.above(area))
                if area != inside and kind in (None, kinds[area])
            }
            wide = {(a, n) for a, n in bare if (AREAS[a], n) not in bare}
            assert {(gap.area.code, gap.network) for gap in page.rows} == wide
            assert page.total == len(wide)
            for gap in page.rows:
                others = sum(world.count(gap.area.code, need, who, NOW).services for who in WHO)
                assert gap.others == others
                assert gap.articles


async def test_two_who_write_at_once_both_count(db: Database) -> None:
    world = World([("centre", True)] * 3, [], dict(AREAS))
    offers = [
        Offer(n % 3, True, date(2026, 5, 1), frozenset(WHAT), frozenset({"A1", "B"}), (("bed", 1, ENDS[3]),))
        for n in range(24)
    ]
    async with db.work() as session:
        agencies = await _lay(session, world)
        for offer in offers:
            await _write(session, offer, agencies)

    async def one(mine: list[Offer]) -> None:
        for offer in mine:
            async with db.work() as session:
                await keep(session, [offer.id])

    await asyncio.gather(*(one(offers[n::6]) for n in range(6)), one(offers[:8]))
    world.offers = offers
    async with db.work() as session:
        assert await _read(session, NOW) == world.matrix(NOW)


async def test_every_way_of_writing_keeps_the_sums(db: Database, tmp_path: Path) -> None:
    """Import, capacity, status, attestation and a second import: no hook is forgotten."""

    async def kept_is_right(session: AsyncSession) -> list[Any]:
        before = (await session.execute(text("SELECT * FROM coverage WHERE until <> '{}' ORDER BY 1, 2, 3, 4"))).all()
        await session.execute(text("DELETE FROM coverage"))
        await session.execute(text("DELETE FROM coverage_service"))
        await keep_all(session)
        assert (await session.execute(text("SELECT * FROM coverage ORDER BY 1, 2, 3, 4"))).all() == before
        return list(before)

    async with db.work() as session:
        package = write_county(tmp_path / "county", NOW)
        await import_package(session, package, dry_run=False)
        states = [await kept_is_right(session)]
        services = [r[0] for r in (await session.execute(text("SELECT id FROM service ORDER BY source_id"))).all()]
        await set_capacity(session, services[0], 40, "bed", NOW, NOW + timedelta(days=7))
        states.append(await kept_is_right(session))
        await set_status(session, services[1:3], "inactive")
        states.append(await kept_is_right(session))
        await assure(session, services[3:9], date(2026, 5, 30))
        states.append(await kept_is_right(session))
        await import_package(session, package, dry_run=False)
        states.append(await kept_is_right(session))
        assert all(a != b for a, b in itertools.pairwise(states))  # each did something


async def test_a_frozen_round_stays_and_compares(db: Database) -> None:
    offers = [
        Offer(0, True, date(2026, 5, 1), frozenset({"shelter"}), frozenset({"A"}), (("bed", 2, ENDS[3]),)),
        Offer(1, True, date(2026, 1, 15), frozenset({"rescue"}), frozenset({"A1"}), ()),
    ]
    world = World([("social_affairs", True), ("centre", True), ("health", True)], offers, dict(AREAS))
    async with _world(db, world) as (session, agencies):
        await keep(session, [offer.id for offer in offers])
        first, second = uuid4(), uuid4()
        assert await snapshot(session, first, NOW)
        gone, new = replace(offers[0], active=False), replace(offers[1], id=uuid4(), needs=frozenset({"counselling"}))
        for offer in (gone, replace(offers[1], areas=frozenset({"A"})), new):
            await _write(session, offer, agencies)
            await keep(session, [offer.id])
        later = NOW + timedelta(days=60)
        assert await snapshot(session, second, later)
        assert not await snapshot(session, first, later)  # what was frozen stays
        assert [r.label for r in await frozen(session)] == [second, first]
        now = await trend(session, first, None, later, codes=["A", "B"])
        assert now == await trend(session, first, second, later + timedelta(days=400), codes=["A", "B"])
        assert now is not None
        a, b = now
        told = {(c.need, c.network): c.change for c in a.changes}
        assert told == {
            ("shelter", "social_affairs"): Change.GAP_OPENED,
            ("rescue", "centre"): Change.STALER,
            ("counselling", "centre"): Change.GAP_CLOSED,
        }
        assert b.changes == ()
        assert a.before is not None
        assert (a.after.gaps, a.after.met) == (a.before.gaps, a.before.met)
        assert a.before.gaps + a.before.met == len(duties())
        assert (a.before.attested, a.after.attested) == (2, 0)
        assert await trend(session, uuid4(), None, later) is None


async def test_populations_rank_gaps_and_bad_lines_are_told(db: Database) -> None:
    world = World([("centre", True)] * 3, [], dict(AREAS))
    async with _world(db, world) as (session, _):
        content = (
            'Code,Population,Year\nA,1000,2025\nB,"2,000",2025\nA,5,2025\nnowhere,3,2025\nZ,many,2025\nZ,1,12\nZ,,\n'
        ).encode("utf-8-sig")
        report = await read_population(session, content)
        assert report.set == 2
        assert report.problems == [
            (4, "duplicate"), (5, "unknown_area"), (6, "bad_value"), (7, "bad_value"), (8, "missing_value"),
        ]  # fmt: skip
        assert all(code in MESSAGES for _, code in report.problems)
        asked = GapQuery(None, "hotline", None, "county")
        page = await gaps(session, asked, 1)
        assert [(g.area.code, g.population, g.population_year) for g in page.rows] == [("B", 2000, 2025)]
        assert (await gaps(session, asked, 1, 1)).rows[0].area.code == "A"
        beyond = await gaps(session, asked, 1, 9)
        assert (beyond.rows, beyond.total) == ((), page.total)
        by_unmet = await gaps(session, asked, 1, 0, {("A", "hotline"): 5})
        assert by_unmet.rows[0].area.code == "A"
        assert await set_population(session, {"A": (7, 2026), "nowhere": (1, 2026)}) == {"A"}
        with pytest.raises(ValueError, match="missing column"):
            await read_population(session, b"code;population\n")
        with pytest.raises(ValueError, match="UTF-8"):
            await read_population(session, "code,population,year\n甲,1,2025\n".encode("cp950"))


def test_months_end_where_the_calendar_does() -> None:
    assert months_before(date(2026, 8, 31), 6) == date(2026, 2, 28)
    assert months_before(date(2024, 8, 31), 6) == date(2024, 2, 29)
    assert months_before(date(2026, 6, 1), 6) == date(2025, 12, 1)
    assert months_before(date(2026, 1, 31), 1) == date(2025, 12, 31)
    assert months_before(date(2026, 12, 31), 12) == date(2025, 12, 31)
    assert months_before(date(2026, 12, 31), 1) == date(2026, 11, 30)
