"""Matching agrees with a plain reading of the rules, tells every point, and stays on its index."""

from __future__ import annotations

import asyncio
import math
import os
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.data_directory import write_package
from directory.actions import import_package
from directory.county import write_county
from directory.facts import ACT, ACTS, NATIONALITIES, NATIONALITY, UNSAID
from directory.matching import TIMEZONE, MatchRequest, Urgency, match
from directory.ranking import CANDIDATES
from directory.search import UnknownFilterError
from directory.taxonomy import NEEDS, owes
from directory.weights import BOUNDS, DEFAULT, Weights, WeightsRefused, current, set_weights
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
    "(SELECT tsvector_to_array(document) FROM service_search q WHERE q.service_id = s.id) AS document, "
    "p.in_hub, p.answered, p.median_minutes, "
    "(SELECT json_agg(json_build_array(byday, opens_at, closes_at)) FROM schedule WHERE service_id = s.id) AS hours "
    "FROM service s JOIN organization o ON o.id = s.organization_id "
    "LEFT JOIN service_capacity c ON c.service_id = s.id "
    "LEFT JOIN organization_pace p ON p.organization_id = o.id"
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


def _named(asked: str, document: list[str], mark: str, named: int, other: int) -> int:
    return named if mark + asked in document else 0 if mark + UNSAID in document else other


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
        local = now.astimezone(ZoneInfo(TIMEZONE))
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
            if q.act:
                points += _named(q.act, r.document, ACT, w.act_named, w.act_other)
            if q.nationality:
                points += _named(q.nationality, r.document, NATIONALITY, w.nationality_named, w.nationality_other)
            if r.answered is not None and r.answered >= w.fewest_answers:
                if r.median_minutes <= w.quick_hours * 60:
                    points += w.answers_quickly
                elif r.median_minutes > w.slow_hours * 60:
                    points += w.answers_slowly
            points += 0 if r.in_hub else w.not_in_hub
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


CASES = 10_000 if os.environ.get("SOAK") else 400
"""The long form is one of `make soak`; each case asks the database some five times."""
_SPOILED = (
    "UPDATE organization SET status = 'suspended' WHERE source_id IN ('o7', 'o8', 'clinic')",
    "UPDATE service_route r SET closed = 'suspended' FROM organization o WHERE o.id = r.organization_id "
    "AND o.status = 'suspended'",
    "INSERT INTO organization_pace (organization_id, in_hub, answered, median_minutes) SELECT id, n % 3 > 0, n % 9, "
    "CASE WHEN n % 9 > 0 THEN n * 97 % 9000 END FROM (SELECT id, abs(hashtext(source_id)) % 10000 AS n "
    "FROM organization WHERE source_id <> 'o9') x",
    "UPDATE service_search SET document = "
    "array_to_tsvector(array_remove(tsvector_to_array(document), '+?') || '{+SHPA}') WHERE hashtext(name) % 3 = 0",
    "UPDATE service_search SET document = "
    "array_to_tsvector(array_remove(tsvector_to_array(document), '~?') || '{~foreign}') WHERE hashtext(name) % 4 = 0",
)


@st.composite
def _weights(draw: st.DrawFn) -> Weights:
    names = draw(st.lists(st.sampled_from(sorted(BOUNDS)), max_size=6, unique=True))
    drawn = {name: draw(st.integers(*BOUNDS[name])) for name in names}
    drawn["elsewhere_areas"] = draw(st.sampled_from((0, 12, 100, 100)))  # far enough to find something to rank
    return replace(DEFAULT, **drawn)


def _requests(areas: dict[str, Any]) -> st.SearchStrategy[MatchRequest]:
    wide = sorted(code for code, area in areas.items() if not area.parent)  # a county has more to choose from
    return st.builds(
        MatchRequest,
        need=st.sampled_from(list(NEEDS)),
        area=st.sampled_from(wide) | st.sampled_from(wide) | st.sampled_from(sorted(areas)),
        urgency=st.sampled_from(list(Urgency)),
        language=st.sampled_from((None, "vi", "ko")),
        accessibility=st.sampled_from((None, "wheelchair")),
        age=st.sampled_from((None, 0, 5, 15, 40, 120)),
        gender=st.sampled_from((None, "female", "male")),
        act=st.sampled_from((None, *ACTS)),
        nationality=st.sampled_from((None, *NATIONALITIES)),
    )


