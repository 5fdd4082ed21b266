"""The sums of coverage equal a plain count over the directory, whatever was done to it and at whatever moment."""

from __future__ import annotations

import asyncio
import itertools
import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from directory import coverage_keeping
from directory.actions import assure, import_package, set_capacity, set_status
from directory.county import write_county
from directory.coverage import CoverageState, duties, months_before
from directory.coverage_gaps import GapQuery, gaps, read_population, set_population
from directory.coverage_keeping import keep, keep_all
from directory.coverage_rounds import Change, frozen, snapshot, trend
from directory.messages import MESSAGES
from hub.base.db import Database
from tests.directory.counted import (
    AGENCIES,
    AREAS,
    ENDS,
    NOW,
    OFFERS,
    WHAT,
    WHO,
    Offer,
    World,
    lay,
    put,
    read,
    set_agencies,
    written,
)

SOAK = bool(os.environ.get("SOAK"))
RANDOM: Any = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sums are kept two services a statement, so that whatever is tried goes over the edge of a chunk."""
    monkeypatch.setattr(coverage_keeping, "CHUNK", 2)


_LATER = (timedelta(0), timedelta(microseconds=1), timedelta(days=1), timedelta(days=4), timedelta(days=-2))


@settings(
    max_examples=1000 if os.environ.get("SOAK") else 20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(AGENCIES, st.lists(OFFERS, max_size=6), st.lists(OFFERS, min_size=1, max_size=3), st.data())
async def test_equals_a_count_of_each_service(
    db: Database, agencies: list[tuple[str | None, bool]], offers: list[Offer], edits: list[Offer], data: st.DataObject
) -> None:
    world = World(agencies, offers, dict(AREAS))
    async with written(db, world) as (session, ids):
        await keep(session, [offer.id for offer in offers])
        assert await read(session, NOW) == world.matrix(NOW)
        for edit in edits:  # a service changes in every way, or comes new
            place = data.draw(st.integers(0, len(world.offers)))
            changed = replace(edit, id=world.offers[place].id) if place < len(world.offers) else edit
            world.offers[place : place + 1] = [changed]
            await put(session, changed, ids)
            await keep(session, [changed.id])
            moment = NOW + data.draw(st.sampled_from(_LATER))  # time passes and nobody writes
            assert await read(session, moment) == world.matrix(moment)
        world.agencies = data.draw(AGENCIES)
        world.parents["A1"] = data.draw(st.sampled_from(("A", "B", "Z", None)))
        await set_agencies(session, world, ids)
        await session.execute(text("UPDATE area SET parent = :p WHERE code = 'A1'"), {"p": world.parents["A1"]})
        gone = world.offers.pop()
        await session.execute(text("DELETE FROM service WHERE id = :id"), {"id": gone.id})
        await keep_all(session)
        assert await read(session, NOW) == world.matrix(NOW)
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
@given(AGENCIES, st.lists(OFFERS, max_size=5), st.sampled_from((None, "TW", "A")), st.sampled_from((None, "county")))
async def test_gaps_are_the_cells_without_an_offer(
    db: Database, agencies: list[tuple[str | None, bool]], offers: list[Offer], inside: str | None, kind: str | None
) -> None:
    world = World(agencies, offers, dict(AREAS))
    kinds = {code: ("country", "county", "township")[min(len(code), 2)] for code in AREAS}
    async with written(db, world) as (session, _):
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
        agencies = await lay(session, world)
        for offer in offers:
            await put(session, offer, agencies)

    async def one(mine: list[Offer]) -> None:
        for offer in mine:
            async with db.work() as session:
                await keep(session, [offer.id])

    await asyncio.gather(*(one(offers[n::6]) for n in range(6)), one(offers[:8]))
    world.offers = offers
    async with db.work() as session:
        assert await read(session, NOW) == world.matrix(NOW)


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
    async with written(db, world) as (session, agencies):
        await keep(session, [offer.id for offer in offers])
        first, second = uuid4(), uuid4()
        assert await snapshot(session, first, NOW)
        gone, new = replace(offers[0], active=False), replace(offers[1], id=uuid4(), needs=frozenset({"counselling"}))
        for offer in (gone, replace(offers[1], areas=frozenset({"A"})), new):
            await put(session, offer, agencies)
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
    async with written(db, world) as (session, _):
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
