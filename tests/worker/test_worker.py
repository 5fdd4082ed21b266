"""`hub work` as it runs: killed, doubled, without database, stopped, idle; nothing is lost and nothing told twice."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
import pytest_asyncio
from aiosmtpd.smtp import SMTP, Envelope

from hub import worker
from hub.audit import chain, heads
from hub.base import migrate
from hub.base.databases import Urls, bootstrap
from hub.base.db import Database
from hub.base.ids import new_id
from hub.base.postgres import APP, OWNER, EmbeddedPostgres
from hub.base.settings import Settings
from hub.notices.catcher import Catcher
from hub.policy.terms import Actor, Role
from tests.worker.running import AUDIT_SEED, QUICK_LEASE, Worker, fill, until, working

ACTOR = Actor(new_id(), new_id(), frozenset({Role.AGENCY_WORKER}))
OVERDUE = "select count(*) from outbox where kind = 'clock_overdue'"
UNSENT = "select count(*) from outbox where sent_at is null"


class Murderous(Catcher):
    """A mail server that kills the worker sending a certain message, after taking it and before saying so."""

    def __init__(self, *on: int) -> None:
        super().__init__(keep=5000)
        self.on, self.workers = set(on), list[Worker]()
        self.killed: list[EmailMessage] = []

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a message, and perhaps a life."""
        answer = await super().handle_DATA(server, session, envelope)
        if len(self.raw()) in self.on:
            self.on.discard(len(self.raw()))
            [sender] = [one for one in self.workers if session.peer[1] in one.connections()]
            self.workers.remove(sender)
            self.killed.append(self.raw()[-1])
            sender.process.kill()
            await sender.process.wait()
        return answer


class Silent(Catcher):
    """A mail server that takes a message and never answers."""

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take it and think."""
        await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(600)
        return "250 OK"


@pytest_asyncio.fixture(loop_scope="session")
async def look(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The database as its owner sees it."""
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


async def test_workers_killed_in_the_middle_lose_nothing_and_tell_no_step_twice(
    db: Database, urls: Urls, look: asyncpg.Connection, tmp_path: Path
) -> None:
    clocks, notices = 300, 200
    # Each firing takes a little longer here, so that a kill can fall among them.
    await look.execute(
        "create function slow() returns trigger language plpgsql as"
        " $$ begin if new.kind = 'clock_overdue' then perform pg_sleep(0.004); end if; return new; end $$;"
        "create trigger slow before insert on outbox for each row execute function slow()"
    )
    async with Murderous(30) as server, working(urls, tmp_path, server.port, 3, QUICK_LEASE) as workers:
        server.workers = list(workers)
        await fill(db, clocks, notices)
        await until(lambda: look.fetchval(f"select ({OVERDUE}) >= 50"))
        first = server.workers.pop()
        first.process.kill()
        assert await look.fetchval(OVERDUE) < clocks  # it fell in the middle
        await until(lambda: look.fetchval(f"select ({OVERDUE}) = {clocks} and ({UNSENT}) = 0"), 60)
        assert len(server.killed) == 1
        assert len(server.workers) == 1
        caught = [str(message["Message-ID"]) for message in server.raw()]
        for survivor in server.workers:
            assert await survivor.stop() < 5
        for one in workers:
            assert one.said("job fails") == 0
    told = await look.fetch("select subject_id, count(*) from outbox where kind = 'clock_overdue' group by 1")
    assert [times for _, times in told] == [1] * clocks
    assert await look.fetchval("select count(*) from deadline where stage = 'overdue'") == clocks
    ids = {f"<{found[0]}@hub.example>" for found in await look.fetch("select id from outbox")}
    assert set(caught) == ids
    assert len(ids) == clocks + notices
    for message in server.killed:  # taken, never marked: it came again under the same id
        assert caught.count(str(message["Message-ID"])) >= 2
    assert len(caught) - len(ids) <= 2 * 8  # and nothing but what the dead had under way


