"""Goal 6: the coverage matrix out of the sums that the writes keep, against one join over the directory; its growth."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from functools import partial

import asyncpg

from directory.coverage import Line, matrix
from directory.coverage_keeping import keep_all
from directory.taxonomy import NEEDS
from hub.base.crypto import keys_of
from hub.base.db import Database

from . import data, services
from .data import Scale
from .figures import Figure, Run, Turn, medians

_SMALL = 10_000
_NOW = datetime(2026, 2, 3, 2, tzinfo=UTC)
_SINCE = date(2025, 8, 3)
# As a team without the sums would write it: services and attested ones of each county, need and network.
_JOIN = """
select c.code, t.need, coalesce(o.network, ''), count(distinct s.id),
  count(distinct s.id) filter (where s.assured_date >= $1)
from area c join area m on m.code = c.code or m.parent = c.code
join service_area x on x.area_code = m.code join service s on s.id = x.service_id
join organization o on o.id = s.organization_id
join attribute b on b.service_id = s.id join taxonomy_term t on t.id = b.taxonomy_term_id
where c.kind = 'county' and t.need is not null and s.status = 'active' and o.status = 'active'
group by 1, 2, 3
"""
# The same, each pair of a service and a county made one before it is counted.
_BETTER = """
with held as (select distinct coalesce(m.parent, m.code) as code, x.service_id, t.need
  from area m join service_area x on x.area_code = m.code
  join attribute b on b.service_id = x.service_id join taxonomy_term t on t.id = b.taxonomy_term_id
  where t.need is not null and m.kind in ('county', 'township'))
select h.code, h.need, coalesce(o.network, ''), count(*), count(*) filter (where s.assured_date >= $1)
from held h join service s on s.id = h.service_id join organization o on o.id = s.organization_id
where s.status = 'active' and o.status = 'active' group by 1, 2, 3
"""


async def measure(run: Run) -> list[Figure]:
    """The matrix of all counties by the sums and by two joins, the same counts; then on a tenth of the services."""
    ground, large = run.county, run.size >= 1_000_000
    db, plain = Database(ground.urls.app), await asyncpg.connect(ground.urls.owner)
    try:
        began = time.perf_counter()
        await _keep(db)
        run.say(f"coverage: sums of {run.size:,} services made in {time.perf_counter() - began:.0f} s")
        await plain.execute("analyze")
        await _same(db, plain)
        turns: dict[str, Turn] = {"ours": partial(_matrix, db), "join": partial(plain.fetch, _JOIN, _SINCE),
                 "better": partial(plain.fetch, _BETTER, _SINCE)}  # fmt: skip
        took = await medians(turns, run.rounds)
    finally:
        await plain.close()
        await db.close()
    join = min(took["join"], took["better"])
    small, fewer = await _small(run)
    ratio, growth = took["ours"] / join, took["ours"] / small
    return [
        Figure(
            6, "coverage matrix of all counties", f"{took['ours']:.1f} ms",
            f"{join:,.0f} ms, the better of two joins, same counts", ratio, "<= 0.025 at 1 M",
            ratio <= 1 / 40 if large else None,
        ),
        Figure(
            6, f"growth of the matrix to {run.size:,}", f"{took['ours']:.1f} ms",
            f"{small:.1f} ms with {fewer:,} services", growth, "<= 3 to 1 M", growth <= 3 if run.size > fewer else None,
        ),
    ]  # fmt: skip


async def _small(run: Run) -> tuple[float, int]:
    """Milliseconds of the matrix of a small directory, and how many services it has."""
    fewer = min(_SMALL, max(1000, run.size // 10))
    found = list(services.entries(data.county(Scale(fewer, 2000), list(NEEDS), services.areas(), 20), fewer))
    async with run.site.fresh("bench_small") as urls:
        owner, db = await asyncpg.connect(urls.owner), Database(urls.app, keys=keys_of(run.site.settings))
        try:
            await services.load(owner, db, found, run.say)
            await _keep(db)
            await owner.execute("vacuum analyze")
            return (await medians({"ours": partial(_matrix, db)}, run.rounds))["ours"], fewer
        finally:
            await db.close()
            await owner.close()


async def _keep(db: Database) -> None:
    async with db.work() as session:
        await keep_all(session)


async def _matrix(db: Database) -> list[Line]:
    async with db.work() as session:
        return await matrix(session, _NOW)


async def _same(db: Database, plain: asyncpg.Connection) -> None:
    """Both joins count what the sums say, cell by cell; else nothing is measured."""
    ours = {
        (line.area.code, cell.need, cell.network): (cell.services, cell.attested)
        for line in await _matrix(db)
        for cell in line.cells
        if cell.services
    }
    for statement in (_JOIN, _BETTER):
        theirs = {tuple(row[:3]): (row[3], row[4]) for row in await plain.fetch(statement, _SINCE)}
        if ours != theirs:
            raise RuntimeError("the sums and the join disagree")
