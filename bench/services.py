"""The fixed-seed directory of the benchmarks: townships, organizations and services, all fictional."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from directory.refresh import COVERS, WITHIN, refresh_run
from directory.taxonomy import NEEDS
from directory.words import text_query
from hub.base.db import Database

from .data import SEED, County
from .site import Say

COUNTIES, TOWNSHIPS = 22, 16
SOURCE = "bench"
TOP = 20
_AT_ONCE = 10_000
"""Services whose search rows are built in one transaction: so that progress can be told."""
_KIND = ("諮商", "陪同", "扶助", "輔導", "就業", "法律", "醫療", "通譯", "托育", "居住")
_WHO = ("婦女", "兒少", "家庭", "新住民", "長者", "身心障礙", "男性", "青年")
_WAY = ("夜間", "到宅", "線上", "外展", "團體", "個別", "緊急", "預約")
_WORDS = ("提供心理諮商與陪伴，可夜間預約。", "提供生活扶助與轉介，可電話詢問。")
TEXT = "心理諮商"
"""What is searched for: about every other service says it."""
_TREES, _SKIES = "松柏梅蘭竹菊荷桂楓櫻桐榕槐杉楠柳杏桃李棠", "月星雲霞虹霜露雪嵐霧泉溪湖潮浪島岸舟帆橋"
_ADJECTIVES = "amber brave calm dawn early fern gentle honest ivory jade kind level merry noble open plain quiet russet"
_NOUNS = "lantern harbour meadow bridge window garden orchard shelterbelt compass anchor candle willow pebble thicket"
RARE = [a + b for a in _TREES for b in _SKIES]
"""Words of two characters: each stands in the description of one service in 400, and nowhere else."""
ENGLISH = [f"{a} {b}" for a in _ADJECTIVES.split() for b in _NOUNS.split()]
"""Pairs of English words: each is in the English name of one service in 252."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One service of the directory."""

    id: UUID
    organization_id: UUID
    name: str
    description: str
    needs: tuple[str, ...]
    areas: tuple[str, ...]
    english: str


def areas() -> list[str]:
    """Codes of the townships."""
    return [f"B{county:02}-{township:02}" for county in range(COUNTIES) for township in range(TOWNSHIPS)]


