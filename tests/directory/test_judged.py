"""Recall and precision of search on a judged set of queries, against brute force over the entities' own texts."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from directory.search import SearchQuery, chain, search
from directory.taxonomy import NEEDS
from tests.directory.searched import searched as searched
from tests.directory.searched import session as session
from tests.directory.searched import whole

JUDGED = Path(__file__).parent / "judged" / "queries.csv"
LEAST = {"zh": 1.0, "en": 0.95, "ko": 0.95}


@dataclass(frozen=True, slots=True)
class Said:
    """What a service's entities say, as one text; its needs; the areas it covers and those that contain them."""

    text: str
    needs: frozenset[str]
    covers: frozenset[str]
    within: frozenset[str]


_SAID = text(
    "SELECT s.id, concat_ws(' / ', s.name, s.alternate_name, s.description, s.eligibility_description, o.name, "
    "o.alternate_name, (SELECT string_agg(v, ' / ') FROM jsonb_each_text(s.name_i18n) AS e(k, v)), "
    "(SELECT string_agg(v, ' / ') FROM jsonb_each_text(o.name_i18n) AS e(k, v)), "
    "(SELECT string_agg(t.name, ' / ') FROM attribute b JOIN taxonomy_term t ON t.id = b.taxonomy_term_id "
    "WHERE b.service_id = s.id)), "
    "ARRAY(SELECT t.need FROM attribute b JOIN taxonomy_term t ON t.id = b.taxonomy_term_id "
    "WHERE b.service_id = s.id AND t.need IS NOT NULL), "
    "ARRAY(SELECT a.area_code FROM service_area a WHERE a.service_id = s.id AND a.area_code IS NOT NULL) "
    "FROM service s JOIN organization o ON o.id = s.organization_id WHERE s.status = 'active' AND o.status = 'active'"
)


async def _said(session: AsyncSession) -> dict[UUID, Said]:
    parents = {row[0]: row[1] for row in (await session.execute(text("SELECT code, parent FROM area"))).all()}
    found: dict[UUID, Said] = {}
    for key, words, needs, areas in (await session.execute(_SAID)).all():
        names = [name for need in needs for name in NEEDS[need].names.values()]
        whole = unicodedata.normalize("NFKC", " / ".join([words, *names])).casefold()
        # Korean writes compounds apart or together; the oracle takes both for the same.
        together = re.sub(r"(?<=[가-힣]) (?=[가-힣])", "", whole)
        within = set(areas)
        for code in areas:
            up = parents.get(code)
            while up:
                within.add(up)
                up = parents.get(up)
        found[key] = Said(f"{whole} / {together}", frozenset(needs), frozenset(areas), frozenset(within))
    return found


async def _by_force(session: AsyncSession, row: Mapping[str, str], said: Mapping[UUID, Said]) -> set[UUID]:
    patterns = [re.compile(pattern) for pattern in row["all of these"].split(" ")]
    above = {code for code, *_ in (await chain(session, row["area"]))[1:]} if row["area"] else set()
    return {
        key
        for key, one in said.items()
        if all(pattern.search(one.text) for pattern in patterns)
        and (not row["need"] or row["need"] in one.needs)
        and (not row["area"] or row["area"] in one.within or one.covers & above)
    }


async def test_recall_and_precision_on_the_judged_set(session: AsyncSession) -> None:
    said = await _said(session)
    with JUDGED.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 60
    recall: dict[str, list[float]] = {}
    precision: list[float] = []
    missed: list[str] = []
    for row in rows:
        relevant = await _by_force(session, row, said)
        found = set(await whole(session, SearchQuery(row["query"], row["need"] or None, row["area"] or None)))
        if relevant:
            recall.setdefault(row["lang"], []).append(len(relevant & found) / len(relevant))
            if relevant - found:
                missed.append(f"{row['query']}: {len(relevant & found)} of {len(relevant)}")
        if found:
            precision.append(len(relevant & found) / len(found))
    judged = {lang: sum(values) / len(values) for lang, values in recall.items()}
    told = f"recall {judged}, precision {sum(precision) / len(precision):.3f}, missed {missed}"
    print(told)  # the figures of docs/performance.md
    assert sum(map(len, recall.values())) >= 50, "too many queries that nothing answers judge nothing"
    assert all(judged[lang] >= least for lang, least in LEAST.items()), told
    assert sum(precision) / len(precision) >= 0.9, told


@pytest.mark.parametrize(
    "query", ["", "！", "'; DROP TABLE service_search; --", "\\", "a & b | !c:*", "%_%", "庇" * 300]
)
async def test_no_text_breaks_the_search(session: AsyncSession, query: str) -> None:
    page = await search(session, SearchQuery(text=query), 5)
    assert len(page.rows) <= 5
