"""How search grows: `python -m bench.searching [--sizes 10000,100000,1000000]`. Rows made straight in what it reads.

Each kind of search is timed in the database, as the hub sends it (page of 20 and count), and beside it the same rows
asked for without steps: one index scan, sorted whole. The two must name the same services in the same order.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlmodel.ext.asyncio.session import AsyncSession

from directory.facets import facets
from directory.facts import BUCKET, EVERY, RUNS, Facts
from directory.search import METRES, NARROWED, SearchQuery, search
from directory.spelling import learn, stems
from directory.steps import anywhere, covered
from directory.taxonomy import NEEDS, NETWORKS
from directory.understanding import understood
from directory.words import normal, quoted, words
from hub.base.db import Database

from .services import COUNTIES, areas, spot
from .site import Say, Site, started, teller

SEED = 20260102
_KIND = ("諮商", "陪同", "扶助", "輔導", "就業", "法律", "醫療", "通譯", "托育", "居住")
_WHO = ("婦女", "兒少", "家庭", "新住民", "長者", "身心障礙", "男性", "青年")
_SAID = ("提供心理諮商與陪伴，可夜間預約。", "提供生活扶助與轉介，可電話詢問。")
_ENGLISH = ("counselling", "accompaniment", "support", "guidance", "employment", "legal advice", "treatment")
_RARE = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥天地玄黃宇宙洪荒"
NOW = datetime(2026, 1, 15, 4, 0, tzinfo=UTC)
OPEN = 3 * 1440 + 600
NO_FIELDS: frozenset[str] = frozenset()


def made_up(size: int, seed: int = SEED) -> Iterator[Facts]:
    """Search rows of `size` services in the benchmarks' invented country."""
    random = Random(seed)
    needs, networks, places = list(NEEDS), list(NETWORKS), areas()
    counties = [f"B{number:02}" for number in range(COUNTIES)]
    for _ in range(size):
        kind, who = random.choice(_KIND), random.choice(_WHO)
        rare = random.choice(_RARE) + random.choice(_RARE) + random.choice(_RARE)
        name = f"{who}{kind}服務 / {random.choice(_ENGLISH).capitalize()} {random.randrange(5000)}"
        title = normal(f"{name} / 示範{rare}協會 / Sample {random.choice(_ENGLISH)} agency")
        wide = random.random() < 0.15
        served = random.sample(counties if wide else places, random.choice((1, 2, 3)))
        at = spot(random.choice(places)) if wide else spot(served[0])
        met = random.sample(needs, random.choice((1, 1, 2)))
        named = [value for need in met for value in NEEDS[need].names.values()]
        yield Facts(
            UUID(int=random.getrandbits(128), version=4), title,
            normal(" / ".join([title, random.choice(_SAID), f"{rare}計畫", *named])), random.random() < 0.04,
            met, served, sorted({*served, *(code[:3] for code in served)}),
            random.choice(networks), at[0] + random.uniform(-0.02, 0.02), at[1] + random.uniform(-0.02, 0.02),
            ["zh", "vi"] if random.random() < 0.1 else ["zh"], ["wheelchair"] if random.random() < 0.2 else [],
            ["female"] if random.random() < 0.2 else [], ["free"] if random.random() < 0.3 else [],
            ["SHPA"] if random.random() < 0.1 else [], [],
        )  # fmt: skip


_COLUMNS = ["service_id", "organization_id", "name", "haystack", "areas", "latitude", "longitude", "closed",
            "facets", "hours", "minimum_age", "maximum_age", "tokens"]  # fmt: skip
_WEEK = [asyncpg.Range(day * 1440 + 480, day * 1440 + 1020) for day in range(5)]
_MADE = 25_000
_LISTED = ", ".join(_COLUMNS[1:-1])
_REPEAT = f"""
INSERT INTO service_search (service_id, place, {_LISTED}, document) SELECT id, p, {_LISTED},
  array_to_tsvector(tokens || ARRAY[{", ".join(f"'{BUCKET}{n}:' || p / {size}" for n, size in enumerate(RUNS))}])
FROM (SELECT CAST(md5(CAST($1 AS integer) || CAST(service_id AS text)) AS uuid) AS id,
  nextval(pg_get_serial_sequence('service_search', 'place')) AS p, m.* FROM made m) m"""


