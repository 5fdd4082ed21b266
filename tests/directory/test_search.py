"""Search finds what LIKE finds, in a stable order, page by page, with the index."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from bench.data_directory import write_package
from directory import search as directory
from directory.actions import import_package
from directory.county import COUNTY, SOURCE, write_county
from directory.search import SearchQuery, search
from directory.words import normal
from hub.base.db import Database

NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)


@pytest_asyncio.fixture(loop_scope="session")
async def session(db: Database, tmp_path: Path) -> AsyncIterator[AsyncSession]:
    """A session on the fictional county and 300 generated services."""
    async with db.work() as session:
        await import_package(session, write_county(tmp_path / "county", NOW), dry_run=False)
        await import_package(session, write_package(tmp_path / "many", 300), dry_run=False, source="many")
        yield session


async def _all(session: AsyncSession, query: SearchQuery, first: int = 100) -> list[UUID]:
    found: list[UUID] = []
    cursor: str | None = None
    while True:
        page = await search(session, query, first, cursor)
        found += [row.id for row in page.rows]
        if not page.has_next:
            return found
        cursor = page.end_cursor


async def test_chinese_recall_and_precision_against_like(session: AsyncSession) -> None:
    said = {
        row[0]: normal(row[1])
        for row in (await session.execute(text("SELECT service_id, haystack FROM service_search"))).all()
    }
    terms = {h[i : i + n] for h in list(said.values())[::37] for n in (2, 3, 5) for i in range(0, len(h) - n, 11)}
    chinese = sorted(t for t in terms if all("一" <= c <= "鿿" for c in t))[:60]
    assert len(chinese) == 60
    for term in chinese:
        assert set(await _all(session, SearchQuery(text=term))) == {i for i, h in said.items() if term in h}, term


async def test_need_area_and_network_narrow(session: AsyncSession) -> None:
    query = SearchQuery(text="庇護", need="shelter", area="99001020", network="ngo")
    page = await search(session, query)
    assert [r.name_i18n["en"] for r in page.rows] == ["Shelter (Peace of Mind Fictional Foundation)"]
    assert (page.total_capped, page.has_next) == (1, False)
    assert page.rows[0].confidential
    # A township service is found in its township and in its county, not in another township.
    for area, there in (("99001040", True), (COUNTY, True), ("99001020", False)):
        found = await _all(session, SearchQuery(need="case_management", area=area))
        names = [s.title("en") for s in await directory.services(session, found)]
        assert ("Case management (Dreamland Welfare Centre)" in names) is there
    for empty in (SearchQuery(need="x"), SearchQuery(area="x"), SearchQuery(network="x"), SearchQuery(text="!!")):
        assert (await search(session, empty)).rows == ()


async def test_the_area_itself_comes_first_then_the_nearest(session: AsyncSession) -> None:
    page = await search(session, SearchQuery(need="medical_treatment", area="99001060"))
    assert page.rows[0].title("en") == "Medical treatment (Phantom Sea Hospital)"
    covers = ["99001060" in r.areas for r in page.rows]
    assert covers == sorted(covers, reverse=True)
    wide = [page.distances.get(r.id, 2**31) for r in page.rows if "99001060" not in r.areas]
    assert wide == sorted(wide)


async def test_pages_join_without_gap_or_repeat(session: AsyncSession) -> None:
    for query in (
        SearchQuery(),
        SearchQuery(text="服務"),
        SearchQuery(text="心理", area="98003"),
        SearchQuery(need="hotline"),
    ):
        whole = await _all(session, query)
        assert await _all(session, query, 7) == whole
        assert len(set(whole)) == len(whole)
        page = await search(session, query, 1)
        assert page.total_capped == len(whole)
    for cursor in ("x", "AAAA", "é"):
        with pytest.raises(ValueError, match="cursor"):
            await search(session, SearchQuery(), after=cursor)


async def test_case_and_prefix_in_english_and_korean(session: AsyncSession) -> None:
    for term in ("SHELT", "peace of", "안심", "ｓｈｅｌｔｅｒ"):
        assert any("shelter" in r.needs for r in (await search(session, SearchQuery(text=term))).rows), term


async def test_rows_by_id_keep_their_order_and_leave_out_the_unknown(session: AsyncSession) -> None:
    ids = (await _all(session, SearchQuery(need="counselling")))[:5]
    assert [s.id for s in await directory.services(session, [*reversed(ids), uuid4()])] == ids[::-1]
    assert await directory.service(session, uuid4()) is None
    one = await directory.service(session, ids[0])
    assert one is not None
    agency = await directory.organization(session, one.organization_id)
    assert agency is not None
    assert agency.name == one.organization_name
    assert await directory.organizations_by_id(session, [uuid4(), agency.id]) == [agency]
    police = await directory.organizations(session, network="police")
    assert {o.source_id for o in police if o.source == SOURCE} == {"police", "police-north", "police-south"}
    townships = await directory.areas(session, parent=COUNTY)
    assert [a.title("ko") for a in townships][:2] == ["허구시", "상상진"]
    assert len(await directory.areas(session, kind="county")) == 23


async def test_a_confidential_service_has_no_place_of_its_own(session: AsyncSession) -> None:
    rows = await session.execute(
        text(
            "SELECT q.latitude, q.longitude, a.latitude, a.longitude FROM service_search q "
            "JOIN service_at_location k ON k.service_id = q.service_id JOIN location l ON l.id = k.location_id "
            "JOIN area a ON a.code = q.areas[1] WHERE l.location_type = 'confidential'"
        )
    )
    found = rows.all()
    assert len(found) > 5
    assert all((r[0], r[1]) == (r[2], r[3]) for r in found)


async def test_a_located_text_query_is_one_index_scan(session: AsyncSession) -> None:
    await session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = await session.execute(
        text(
            "EXPLAIN SELECT service_id FROM service_search WHERE document @@ CAST(:q AS tsquery)"
        ),
        {"q": "('shelter*98003' | 'shelter@98') & '心理'"},
    )  # fmt: skip
    lines = "\n".join(plan.scalars().all())
    assert "ix_service_search_document" in lines
    assert "Filter" not in lines
