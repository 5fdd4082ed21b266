"""Clocks due at once, drained by two workers, one of them killed in the middle: every row fires exactly once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg

from hub.base.databases import Urls
from hub.notices.catcher import Catcher

from .. import servers
from ..site import Say, Site
from .report import Check

MOST_SECONDS = 20.0
"""Within which two workers drain 10,000 (goal 12); here one is killed and another started in its place."""
_PATIENCE = 300.0
_TOLD = "select count(*) from outbox where kind = 'clock_overdue'"


async def run(site: Site, urls: Urls, clocks: int, say: Say) -> list[Check]:
    """Write the clocks, start two workers, kill one of them when some have fired and more have not."""
    owner = await asyncpg.connect(urls.owner)
    try:
        wanted = await _write(owner, clocks)
        async with Catcher(keep=10) as mail, contextlib.AsyncExitStack() as stack:

            async def start(name: str) -> servers.Running:
                one = servers.worker(site, urls, name, mail.port)
                return await asyncio.to_thread(stack.enter_context, one)

            began = time.monotonic()
            first = await start("clocks-1")
            second = await start("clocks-2")
            told = await _reaches(owner, clocks // 10)
            first.process.kill()
            first.process.wait()
            at_kill = await owner.fetchval(_TOLD)
            say(f"clocks: {at_kill:,} of {clocks:,} told, one worker killed (first look: {told:,})")
            third = await start("clocks-3")
            await _reaches(owner, clocks)
            took = time.monotonic() - began
            await asyncio.sleep(2)  # whoever would fire twice has time to
            logs = {name: one.said() for name, one in (("second", second), ("third", third))}
        rows = await owner.fetch("select subject_id from outbox where kind = 'clock_overdue'")
        left = await owner.fetchval("select count(*) from deadline where stage <> 'overdue'")
    finally:
        await owner.close()
    failing = [name for name, said in logs.items() if "job fails" in said]
    limit = MOST_SECONDS * max(1.0, clocks / 10_000)
    return [
        Check("killed in the middle", f"{at_kill:,} of {clocks:,} had fired", 0 < at_kill < clocks),
        exactly_once(Counter(row[0] for row in rows), wanted),
        Check("every clock marked", f"{left:,} left", left == 0),
        Check("the workers that lived", f"jobs failed in: {', '.join(failing) or 'none'}", not failing),
        Check(
            "drained in", f"{took:.1f} s with two starts, a kill and a third start; wanted: {limit:.0f}", took <= limit
        ),
    ]


def exactly_once(told: Mapping[UUID, int], wanted: Collection[UUID]) -> Check:
    """Every clock was told, none twice, and nothing else."""
    lost = sum(1 for key in wanted if not told.get(key))
    twice = sum(1 for times in told.values() if times > 1)
    strange = sum(1 for key in told if key not in wanted)
    found = f"{len(told):,} told; {lost} never, {twice} more than once, {strange} unknown"
    return Check("every clock fires exactly once", found, bool(wanted) and not (lost or twice or strange))


async def _write(owner: asyncpg.Connection, clocks: int) -> set[UUID]:
    agency, now = uuid4(), datetime.now(UTC)
    given = (agency, "clocks", "示範", "{}", "police", False, "", "clocks@hub.example", now)
    columns = "id code name names network is_centre county email created_at"
    await owner.copy_records_to_table("agency", columns=columns.split(), records=[given])
    due = now - timedelta(minutes=1)
    wanted = {uuid4() for _ in range(clocks)}
    rows = [
        (uuid4(), "report", key, agency, due - timedelta(hours=24), due, due, "running", "waiting", 0, 0)
        for key in wanted
    ]
    columns = "id clock subject_id owner_id starts_at due_at next_fire_at state stage warned attempts"
    await owner.copy_records_to_table("deadline", columns=columns.split(), records=rows)
    await owner.execute("analyze")
    return wanted


async def _reaches(owner: asyncpg.Connection, count: int) -> int:
    """Wait until so many have been told; how many that is after five minutes at most."""
    end = time.monotonic() + _PATIENCE
    while True:
        told = int(await owner.fetchval(_TOLD))
        if told >= count or time.monotonic() > end:
            return told
        await asyncio.sleep(0.02)
