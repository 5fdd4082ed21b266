"""Goal 9: appending while a worker seals, against appending alone and against one global chain; then verifying all."""

from __future__ import annotations

import asyncio
import hashlib
import time
from statistics import median

import asyncpg
from sqlalchemy import text

from hub.audit.chain import PAYLOAD, seal
from hub.audit.verify import verify
from hub.base.databases import Urls
from hub.base.db import Database

from . import pgbench, servers
from .figures import Figure, Run

_CLIENTS, _SECONDS = 16, 2
_TAIL_WANTED = 1.0
_FILL = (
    "insert into audit_entry (at, actor_id, agency_id, action, subject, case_ids, body) "
    "select now(), gen_random_uuid(), gen_random_uuid(), 'referral.send', gen_random_uuid()::text, "
    """array[gen_random_uuid()], '{"shown": [{"purpose": "treatment", "categories": {"existence": ["P4"]}}]}' """
    "from generate_series(1, $1::int)"
)


async def measure(run: Run) -> list[Figure]:
    """Rates by pgbench over a socket, each way in a database of its own, in turn; the sealer is a real `hub work`."""
    ways = {"plain": "append", "sealed": "append", "global": "append_global"}
    rates: dict[str, list[float]] = {name: [] for name in ways}
    waited = 0.0
    for number in range(run.rounds):
        for name, script in ways.items():
            async with run.site.fresh("bench_audit") as urls:
                if name == "sealed":
                    rate, tail = await _sealed(run, urls)
                    waited = max(waited, tail)
                else:
                    rate = await _appended(run, urls, script)
            rates[name].append(rate)
        run.say(f"audit: round {number + 1} of {run.rounds}")
    plain, sealed, chained = (median(rates[name]) for name in ways)
    ours = f"{sealed:,.0f}/s"
    return [
        Figure(
            9, f"append while sealed, {_CLIENTS} clients", ours, f"{plain:,.0f}/s, appended alone", sealed / plain,
            ">= 0.65", sealed / plain >= 0.65,
        ),
        Figure(
            9, "the same", ours, f"{chained:,.0f}/s, one global chain in the transaction", sealed / chained, ">= 6",
            sealed / chained >= 6,
        ),
        Figure(
            9, "longest time an entry waited for its seal under that load", f"{waited:.2f} s", "1 s", waited, "<= 1 s",
            waited <= _TAIL_WANTED,
        ),
        await _verified(run),
    ]  # fmt: skip


async def _appended(run: Run, urls: Urls, script: str) -> float:
    owner = await asyncpg.connect(urls.owner)
    await owner.execute("create table bench_chain as select sha256('') as head")
    await owner.close()
    place = run.site.place("bench_audit")
    return (await asyncio.to_thread(pgbench.drive, run.site, place, script, _CLIENTS, _SECONDS)).rate


async def _sealed(run: Run, urls: Urls) -> tuple[float, float]:
    """The rate, and the longest wait seen while looking ten times a second. What was appended must all get sealed."""
    owner = await asyncpg.connect(urls.owner)
    try:
        with servers.worker(run.site, urls):
            driving = asyncio.create_task(_appended(run, urls, "append"))
            waited = 0.0
            while not driving.done():
                waited = max(waited, await oldest_unsealed(owner))
                await asyncio.wait({driving}, timeout=0.1)
            rate, until = await driving, time.monotonic() + 30
            while (left := await owner.fetchval("select count(*) from audit_entry")) > (
                await owner.fetchval("select coalesce(max(entries), 0) from audit_seal")
            ):
                if time.monotonic() > until:
                    raise RuntimeError(f"the sealer never came to the end of {left:,} entries")
                waited = max(waited, await oldest_unsealed(owner))
                await asyncio.sleep(0.1)
            return rate, waited
    finally:
        await owner.close()


async def oldest_unsealed(owner: asyncpg.Connection) -> float:
    """Seconds the oldest unsealed entry has waited: what lies above the last seal's transaction edge."""
    found = await owner.fetchval(
        "select extract(epoch from clock_timestamp() - e.at)::float8 from audit_entry e "
        "where e.xid >= coalesce((select upto from audit_seal order by number desc limit 1), '0'::xid8) "
        "order by e.xid limit 1"
    )
    return float(found or 0)


async def _verified(run: Run) -> Figure:
    async with run.site.fresh("bench_audit") as urls:
        owner, db = await asyncpg.connect(urls.owner), Database(urls.app, keys=None)
        try:
            for _ in range(max(1, run.size // 5000)):
                await owner.execute(_FILL, min(5000, run.size))
            await owner.execute("analyze")
            while await _seal(db):
                pass
            took, hashed, entries = await _walked(db)
        finally:
            await db.close()
            await owner.close()
    run.say(f"audit: {entries:,} entries verified in {took:.2f} s")
    anchor = f"{hashed:.2f} s, sha256 of the same bytes alone"
    return Figure(9, f"verify {entries:,} entries", f"{took:.2f} s", anchor, took / hashed, "<= 6", took / hashed <= 6)


async def _seal(db: Database) -> int:
    async with db.work() as session:
        return await seal(session)


async def _walked(db: Database) -> tuple[float, float, int]:
    """Seconds of `verify`, seconds of hashing alone, entries."""
    async with db.work() as session:
        began = time.perf_counter()
        report = await verify(session)
        took = time.perf_counter() - began
        rows = (await session.execute(text(f"select {PAYLOAD} from audit_entry limit 50000"))).all()
    if not report.whole or report.unsealed:
        raise RuntimeError(f"the chain is not whole: {report.problems}, {report.unsealed} unsealed")
    payloads = [row[0] for row in rows]
    began = time.perf_counter()
    for payload in payloads:
        hashlib.sha256(payload).digest()
    return took, (time.perf_counter() - began) / len(payloads) * report.entries, report.entries
