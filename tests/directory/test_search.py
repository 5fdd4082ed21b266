"""Search finds what LIKE finds, in a stable order, page by page, with the index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from directory import search as directory
from directory.county import COUNTY, SOURCE
from directory.facets import NAMES, facets
from directory.refresh import refresh_services
from directory.search import HITS, SearchQuery, UnknownFilterError, search
from directory.steps import Position, as_arrays, steps
from directory.understanding import understood
from directory.words import normal
from tests.directory.searched import MINUTE, NOW, whole
from tests.directory.searched import searched as searched
from tests.directory.searched import session as session


async def test_chinese_recall_and_precision_against_like(session: AsyncSession) -> None:
    said = {
        row[0]: normal(row[1])
        for row in (await session.execute(text("SELECT service_id, haystack FROM service_search"))).all()
    }
    terms = {h[i : i + n] for h in list(said.values())[::37] for n in (2, 3, 5) for i in range(0, len(h) - n, 11)}
    chinese = sorted(t for t in terms if all("一" <= c <= "鿿" for c in t))[:60]
    assert len(chinese) == 60
    for term in chinese:
        assert set(await whole(session, SearchQuery(text=term, closed=True))) == {
            i for i, h in said.items() if term in h
        }, term


async def test_need_area_and_network_narrow(session: AsyncSession) -> None:
    query = SearchQuery(text="庇護", need="shelter", area="99001020", network="ngo")
    page = await search(session, query)
    assert [r.name_i18n["en"] for r in page.rows] == ["Shelter (Peace of Mind Fictional Foundation)"]
    assert (page.total_capped, page.has_next) == (1, False)
    assert page.rows[0].confidential
    # A township service is found in its township and in its county, not in another township.
    for area, there in (("99001040", True), (COUNTY, True), ("99001020", False)):
        found = await whole(session, SearchQuery(need="case_management", area=area))
        names = [s.title("en") for s in await directory.services(session, found)]
        assert ("Case management (Dreamland Welfare Centre)" in names) is there
    assert (await search(session, SearchQuery(text="!!"))).rows == ()
    for name in ("need", "area", "network", "near", "cost", "act", "nationality", "gender"):
        with pytest.raises(UnknownFilterError, match=name):
            await search(session, replace(SearchQuery(), **cast("dict[str, Any]", {name: "x"})))


async def test_the_area_itself_comes_first_then_the_nearest(session: AsyncSession) -> None:
    page = await search(session, SearchQuery(need="medical_treatment", area="99001060"))
    assert page.rows[0].title("en") == "Medical treatment (Phantom Sea Hospital)"
    covers = ["99001060" in r.areas for r in page.rows]
    assert covers == sorted(covers, reverse=True)
    assert all(page.rows[i].metres == page.distances.get(r.id) for i, r in enumerate(page.rows))
    wide = [page.distances.get(r.id, 2**31) for r in page.rows if "99001060" not in r.areas]
    assert wide == sorted(wide)


async def test_pages_join_without_gap_or_repeat(session: AsyncSession) -> None:
    for query in (
        SearchQuery(),
        SearchQuery(near="99001040"),
        SearchQuery(near="98003001", within_km=60, language="vi"),
        SearchQuery(text="心理", near="98003001"),
        SearchQuery(area="98003"),
        SearchQuery(open_at=MINUTE, free=True, age=30),
        SearchQuery(text="심리상담"),
        SearchQuery(text="服務"),
        SearchQuery(text="心理", area="98003"),
        SearchQuery(need="hotline"),
    ):
        everything = await whole(session, query)
        assert everything
        assert await whole(session, query, 7) == everything
        assert len(set(everything)) == len(everything)
        page = await search(session, query, 1, now=NOW)
        assert page.total_capped == len(everything)
    for cursor in ("x", "AAAA", "é"):
        with pytest.raises(ValueError, match="cursor"):
            await search(session, SearchQuery(), after=cursor)


async def test_case_and_prefix_in_english_and_korean(session: AsyncSession) -> None:
    for term in ("SHELT", "peace of", "안심", "ｓｈｅｌｔｅｒ"):
        assert any("shelter" in r.needs for r in (await search(session, SearchQuery(text=term))).rows), term


async def test_rows_by_id_keep_their_order_and_leave_out_the_unknown(session: AsyncSession) -> None:
    ids = (await whole(session, SearchQuery(need="counselling")))[:5]
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


FILTERS: list[tuple[SearchQuery, str]] = [
    (SearchQuery(language="vi"), "'vi' = ANY(ARRAY(SELECT code FROM language WHERE service_id = s.id))"),
    (SearchQuery(gender="male"), "s.genders = '{}' OR 'male' = ANY(s.genders)"),
    (SearchQuery(age=15), "COALESCE(s.minimum_age, 0) <= 15 AND COALESCE(s.maximum_age, 999) >= 15"),
    (SearchQuery(network="police"), "o.network = 'police'"),
    (
        SearchQuery(free=True),
        "EXISTS (SELECT FROM service_capacity c WHERE c.service_id = s.id AND c.available > 0 AND c.expires > :now)",
    ),
    (
        SearchQuery(open_at=MINUTE),
        "EXISTS (SELECT FROM schedule h WHERE h.service_id = s.id AND h.byday LIKE '%TH%' "
        "AND (h.opens_at = h.closes_at OR h.opens_at <= '12:00' AND h.closes_at > '12:00'))",
    ),
    (SearchQuery(need="shelter", closed=True), "EXISTS (SELECT FROM attribute a JOIN taxonomy_term t "
     "ON t.id = a.taxonomy_term_id WHERE a.service_id = s.id AND t.need = 'shelter')"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "by_force"), FILTERS, ids=[str(n) for n in range(len(FILTERS))])
async def test_filters_find_what_the_entities_say(session: AsyncSession, query: SearchQuery, by_force: str) -> None:
    active = "" if query.closed else "AND s.status = 'active' AND o.status = 'active' "
    rows = await session.execute(
        text(f"SELECT s.id FROM service s JOIN organization o ON o.id = s.organization_id WHERE ({by_force}) {active}"),
        {"now": NOW} if ":now" in by_force else {},
    )
    expected = set(rows.scalars())
    assert expected
    assert set(await whole(session, query)) == expected


async def test_who_says_nothing_is_not_left_out(session: AsyncSession) -> None:
    ids = (await whole(session, SearchQuery(need="counselling")))[:3]
    await session.execute(text("DELETE FROM cost_option WHERE service_id = ANY(:ids)"), {"ids": ids})
    says = text("UPDATE service SET eligibility_description = :said, fees_description = :fees WHERE id = :id")
    for key, said, fees in zip(
        ids, ("限本國籍家庭暴力被害人", "跟蹤騷擾被害人", ""), ("免費", "每次 500 元", ""), strict=True
    ):
        await session.execute(says, {"id": key, "said": said, "fees": fees})
    await refresh_services(session, ids)
    foreign = await whole(session, SearchQuery(need="counselling", nationality="foreign"))
    assert ids[0] not in foreign
    assert {*ids[1:]} <= {*foreign}
    assert ids[1] in await whole(session, SearchQuery(need="counselling", act="SHPA"))
    assert ids[1] not in await whole(session, SearchQuery(need="counselling", act="DVPA"))
    free = await whole(session, SearchQuery(need="counselling", cost="free"))
    assert ids[0] in free
    assert not {*ids[1:]} & {*free}, "what a service offers it must say"
    assert ids[1] in await whole(session, SearchQuery(need="counselling", cost="paid"))


async def test_misspelt_words_are_told_and_words_apart_are_found(session: AsyncSession) -> None:
    page = await search(session, SearchQuery(text="counsellng"), 5)
    assert page.corrections == (("counsellng", "counselling"),)
    assert page.rows
    assert (await search(session, SearchQuery(text="counselling"), 5)).corrections == ()
    apart = await search(session, SearchQuery(text="심리상담"), 5)
    assert apart.corrections == (("심리상담", "심리 상담"),)
    assert apart.searched is not None
    assert apart.searched.text == "심리 상담"


async def test_distance_is_never_told_of_a_confidential_place(session: AsyncSession) -> None:
    page = await search(session, SearchQuery(need="shelter", near="99001020"), 100)
    hidden = [row for row in page.rows if row.confidential]
    assert hidden
    assert all(row.metres is None for row in hidden)
    assert not page.distances.keys() & {row.id for row in hidden}
    told = [row.metres for row in page.rows if row.metres is not None]
    assert told == sorted(told)


async def test_a_distance_is_told_where_both_ends_are_known(session: AsyncSession) -> None:
    everywhere = await search(session, SearchQuery(need="counselling"), 100)
    assert {row.metres for row in everywhere.rows} == {None}
    await session.execute(text("UPDATE service_search SET latitude = NULL, longitude = NULL WHERE service_id = :id"),
                          {"id": everywhere.rows[0].id})  # fmt: skip
    near = await search(session, SearchQuery(need="counselling", near="99001020"), 100)
    unknown = [row.id for row in near.rows if row.metres is None and not row.confidential]
    assert unknown == [everywhere.rows[0].id]
    assert near.rows[-1].id == everywhere.rows[0].id
    assert max(near.distances.values()) < 20_000_000


async def test_only_the_fields_asked_for_are_read(session: AsyncSession) -> None:
    page = await search(session, SearchQuery(need="shelter"), 1, fields=frozenset({"name", "phones"}))
    assert page.rows[0].name
    assert page.rows[0].needs == ()
    assert not page.rows[0].organization_name


@pytest.mark.parametrize("most", [32_000, 10])
@pytest.mark.parametrize(
    "query",
    [SearchQuery(), SearchQuery(text="服務", network="ngo"), SearchQuery(need="counselling", area=COUNTY),
     SearchQuery(area="98003", language="vi", age=15), SearchQuery(free=True, gender="female")],
    ids=["all", "text", "need", "area", "free"],
)  # fmt: skip
async def test_facets_are_what_a_search_would_count(
    session: AsyncSession, query: SearchQuery, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("directory.facets.MOST_HITS", most)
    counts = await facets(session, query, NAMES, NOW, MINUTE)
    assert {one.name for one in counts} >= {"need", "network", "language"}
    change: dict[str, Callable[[str], dict[str, Any]]] = {
        "open": lambda _: {"open_at": MINUTE}, "free": lambda _: {"free": True}
    }  # fmt: skip
    for one in counts[:: max(1, len(counts) // 25)]:
        changed = change.get(one.name, lambda value, name=one.name: {name: value})(one.value)
        page = await search(session, replace(query, **changed), 1, now=NOW, fields=frozenset())
        assert page.total_capped == one.count, one


async def test_a_common_word_reads_a_part_of_the_index(session: AsyncSession) -> None:
    """Steps after the one that fills the page are not taken."""
    query = SearchQuery(text="服務")
    asked = await understood(session, query)
    assert asked is not None
    taken = steps(query, asked.known, Position())
    given = {**asked.given, **as_arrays(taken), "rows": 6, "after_rank": -1, "after_metres": 0, "after_place": 0,
             "after_id": UUID(int=0), "minute_shown": None}  # fmt: skip
    plan = (await session.execute(text("EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + HITS), given)).scalar_one()
    scans = [int(node["Actual Loops"]) for node in _nodes(plan[0]["Plan"]) if node.get("Alias") == "q"]
    assert len(taken) == 8
    assert scans == [1]


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(inner for below in plan.get("Plans", ()) for inner in _nodes(below))]
