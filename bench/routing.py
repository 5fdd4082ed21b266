"""Goal 4: who owes this need here, by the covering index, against joins over the link tables; and how it grows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from statistics import mean

import asyncpg

from directory.matching import Matches, MatchRequest, match
from directory.taxonomy import NEEDS
from hub.base.crypto import keys_of
from hub.base.db import Database

from . import data, services
from .data import Scale
from .figures import Figure, Run, Turn, medians
from .services import TOP, Entry

_SMALL = 10_000
_MANY = 12
_NOW = datetime(2026, 2, 3, 2, tzinfo=UTC)
# As a team without the index would write it: the same points for mandate, coverage, distance, places
# and whether the agency is in the hub, the same order.
_LINKS = """
select s.id,
  max(case when o.network = any($5) then 300 else 0 end) + max(case when x.area_code = $2 then 400 else 250 end)
  - 2 * min(least(150, round(2 * 6371.0088 * asin(sqrt(least(1, power(sin(radians(coalesce(l.latitude, a.latitude) - $3)
    / 2), 2) + cos(radians($3)) * cos(radians(coalesce(l.latitude, a.latitude))) * power(sin(radians(coalesce(
    l.longitude, a.longitude) - $4) / 2), 2))))))::int)
  + max(case when c.available is null then 0 when c.expires <= $7 then -60 else 200 end)
  + max(case when p.in_hub then 0 else -150 end) as score
from service s join organization o on o.id = s.organization_id
join attribute b on b.service_id = s.id join taxonomy_term t on t.id = b.taxonomy_term_id
join service_area x on x.service_id = s.id join area a on a.code = x.area_code
left join service_at_location k on k.service_id = s.id left join location l on l.id = k.location_id
left join service_capacity c on c.service_id = s.id
left join organization_pace p on p.organization_id = s.organization_id
where t.need = $1 and x.area_code = any($6) and s.status = 'active' and o.status = 'active'
  and not (coalesce(c.available, 1) = 0 and c.expires > $7)
group by s.id order by score desc, s.id limit 20
"""
_INDEX = """
select service_id from service_route where need = $1 and area = any($2) and closed = ''
group by service_id, available, latitude, longitude order by bool_or(mandated) desc, bool_or(area = $3) desc, service_id
limit 20
"""


async def measure(run: Run) -> list[Figure]:
    """Time of `match` against the joins and against the bare index; then on a tenth and less of the services."""
    ground, made = run.county, list[Figure]()
    db, plain = Database(ground.urls.app), await asyncpg.connect(ground.urls.app)
    try:
        pairs = _pairs(ground.found)
        same = mean([await _same(db, plain, *pair) for pair in pairs])
        turns: dict[str, Turn] = {}
        for pair in pairs:
            turns[f"ours {pair}"] = partial(_match, db, *pair)
            turns[f"links {pair}"] = partial(_links, plain, *pair)
            turns[f"index {pair}"] = partial(_index, plain, *pair)
        took = await medians(turns, run.rounds)
        ours, links, index = (
            mean(v for k, v in took.items() if k.startswith(who)) for who in ("ours ", "links ", "index ")
        )
        large = run.size >= 1_000_000
        anchor = f"{links:.1f} ms, joins of link tables; {same:.0%} of the best 20 the same"
        held = (same == 1 and ours / links <= 1 / 50) if large else None
        made.append(Figure(4, "route a need", f"{ours:.1f} ms", anchor, ours / links, "<= 0.02 at 1 M", held))
        anchor = f"{index:.1f} ms, the covering index alone, no reasons, no rows"
        made.append(Figure(4, "the same, with reasons", f"{ours:.1f} ms", anchor, ours / index, "", None))
        run.say("routing: against the link tables")
        small, fewer = await _small(run)
        held = (ours / small <= 3) if run.size > fewer else None
        anchor = f"{small:.1f} ms with {fewer:,} services"
        made.append(Figure(4, f"growth to {run.size:,}", f"{ours:.1f} ms", anchor, ours / small, "<= 3 to 1 M", held))
    finally:
        await plain.close()
        await db.close()
    return made


async def _small(run: Run) -> tuple[float, int]:
    """Milliseconds of `match` on a small directory, and how many services it has."""
    fewer = min(_SMALL, max(1000, run.size // 10))
    scale = Scale(fewer, 2000)
    made = data.county(scale, list(NEEDS), services.areas(), 20)
    found = list(services.entries(made, fewer))
    async with run.site.fresh("bench_small") as urls:
        owner, db = await asyncpg.connect(urls.owner), Database(urls.app, keys=keys_of(run.site.settings))
        try:
            await services.load(owner, db, found, run.say)
            await owner.execute("vacuum analyze")
            took = await medians({str(pair): partial(_match, db, *pair) for pair in _pairs(found)}, run.rounds)
        finally:
            await db.close()
            await owner.close()
    return mean(took.values()), fewer


def _pairs(found: Sequence[Entry]) -> list[tuple[str, str]]:
    """Needs and townships with the most services: at every size the page is full and nothing else is looked at."""
    hits = Counter((need, area) for e in found for need in e.needs for area in e.areas)
    counted = {(n, a): hits[n, a] + hits[n, a[:3]] for n in NEEDS for a in services.areas()}
    return sorted(counted, key=lambda pair: (-counted[pair], pair))[:_MANY]


async def _match(db: Database, need: str, area: str) -> Matches:
    async with db.work() as session:
        return await match(session, MatchRequest(need, area), _NOW, TOP)


async def _links(plain: asyncpg.Connection, need: str, area: str) -> list[asyncpg.Record]:
    networks = [str(network) for network in NEEDS[need].networks]
    given = (need, area, *services.spot(area), networks, [area, area[:3]], _NOW)
    return list(await plain.fetch(_LINKS, *given))


async def _index(plain: asyncpg.Connection, need: str, area: str) -> list[asyncpg.Record]:
    return list(await plain.fetch(_INDEX, need, [area, area[:3]], area))


async def _same(db: Database, plain: asyncpg.Connection, need: str, area: str) -> float:
    """Which part of the joins' best 20 is among ours."""
    ours = {one.service.id for one in (await _match(db, need, area)).found}
    theirs = {row[0] for row in await _links(plain, need, area)}
    return len(ours & theirs) / max(1, len(theirs))