async def load(site: Site, database: str, size: int, say: Say) -> None:
    """Write the search rows of `size` services, and what they point to, by COPY; then the index and the statistics."""
    db = Database(site.urls(database).app)
    root = await asyncpg.connect(str(make_url(site.admin).set(database=database).render_as_string(hide_password=False)))
    try:
        await root.execute("SET session_replication_role = replica; SET maintenance_work_mem = '1GB'")
        await root.execute("DROP INDEX ix_service_search_document")
        await root.execute("CREATE TEMP TABLE made AS SELECT *, '{}'::text[] AS tokens FROM service_search LIMIT 0")
        organization = UUID(int=1)
        await root.execute(
            "INSERT INTO organization (id, source, source_id, name) VALUES ($1, 'bench', '1', '示範')", organization
        )
        places = [(code, None, "county", *spot(f"{code}-05")) for code in sorted({code[:3] for code in areas()})]
        await _copy(root, "area", ["code", "parent", "kind", "latitude", "longitude"],
                    [*places, *((code, code[:3], "township", *spot(code)) for code in areas())])  # fmt: skip
        # Made once for every so many rows, then repeated under other ids, which gives each its own place.
        copies = max(1, size // _MADE)
        random, made = Random(SEED + 1), list(made_up(size // copies))
        spelled = set[str]().union(*(words(one.haystack) for one in made))
        async with db.work() as session:
            known = dict(await stems(session, spelled))
            await learn(session, spelled)
        await _copy(root, "made", _COLUMNS, (
            (one.id, organization, one.title, one.haystack, one.areas, one.latitude, one.longitude, one.closed,
             one.facets(), _WEEK if random.random() < 0.5 else None, random.choice((None, None, 18)), None,
             list(one.document(known))) for one in made
        ))  # fmt: skip
        for number in range(copies):
            await root.execute(_REPEAT, number)
            if number % 4 == 3:
                say(f"{(number + 1) * len(made):,} rows")
        await root.execute(
            "INSERT INTO service (id, source, source_id, organization_id, name) SELECT service_id, 'bench', "
            "CAST(service_id AS text), organization_id, name FROM service_search"
        )
        say("making the index")
        await root.execute(
            "CREATE INDEX ix_service_search_document ON service_search USING gin (document) WITH (fastupdate = off)"
        )
        await root.execute("VACUUM ANALYZE")
    finally:
        await root.close()
        await db.close()


KINDS: dict[str, SearchQuery] = {
    "need + township + text": SearchQuery(text="心理諮商", need="counselling", area="B05-07"),
    "need + township": SearchQuery(need="counselling", area="B05-07"),
    "need + county": SearchQuery(need="counselling", area="B05"),
    "township + text": SearchQuery(text="心理諮商", area="B05-07"),
    "near + text": SearchQuery(text="心理諮商", near="B05-07"),
    "text: every other service": SearchQuery(text="心理諮商"),
    "text: one in a hundred": SearchQuery(text="乙丁"),
    "text: one character": SearchQuery(text="婦"),
    "English stem": SearchQuery(text="counseling"),
    "English, misspelt": SearchQuery(text="acompaniment"),
    "many filters": SearchQuery(
        text="諮商", need="counselling", language="vi", cost="free", open_at=3 * 1440 + 600, age=20
    ),
    "everything": SearchQuery(),
}
FACETS = ("need", "network", "area", "language", "cost", "open")
_PLAIN = f"""
SELECT q.service_id, CASE WHEN :named = '' OR q.document @@ CAST(:named AS tsquery) THEN 0 ELSE 4 END + CASE
    WHEN CAST(:own AS text) IS NULL OR q.document @@ CAST(:own AS tsquery) THEN 0
    WHEN q.document @@ CAST(:wide AS tsquery) THEN 1 ELSE 2 END AS rank, {METRES} AS metres
FROM service_search q WHERE q.document @@ CAST(:asked AS tsquery) AND {NARROWED}
ORDER BY rank, metres, q.place, q.service_id LIMIT 20"""


@dataclass(frozen=True, slots=True)
class Timed:
    """Milliseconds of a kind of search: a page, with its count, its facets, the plain way; whether the rows agree."""

    page: float
    counted: float
    facets: float
    plain: float
    same: bool


async def measure(session: AsyncSession, query: SearchQuery, rounds: int) -> Timed:
    """Medians of so many interleaved rounds, each statement sent as the hub sends it."""
    asked = await understood(session, query)
    assert asked is not None
    words_, known = asked.known.words, asked.known
    own, wide, _ = covered(query.need, query.area, known.chain) if query.area else (None, None, None)
    given = {**asked.given, "asked": anywhere(query, known.chain, words_) or quoted(EVERY), "own": own, "wide": wide,
             "named": words_.named if words_ and known.middle is None else ""}  # fmt: skip
    ids: list[list[UUID]] = [[], []]

    async def plain() -> None:
        ids[0] = [row[0] for row in (await session.execute(text(_PLAIN), given)).all()]

    async def page() -> None:
        ids[1] = [row.id for row in (await search(session, query, 20, count=False, fields=NO_FIELDS)).rows]

    async def counted() -> None:
        await search(session, query, 20, fields=NO_FIELDS)

    async def counts() -> None:
        await facets(session, query, FACETS, NOW, OPEN)

    spent: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        for name, job in (("page", page), ("counted", counted), ("facets", counts), ("plain", plain)):
            began = time.perf_counter()
            await job()
            if number:
                spent.setdefault(name, []).append((time.perf_counter() - began) * 1000)
    medians = {name: statistics.median(times) for name, times in spent.items()}
    return Timed(**medians, same=ids[0] == ids[1])


async def report(url: str | URL, rounds: int) -> bool:
    """Print a line a kind of search; whether all found the same rows as the plain way."""
    db, agree = Database(url), True
    try:
        async with db.work() as session:
            for name, query in KINDS.items():
                t = await measure(session, query, rounds)
                same, agree = "same rows" if t.same else "ROWS DIFFER", agree and t.same
                print(
                    f"| {name} | {t.page:.1f} | {t.counted:.1f} | {t.facets:.1f} | {t.plain:.1f} | {same} |", flush=True
                )
    finally:
        await db.close()
    return agree


async def main(sizes: Sequence[int], rounds: int) -> bool:
    """Load each size and measure it; whether every answer was right."""
    say, agree = teller(time.monotonic()), True
    async with started("http://127.0.0.1:1") as site:
        for size in sizes:
            name = f"search_{size}"
            await site.copy(name)
            await load(site, name, size, say)
            print(f"\n{size:,} services; milliseconds\n\n| search | page | and count | facets | plain | |")
            print("|---|---|---|---|---|---|")
            agree = await report(site.urls(name).app, rounds) and agree
    return agree


async def _copy(connection: asyncpg.Connection, table: str, columns: list[str], rows: Iterable[Any]) -> None:
    await connection.copy_records_to_table(table, columns=columns, records=rows)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", default="10000,100000", help="numbers of services, with commas between")
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    sys.exit(not asyncio.run(main([int(size) for size in chosen.sizes.split(",")], chosen.rounds)))