def entries(made: County, services: int, seed: int = SEED) -> Iterator[Entry]:
    """The agencies' own services first, then others until there are `services`."""
    random = Random(seed + 2)
    needs, places, counties = list(NEEDS), areas(), [f"B{number:02}" for number in range(COUNTIES)]

    def entry(key: UUID, organization: UUID) -> Entry:
        wide = random.random() < 0.15
        name = f"{random.choice(_WAY)}{random.choice(_WHO)}{random.choice(_KIND)}服務"
        return Entry(
            key,
            organization,
            name,
            f"{random.choice(_WORDS)}{random.choice(RARE)}計畫。",
            tuple(random.sample(needs, random.choice((1, 1, 2)))),
            tuple(random.sample(counties if wide else places, random.choice((1, 2, 3)))),
            random.choice(ENGLISH),
        )

    count = 0
    for agency, keys in zip(made.agencies, made.services, strict=True):
        for key in keys:
            yield entry(key, agency.organization_id)
            count += 1
    others = [UUID(int=random.getrandbits(128), version=4) for _ in range(max(1, services // 20))]
    for _ in range(count, services):
        yield entry(UUID(int=random.getrandbits(128), version=4), random.choice(others))


def offered(made: County, found: Sequence[Entry]) -> list[tuple[UUID, str]]:
    """The agencies' own services, each with a need it is there for that may be referred."""
    own = sum(map(len, made.services))
    return [(e.id, need) for e in found[:own] for need in e.needs[:1] if need != "offender_treatment"]


@dataclass(frozen=True, slots=True)
class Searches:
    """Pairs of a need and a township, and how many services at least (up to TOP) each of them finds with `TEXT`."""

    pairs: Sequence[tuple[str, str]]
    least: int


def searches(found: Sequence[Entry], most: int = 200) -> Searches:
    """The pairs that find the most services: at full size each of them has more than a page."""
    hits = Counter((need, area) for e in found if TEXT in e.description for need in e.needs for area in e.areas)
    counted = [((need, area), hits[need, area] + hits[need, area[:3]]) for need in NEEDS for area in areas()]
    best = sorted(counted, key=lambda one: -one[1])[:most]
    return Searches([pair for pair, _ in best], min(TOP, best[-1][1]))


def search_by_hand(need: str, area: str) -> dict[str, object]:
    """The hub's search in PostgreSQL's own terms, as the peers' clients must send it."""
    words = text_query(TEXT)
    assert words is not None
    county = area[:3]
    where = f"('{need}{WITHIN}{area}' | '{need}{COVERS}{county}')"
    latitude, longitude = spot(area)
    return {
        "tsquery": f"{where} & {words.tsquery}",
        "patterns": list(words.patterns),
        "first": words.first,
        "area": area,
        "chain": [county],
        "lat": latitude,
        "lon": longitude,
    }


async def load(connection: asyncpg.Connection, db: Database, found: Sequence[Entry], say: Say) -> None:
    """Write the directory by COPY as the owner, then let the directory itself build what search and routing read."""
    say(f"writing {len(found):,} services")
    places: list[tuple[Any, ...]] = [
        (f"B{c:02}", None, "county", 22.0 + c / 10, 120.5 + c / 20) for c in range(COUNTIES)
    ]
    places += [(code, code[:3], "township", *spot(code)) for code in areas()]
    await _copy(connection, "area", "code parent kind latitude longitude", places)
    owners = sorted({entry.organization_id for entry in found})
    rows: Iterator[tuple[Any, ...]] = ((key, SOURCE, str(key), f"示範機構 {i}") for i, key in enumerate(owners))
    await _copy(connection, "organization", "id source source_id name", rows)
    terms = {need: UUID(int=i + 1) for i, need in enumerate(NEEDS)}
    rows = ((key, SOURCE, need, need, need, need) for need, key in terms.items())
    await _copy(connection, "taxonomy_term", "id source source_id code name need", rows)
    rows = (
        (e.id, SOURCE, str(e.id), _run(n), e.organization_id, e.name, _json({"en": e.english}), e.description)
        for n, e in enumerate(found)
    )
    await _copy(connection, "service", "id source source_id seen organization_id name name_i18n description", rows)
    rows = ((SOURCE, f"{e.id}:{need}", e.id, terms[need]) for e in found for need in e.needs)
    await _copy(connection, "attribute", "source source_id service_id taxonomy_term_id", rows)
    rows = ((SOURCE, f"{e.id}:{area}", e.id, area) for e in found for area in e.areas)
    await _copy(connection, "service_area", "source source_id service_id area_code", rows)
    await connection.execute("analyze")
    async with _unindexed(connection, "service_search"):
        for first in range(0, len(found), _AT_ONCE):  # one after the other: they learn the same words
            async with db.work() as session:
                await refresh_run(session, _run(first))
            say(f"search and routing rows: {min(first + _AT_ONCE, len(found)):,} of {len(found):,} services")
        say("their indexes")


def _run(number: int) -> UUID:
    """The import that is said to have seen the service of this number."""
    return UUID(int=1 + number // _AT_ONCE)


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


@asynccontextmanager
async def _unindexed(connection: asyncpg.Connection, table: str) -> AsyncIterator[None]:
    """This table without its inverted indexes, the dear ones to fill by the row; made again, whole, after the block."""
    rows = await connection.fetch(
        "select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as made from pg_index i "
        "join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam "
        "where i.indrelid = $1::text::regclass and a.amname = 'gin'",
        table,
    )
    for row in rows:
        await connection.execute(f"drop index {row['name']}")
    yield
    await connection.execute("set maintenance_work_mem = '512MB'")
    for row in rows:
        await connection.execute(row["made"])


def spot(code: str) -> tuple[float, float]:
    """Latitude and longitude of a township."""
    county, township = int(code[1:3]), int(code[4:])
    return 22.0 + county / 10 + township % 4 / 50, 120.5 + county / 20 + township // 4 / 50


async def _copy(connection: asyncpg.Connection, table: str, columns: str, rows: Any) -> None:
    await connection.copy_records_to_table(table, columns=columns.split(), records=rows)
