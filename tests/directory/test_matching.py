"""Matching agrees with a plain reading of the rules, tells every point, and stays on its index."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest_asyncio
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.data_directory import write_package
from directory.actions import import_package
from directory.county import write_county
from directory.matching import CANDIDATES, MatchRequest, Urgency, Weights, match
from directory.taxonomy import NEEDS, owes
from hub.base.db import Database

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
_FACTS = text(
    "SELECT s.id, s.status, s.minimum_age, s.maximum_age, s.genders, o.network, o.status AS agency, "
    "ARRAY(SELECT t.need FROM attribute b JOIN taxonomy_term t ON t.id = b.taxonomy_term_id WHERE b.service_id = s.id "
    "AND t.need IS NOT NULL) AS needs, "
    "ARRAY(SELECT area_code FROM service_area WHERE service_id = s.id AND area_code IS NOT NULL) AS areas, "
    "ARRAY(SELECT code FROM language WHERE service_id = s.id) AS languages, "
    "ARRAY(SELECT c.code FROM accessibility c JOIN service_at_location k ON k.location_id = c.location_id "
    "WHERE k.service_id = s.id) AS accessibility, "
    "(SELECT ARRAY[l.latitude, l.longitude] FROM location l JOIN service_at_location k ON k.location_id = l.id "
    "WHERE k.service_id = s.id AND l.latitude IS NOT NULL ORDER BY l.id LIMIT 1) AS place, "
    "c.available, c.expires, "
    "(SELECT json_agg(json_build_array(byday, opens_at, closes_at)) FROM schedule WHERE service_id = s.id) AS hours "
    "FROM service s JOIN organization o ON o.id = s.organization_id "
    "LEFT JOIN service_capacity c ON c.service_id = s.id"
)


@pytest_asyncio.fixture(loop_scope="session")
async def session(db: Database, tmp_path: Path) -> AsyncIterator[AsyncSession]:
    """A session on the fictional county and 400 generated services."""
    async with db.work() as session:
        await import_package(session, write_county(tmp_path / "county", NOW), dry_run=False)
        await import_package(session, write_package(tmp_path / "many", 400), dry_run=False, source="many")
        yield session


def _km(a: tuple[float, float], b: tuple[float, float]) -> int:
    p, q = math.radians(a[0]), math.radians(b[0])
    d = math.sin((q - p) / 2) ** 2 + math.cos(p) * math.cos(q) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    return round(2 * 6371.0088 * math.asin(math.sqrt(min(1, d))))


def _open(hours: Any, minute: int) -> bool | None:
    if not hours:
        return None
    for byday, opens, closes in hours:
        start, end = (int(t[:2]) * 60 + int(t[3:5]) for t in (opens, closes))
        length = end - start if end > start else end - start + 1440
        for day in byday.split(","):
            begin = "MOTUWETHFRSASU".index(day) // 2 * 1440 + start
            if begin <= minute < begin + length or begin <= minute + 10080 < begin + length:
                return True
    return False


class _Oracle:
    """The rules of matching read row by row in Python."""

    def __init__(self, rows: list[Any], areas: dict[str, Any]) -> None:
        self.rows, self.areas = rows, areas

    def answer(self, q: MatchRequest, now: datetime, limit: int, w: Weights) -> tuple[list[Any], list[Any]]:
        here = self.areas[q.area]
        middle = (here.latitude, here.longitude)
        chain = [here.parent] if here.parent else []
        inside = [a.code for a in self.areas.values() if a.parent == q.area]
        looked = {q.area, *chain, *inside}
        found = self._score(q, now, w, looked, chain, inside, middle)
        if len([1 for f in found if not f[2]]) < limit:
            others = [a for a in self.areas.values() if a.code not in looked]
            flat = math.cos(math.radians(middle[0]))
            others.sort(key=lambda a: ((a.latitude - middle[0]) ** 2 + ((a.longitude - middle[1]) * flat) ** 2, a.code))
            looked |= {a.code for a in others[: w.elsewhere_areas]}
            found = self._score(q, now, w, looked, chain, inside, middle)
        found.sort(key=lambda f: (-f[1], f[0]))
        return [f[:2] for f in found if not f[2]][:limit], [(f[0], f[2]) for f in found if f[2]][:limit]

    def _score(
        self, q: MatchRequest, now: datetime, w: Weights, looked: set[str], chain: list[str], inside: list[str],
        middle: tuple[float, float],
    ) -> list[Any]:  # fmt: skip
        local = now.astimezone(ZoneInfo(w.timezone))
        minute = local.weekday() * 1440 + local.hour * 60 + local.minute
        found = []
        for r in self.rows:
            covered = [a for a in r.areas if a in looked]
            if q.need not in r.needs or not covered:
                continue
            points = w.mandate if owes(r.network, q.need) else 0
            points += max(
                (3, w.area) if a == q.area else (2, w.county) if a in chain else (1, w.part) if a in inside
                else (0, w.elsewhere) for a in covered
            )[1]  # fmt: skip
            spots = (
                [tuple(r.place)] if r.place else [(self.areas[a].latitude, self.areas[a].longitude) for a in covered]
            )
            points += w.per_km * min(w.most_km, *(_km(middle, s) for s in spots))
            fresh = r.available is not None and r.expires > now
            points += w.capacity_unknown if r.available is None else w.capacity_free if fresh else w.capacity_stale
            is_open = _open(r.hours, minute)
            if q.urgency is not Urgency.NORMAL and is_open is not None:
                points += w.open_now if is_open else w.closed_now
            if q.language:
                points += w.language_spoken if q.language in r.languages else w.language_missing
            if q.accessibility:
                points += w.accessible if q.accessibility in r.accessibility else w.accessible_unknown
            why = ""
            if r.agency == "suspended":
                why = "suspended"
            elif r.agency != "active" or r.status != "active":
                why = "closed"
            elif q.age is not None and not (r.minimum_age or 0) <= q.age <= (
                999 if r.maximum_age is None else r.maximum_age
            ):
                why = "age"
            elif q.gender and r.genders and q.gender not in r.genders:
                why = "gender"
            elif fresh and r.available == 0:
                why = "no_capacity"
            found.append((r.id, points, why))
        return found


async def _oracle(session: AsyncSession) -> _Oracle:
    areas = (await session.execute(text("SELECT code, parent, latitude, longitude FROM area"))).all()
    return _Oracle(list((await session.execute(_FACTS)).all()), {a.code: a for a in areas})


async def test_agrees_with_the_plain_reading_on_random_cases(session: AsyncSession) -> None:
    for statement in (
        "UPDATE organization SET status = 'suspended' WHERE source_id IN ('o7', 'o8', 'clinic')",
        "UPDATE service_route r SET closed = 'suspended' FROM organization o WHERE o.id = r.organization_id "
        "AND o.status = 'suspended'",
    ):
        await session.execute(text(statement))
    oracle, random, busy = await _oracle(session), Random(5), 0  # noqa: S311 - reproducible cases, no secret
    places, needs = sorted(oracle.areas), list(NEEDS)
    for _ in range(300):
        request = MatchRequest(
            random.choice(needs), random.choice(places), random.choice(list(Urgency)),
            random.choice((None, None, "vi", "ko")), random.choice((None, None, "wheelchair")),
            random.choice((None, 5, 15, 40)), random.choice((None, "female", "male")),
        )  # fmt: skip
        weights = Weights(
            per_km=random.choice((-2, 0, -9)),
            open_now=random.choice((100, 7)),
            elsewhere_areas=random.choice((0, 12, 200)),
        )
        now, limit = NOW + timedelta(minutes=random.randrange(60 * 24 * 30)), random.choice((1, 5, 20))
        answer = await match(session, request, now, limit, weights)
        found, fallen = oracle.answer(request, now, limit, weights)
        assert [(m.service.id, m.score) for m in answer.found] == found, request
        assert [(m.service.id, m.why) for m in answer.fallen_out] == fallen, request
        for m in answer.found:
            assert sum(r.points for r in m.reasons) == m.score
            assert all((r.effect == "down") is (r.points < 0) for r in m.reasons)
        busy += bool(found) and bool(fallen)
    assert busy > 60  # the cases were not empty


async def test_what_a_coordinator_reads(session: AsyncSession) -> None:
    answer = await match(session, MatchRequest("medical_treatment", "99001060", Urgency.IMMEDIATE, language="zh"), NOW)
    first = answer.found[0]
    assert first.service.title("en") == "Medical treatment (Phantom Sea Hospital)"
    codes = {r.code: r for r in first.reasons}
    assert {"mandate", "covers_area", "capacity_free", "open_now", "language_spoken"} <= set(codes)
    assert "DVPA 4(2)" in codes["mandate"].detail
    empty = await match(session, MatchRequest("no such need", "99001060"), NOW)
    assert not empty.found
    assert not empty.fallen_out
    again = await match(session, MatchRequest("medical_treatment", "99001060", exclude=(first.service.id,)), NOW)
    assert first.service.id not in {m.service.id for m in again.found}


async def test_capacity_without_places_falls_out_and_stale_capacity_weighs_down(session: AsyncSession) -> None:
    for at, why in ((NOW, "no_capacity"), (NOW + timedelta(days=30), "")):
        await session.execute(text("UPDATE service_route SET available = 0 WHERE need = 'image_removal'"))
        answer = await match(session, MatchRequest("image_removal", "99001010"), at, 2)
        if why:
            assert {f.why for f in answer.fallen_out} >= {why}
        else:
            assert "capacity_stale" in {r.code for r in answer.found[0].reasons}


_FILL = (
    "SET LOCAL synchronous_commit = on",  # VACUUM marks only pages whose commits are on disk
    "INSERT INTO area (code, kind, names, latitude, longitude) SELECT 'a' || i, 'township', '{}', 15 + i % 40 * 0.1, "
    "125 + i / 40 * 0.1 FROM generate_series(0, 399) i",
    "INSERT INTO organization (source, source_id, name, status) VALUES ('t', 'o', 'x', 'active')",
    "INSERT INTO service (source, source_id, name, organization_id, status) SELECT 't', i::text, 'x', o.id, 'active' "
    "FROM organization o, generate_series(1, 5000) i",
    "INSERT INTO service_route (need, area, service_id, organization_id, mandated, closed, latitude, longitude, "
    "languages, accessibility, genders) SELECT n, 'a' || (hashtext(s.source_id || n) & 8191) % 400, s.id, "
    "s.organization_id, true, '', 15, 125, '{zh}', '{}', '{}' FROM service s, unnest(ARRAY['shelter', 'hotline', "
    "'rescue', 'housing', 'legal_aid', 'schooling', 'employment', 'visitation', 'counselling', 'court_desk']) n",
)


async def test_routing_at_50_000_rows_is_an_index_only_scan(db: Database, owner_url: str) -> None:
    async with db.work() as session:
        for statement in _FILL:
            await session.execute(text(statement))
    owner = await asyncpg.connect(owner_url)
    try:
        await owner.execute("VACUUM ANALYZE service_route")
    finally:
        await owner.close()
    given = {
        "need": "shelter", "area": "a1", "chain": ["a2"], "inside": ["a3"], "areas": ["a1", "a2", "a3"], "exclude": [],
        "minute": 5, "language": "zh", "accessibility": None, "age": None, "gender": None, "lat": 15.0, "lon": 125.0,
    }  # fmt: skip
    async with db.work() as session:
        rows = await session.execute(text(f"EXPLAIN (ANALYZE, BUFFERS) {CANDIDATES} SELECT * FROM c"), given)
        plan = "\n".join(rows.scalars().all())
        assert (await session.execute(text("SELECT count(*) FROM service_route"))).scalar_one() == 50_000
    assert "Index Only Scan using ix_service_route_need_area" in plan, plan
    assert "Heap Fetches: 0" in plan
    assert "Seq Scan" not in plan
    # A few pages of the index, not a walk through it.
    touched = re.search(r"Index Only Scan.*\n(?:.*\n)*?\s+Buffers: shared hit=(\d+)", plan)
    assert touched
    assert int(touched[1]) < 40
