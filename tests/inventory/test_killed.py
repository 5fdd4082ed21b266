"""Workers killed while a round opens: after a restart every agency has been asked, and none of them twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import asyncpg
from sqlalchemy import insert

from directory import rounds
from directory.rounds import InventoryRound, RoundState
from hub.base import clocks
from hub.base.databases import Urls
from hub.base.db import Database
from hub.base.ids import new_id
from hub.base.time import now
from hub.identity.tables import Agency
from hub.notices.catcher import Catcher
from tests.inventory.county import fill
from tests.worker.running import until, working

MANY = 60
SLOW = (
    "create function slow() returns trigger language plpgsql as $$ begin "
    "if new.kind = 'round_opened' then perform pg_advisory_xact_lock(424242), pg_sleep(0.03); end if; "
    "return new; end $$;"
    "create trigger slow before insert on outbox for each row execute function slow()"
)
ASKING = "select count(*) > 0 from pg_locks where locktype = 'advisory' and objid = 424242"


async def planned(db: Database) -> int:
    """A planned round whose day has come; how many services it is about."""
    async with db.work() as session:
        made = await fill(session, MANY)
        authority = new_id()
        agencies = [
            {
                "id": new_id() if number else authority, "code": f"a{number}", "name": "示範", "names": {},
                "network": "ngo", "organization_id": key, "email": f"a{number}@agency.invalid", "created_at": now(),
            }
            for number, key in enumerate(made.services)
        ]  # fmt: skip
        await session.execute(insert(Agency), agencies)
        today = now().date()
        row = InventoryRound(
            state=RoundState.PLANNED,
            opens_on=today,
            closes_on=today + timedelta(days=20),
            opens_at=now() - timedelta(minutes=1),
            due_at=now() + timedelta(days=20),
            authority_id=authority,
            planned_by=new_id(),
        )
        await rounds.plan_round(session, row)
        yesterday = now() - timedelta(days=1)
        await clocks.start(session, "stock_taking_opening", row.id, row.authority_id, yesterday, term=row.opens_at)
    return len(made.all)


async def test_a_round_opens_once_though_every_worker_is_killed(db: Database, urls: Urls, tmp_path: Path) -> None:
    services = await planned(db)
    look = await asyncpg.connect(urls.owner)
    try:
        await look.execute(SLOW)
        async with Catcher() as post:
            async with working(urls, tmp_path, post.port, 2) as workers:
                await until(lambda: look.fetchval(ASKING), 60)
                for worker in workers:
                    worker.process.kill()
                    await worker.process.wait()
            assert await look.fetchval("select count(*) from inventory_task") == 0  # nothing half done
            assert await look.fetchval("select count(*) from outbox") == 0
            assert await look.fetchval("select state from inventory_round") == "planned"
            async with working(urls, tmp_path, post.port, 2):
                await until(
                    lambda: look.fetchval("select count(*) = $1 from outbox where sent_at is not null", MANY), 90
                )
        told = await look.fetch("select agency_id, count(*) from outbox where kind = 'round_opened' group by 1")
        assert [times for _, times in told] == [1] * MANY
        assert sorted(str(message["To"]) for message in post.raw()) == sorted(
            f"a{n}@agency.invalid" for n in range(MANY)
        )
        assert await look.fetchval("select count(*) from inventory_task") == services
        assert await look.fetchval("select count(*) from audit_entry where action = 'round.begin'") == 1
        assert await look.fetchval("select count(*) from deadline where clock = 'stock_taking'") == 1
    finally:
        await look.close()