async def test_agrees_with_the_plain_reading_on_random_cases(session: AsyncSession) -> None:
    """Whatever is asked, whenever, under whatever weights: the same services, points, order and reasons to fall out."""
    for statement in _SPOILED:
        await session.execute(text(statement))
    oracle = await _oracle(session)
    loop, seen = asyncio.get_running_loop(), [0, 0, 0]

    async def agrees(request: MatchRequest, weights: Weights, minutes: int, limit: int) -> None:
        now = NOW + timedelta(minutes=minutes)
        answer = await match(session, request, now, limit, weights)
        found, fallen = oracle.answer(request, now, limit, weights)
        assert [(m.service.id, m.score) for m in answer.found] == found
        assert [(m.service.id, m.why) for m in answer.fallen_out] == fallen
        for m in answer.found:
            assert sum(r.points for r in m.reasons) == m.score
            assert all((r.effect == "down") is (r.points < 0) for r in m.reasons)
        seen[0] += 1
        seen[1] += len(found) > 1
        seen[2] += bool(found) and bool(fallen)

    @hypothesis_settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(_requests(oracle.areas), _weights(), st.integers(0, 60 * 24 * 30), st.sampled_from((2, 5, 20)))
    def case(request: MatchRequest, weights: Weights, minutes: int, limit: int) -> None:
        asyncio.run_coroutine_threadsafe(agrees(request, weights, minutes, limit), loop).result(30)

    await asyncio.to_thread(case)
    assert seen[0] >= CASES * 0.9
    assert seen[1] > CASES * 0.15  # the cases were not empty
    assert seen[2] > CASES * 0.05


async def test_what_a_coordinator_reads(session: AsyncSession) -> None:
    answer = await match(session, MatchRequest("medical_treatment", "99001060", Urgency.IMMEDIATE, language="zh"), NOW)
    first = answer.found[0]
    assert first.service.title("en") == "Medical treatment (Phantom Sea Hospital)"
    codes = {r.code: r for r in first.reasons}
    assert {"mandate", "covers_area", "capacity_free", "open_now", "language_spoken"} <= set(codes)
    assert "DVPA 4(2)" in codes["mandate"].detail
    for need, area in (("no such need", "99001060"), ("medical_treatment", "nowhere")):
        with pytest.raises(UnknownFilterError):
            await match(session, MatchRequest(need, area), NOW)
    again = await match(session, MatchRequest("medical_treatment", "99001060", exclude=(first.service.id,)), NOW)
    assert first.service.id not in {m.service.id for m in again.found}


async def test_an_unknown_distance_is_said_to_be_unknown(session: AsyncSession) -> None:
    """It counts as the farthest, and nobody is told kilometres that nobody knows."""
    await session.execute(text("UPDATE service_route SET latitude = NULL WHERE need = 'counselling'"))
    answer = await match(session, MatchRequest("counselling", "99001010"), NOW)
    codes = [{r.code: r for r in m.reasons} for m in answer.found]
    assert codes
    for reasons in codes:
        assert "distance" not in reasons
        assert reasons["distance_unknown"].points == DEFAULT.per_km * DEFAULT.most_km


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


async def test_weights_are_versions_and_a_stale_reader_is_told(session: AsyncSession) -> None:
    """Version 0 is the product's own; every setting is kept; what cannot hold is refused by field."""
    by = uuid4()
    assert (await current(session)).version == 0
    first = await set_weights(session, {"capacity_free": 500}, by, NOW, "beds first", expected=0)
    assert first
    assert (await current(session)).weights == replace(DEFAULT, capacity_free=500)
    assert await set_weights(session, {"mandate": 1}, by, NOW, expected=0) is None
    second = await set_weights(session, {"per_km": 0}, by, NOW, expected=first.version)
    assert second
    assert second.weights == replace(DEFAULT, capacity_free=500, per_km=0)
    for changes, fault in (
        ({"beauty": 3}, ("beauty", "unknown_weight")),
        ({"per_km": 1}, ("per_km", "out_of_bounds")),
        ({"quick_hours": 80}, ("quick_hours", "order")),
    ):
        with pytest.raises(WeightsRefused) as refused:
            await set_weights(session, changes, by, NOW, expected=second.version)
        assert fault in refused.value.faults
    ranked = await match(session, MatchRequest("counselling", "99001010"), NOW)
    free = [r.points for m in ranked.found for r in m.reasons if r.code == "capacity_free"]
    assert free
    assert set(free) == {500}
    kept = (await session.execute(text("SELECT count(*) FROM match_weights"))).scalar_one()
    assert kept == 2
    with pytest.raises(DBAPIError, match="permission denied"):
        async with session.begin_nested():
            await session.execute(text("UPDATE match_weights SET note = ''"))
