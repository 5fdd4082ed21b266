"""Goal 3: Chinese and English words found by the index, against LIKE over the whole table: equal rows, and sooner."""

from __future__ import annotations

from functools import partial
from random import Random
from uuid import UUID

import asyncpg

from directory.search import MOST_ROWS, SearchQuery, search
from hub.base.db import Database

from .figures import Figure, Run, Turn, medians
from .services import ENGLISH, RARE, TEXT

_LIKE = "select id from service where name like $1 or description like $1 or name_i18n::text ilike $1"
_LOCATED = """
select s.id from service s where (s.name like $1 or s.description like $1 or s.name_i18n::text ilike $1)
  and exists (select from attribute b join taxonomy_term t on t.id = b.taxonomy_term_id
    where b.service_id = s.id and t.need = $2)
  and exists (select from service_area x where x.service_id = s.id and x.area_code = any($3))
"""
_MANY = 10


async def measure(run: Run) -> list[Figure]:
    """Recall and time of each kind of word; then a word near a place, by the one index and by looking everywhere."""
    pick = Random(5)
    kinds = {
        "2 Chinese characters": pick.sample(RARE, _MANY),
        "4 Chinese characters": [f"{word}計畫" for word in pick.sample(RARE, _MANY)],
        "2 English words": pick.sample(ENGLISH, _MANY),
    }
    made = []
    db, plain = Database(run.county.urls.app), await asyncpg.connect(run.county.urls.app)
    try:
        for kind, asked in kinds.items():
            made += await _kind(run, db, plain, kind, asked)
            run.say(f"words: {kind}")
        made.append(await _near(run, db, plain))
    finally:
        await plain.close()
        await db.close()
    return made


async def _kind(run: Run, db: Database, plain: asyncpg.Connection, kind: str, asked: list[str]) -> list[Figure]:
    found, there = 0, 0
    for word in asked:
        truth = {row[0] for row in await plain.fetch(_LIKE, f"%{word}%")}
        found, there = found + len(truth & await _all(db, word)), there + len(truth)
    recall = found / there if there else 0.0
    turns: dict[str, Turn] = {}
    for word in asked:
        turns[f"ours {word}"] = partial(_page, db, SearchQuery(text=word))
        turns[f"like {word}"] = partial(_like, plain, _LIKE, f"%{word}%")
    took = await medians(turns, run.rounds)
    ours = sum(took[f"ours {word}"] for word in asked) / len(asked)
    like = sum(took[f"like {word}"] for word in asked) / len(asked)
    rows = f"LIKE finds {there:,} rows for {len(asked)} words"
    return [
        Figure(3, f"{kind}: recall", f"{recall:.3f}", rows, recall, "1.0", recall == 1.0),
        Figure(3, f"{kind}: first page, with count", f"{ours:.1f} ms", f"{like:.1f} ms, LIKE", ours / like, "", None),
    ]


async def _near(run: Run, db: Database, plain: asyncpg.Connection) -> Figure:
    """A need and a word near a township. The answers of both must be the same or the figure counts as missed."""
    pairs = run.county.searches.pairs[:_MANY]
    same = True
    turns: dict[str, Turn] = {}
    for need, area in pairs:
        asked = SearchQuery(text=TEXT, need=need, area=area)
        given = (f"%{TEXT}%", need, [area, area[:3]])
        same &= {row[0] for row in await plain.fetch(_LOCATED, *given)} == await _all(db, asked)
        turns[f"ours {need} {area}"] = partial(_page, db, asked)
        turns[f"like {need} {area}"] = partial(_like, plain, _LOCATED, *given)
    took = await medians(turns, run.rounds)
    ours = sum(v for k, v in took.items() if k.startswith("ours")) / len(pairs)
    like = sum(v for k, v in took.items() if k.startswith("like")) / len(pairs)
    rows = "the same rows" if same else "NOT the same rows"
    anchor = f"{like:.1f} ms, LIKE and joins over the whole table, {rows}"
    held = (same and ours / like <= 1 / 20) if run.size >= 1_000_000 else (None if same else False)
    return Figure(
        3, "need, word and township: first page", f"{ours:.1f} ms", anchor, ours / like, "<= 0.05 at 1 M", held
    )


async def _like(plain: asyncpg.Connection, statement: str, *given: object) -> int:
    return len(await plain.fetch(statement, *given))


async def _page(db: Database, query: SearchQuery) -> None:
    async with db.work() as session:
        await search(session, query)


async def _all(db: Database, asked: str | SearchQuery) -> set[UUID]:
    """Every service a search finds, page after page."""
    query = SearchQuery(text=asked) if isinstance(asked, str) else asked
    found: set[UUID] = set()
    after = None
    async with db.work() as session:
        while True:
            page = await search(session, query, MOST_ROWS, after, count=False)
            found.update(row.id for row in page.rows)
            after = page.end_cursor
            if not page.has_next:
                return found