async def test_a_worker_outlives_its_database(open_folder: Path, tmp_path: Path) -> None:
    server = EmbeddedPostgres(open_folder / "postgres")
    try:
        admin = await asyncio.to_thread(server.start)
        words = server.passwords()
        urls = await bootstrap(admin, words[OWNER], words[APP])
        await migrate.upgrade(urls.owner, urls.app_password)
        async with Catcher() as catcher, working(urls, tmp_path, catcher.port) as [one]:
            await asyncio.to_thread(server.stop)
            await until(lambda: one.said("job fails") >= 3)
            await asyncio.sleep(2)
            failing = Counter(line["job"] for line in one.lines() if line["event"] == "job fails")
            assert max(failing.values()) <= 3  # when it begins to fail, and when it fails in another way: not each tick
            assert one.process.returncode is None
            await asyncio.to_thread(server.start)
            db = Database(urls.app, pool=1)
            await fill(db, 3, 2)
            await until(lambda: len(catcher.raw()) == 5)
            await db.close()
            await until(lambda: one.said("job works again") >= 3)
            assert await one.stop() < 5
            assert one.process.returncode == 0
    finally:
        await asyncio.to_thread(server.stop)


async def test_idle_it_rests_and_it_seals_and_leaves_the_head_outside(
    db: Database, urls: Urls, look: asyncpg.Connection, tmp_path: Path
) -> None:
    async with Catcher() as catcher, working(urls, tmp_path, catcher.port) as [one]:
        async with db.work() as session:
            await chain.append(session, ACTOR, "test.deed")
        await until(lambda: look.fetchval("select count(*) = 1 from audit_seal"))
        process = psutil.Process(one.id)
        before, began = process.cpu_times(), time.monotonic()
        await asyncio.sleep(3)
        after, passed = process.cpu_times(), time.monotonic() - began
        share = (after.user + after.system - before.user - before.system) / passed
        assert share < 0.15
        assert await one.stop() < 5
        assert one.process.returncode == 0
        assert [line["event"] for line in one.lines()] == ["working", "stopped"]
    head = heads.read(tmp_path / "state" / "heads" / "latest.json")
    assert heads.check(head, heads.public_key(AUDIT_SEED))
    sealed = await look.fetchrow("select number, entries, head from audit_seal")
    assert sealed is not None
    assert (head.number, head.entries, head.head) == (sealed["number"], sealed["entries"], sealed["head"].hex())


async def test_it_stops_in_time_while_a_mail_server_says_nothing(
    db: Database, urls: Urls, look: asyncpg.Connection, tmp_path: Path
) -> None:
    async with Silent() as server, working(urls, tmp_path, server.port) as [one]:
        await fill(db, 1, 2)
        await until(lambda: len(server.raw()) >= 2)
        await until(lambda: look.fetchval(f"select ({OVERDUE}) = 1"))  # a slow mail server stops no clock
        assert await one.stop() < 5
        assert one.process.returncode == 0
        assert one.said("job cut off") == 1
        assert one.said("stopped") == 1
    assert await look.fetchval(f"select ({UNSENT}) = 3 and bool_and(next_fire_at is not null) from outbox")
    there = "select count(*) from pg_stat_activity where datname = current_database() and client_port is not null"
    await db.close()
    await until(lambda: look.fetchval(f"select ({there}) = 1"))  # ours alone


async def test_a_job_is_cut_off_with_the_task_that_ticks(db: Database, settings_env: pytest.MonkeyPatch) -> None:
    stop = asyncio.Event()
    async with Silent() as server:
        await fill(db, 0, 1)
        ticking = asyncio.create_task(worker.tick(db, Settings(smtp_port=server.port), stop))
        await until(server.raw)
        ticking.cancel()
        await asyncio.wait_for(asyncio.gather(ticking, return_exceptions=True), 5)
        assert ticking.cancelled()
    assert not [task for task in asyncio.all_tasks() if "deliver" in repr(task) or "Ticker" in repr(task)]


async def test_the_head_is_written_on_its_own_clock(db: Database, settings_env: pytest.MonkeyPatch) -> None:
    made = Settings(audit_key="AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
    todo = worker.jobs(db, made, asyncio.Event())
    assert {name: seconds for name, (seconds, _) in todo.items()} == {
        "clocks": made.worker_tick, "outbox": made.worker_tick, "seal": made.seal_interval,
        "head": made.seal_interval, "heads": 60.0, "pace": 900.0, "words": made.worker_tick,
        "imports": made.worker_tick, "exports": made.worker_tick,
    }  # fmt: skip
    for number in (1, 2):
        async with db.work() as session:
            await chain.append(session, ACTOR, "test.deed")
        await todo["seal"][1]()
        await todo["head"][1]()
        head = heads.read(made.state_dir / "heads" / "latest.json")
        assert heads.check(head, heads.public_key(AUDIT_SEED))
        assert head.entries == number
