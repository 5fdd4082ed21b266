"""The worker: a stateless tick over due rows: statutory clocks, the outbox, packages, the audit chain and its heads."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import exists
from sqlmodel import col

from directory import terms
from hub.audit import chain, heads
from hub.base import failing, folder, logs
from hub.base.crypto import keys_of
from hub.base.databases import databases
from hub.base.db import Database, Session
from hub.base.fitness import Finding, check_database, check_settings
from hub.base.healthy import WORKER
from hub.base.settings import Settings
from hub.base.time import now
from hub.base.workroom import sweep
from hub.imports.making import make_due
from hub.imports.running import run_due
from hub.inventory import rounds
from hub.notices.delivery import deliver
from hub.oversight.lateness import tell
from hub.referrals.pace import keep_pace
from scheduling import deadlines, ticker
from scheduling.clocks import CLOCKS
from scheduling.tables import Deadline

log = structlog.get_logger("hub.worker")

GRACE = 2.0
"""Seconds that what is under way has to end by itself once the worker is told to stop."""
HEAD_EVERY = 60.0
"""Seconds between two heads of the audit chain that are kept for good; the last one is written after each seal."""
PACE_EVERY = 900.0
"""Seconds between two counts of how soon agencies answer."""
_AT_ONCE = 200
"""Due clocks between two looks at whether to stop."""

Job = Callable[[], Awaitable[object]]


def jobs(database: Database, settings: Settings, stop: asyncio.Event) -> dict[str, tuple[float, Job]]:
    """What a worker does, by name: every how many seconds, and what."""
    clocks = deadlines.handlers(dict.fromkeys(CLOCKS, tell) | rounds.EFFECTS)

    async def due_clocks() -> None:
        while not stop.is_set() and await ticker.drain(database.work, Deadline, clocks, now(), limit=_AT_ONCE):
            pass

    return {
        "clocks": (settings.worker_tick, due_clocks),
        "outbox": (settings.worker_tick, partial(deliver, database, settings, stop.is_set)),
        "seal": (settings.seal_interval, partial(seal, database)),
        "head": (settings.seal_interval, partial(export_head, database, settings)),
        "heads": (HEAD_EVERY, partial(export_head, database, settings, keep=True)),
        "words": (settings.worker_tick, partial(follow_words, database, stop)),
        "exports": (settings.worker_tick, partial(make_due, database, work_folder(settings), stop.is_set)),
        "imports": (settings.worker_tick, partial(run_due, database, work_folder(settings), stop.is_set)),
        "pace": (PACE_EVERY, partial(count_pace, database)),
    }


def work_folder(settings: Settings) -> Path:
    """Where what is worked on lies in clear while it is."""
    return settings.state_dir / "work"


async def seal(database: Database) -> int:
    """Seal whatever can be sealed; several workers take turns by themselves."""
    async with database.work() as session:
        return await chain.seal(session)


async def count_pace(database: Database) -> None:
    """Count how soon agencies answered; several workers only count the same twice."""
    async with database.work() as session:
        await keep_pace(session)


async def follow_words(database: Database, stop: asyncio.Event) -> None:
    """Let services follow what was said that words mean, a batch a transaction, until none waits."""
    more = True
    while more and not stop.is_set():
        async with database.work() as session:
            more = await terms.advance(session, now())


async def export_head(database: Database, settings: Settings, *, keep: bool = False) -> None:
    """Write the chain's head outside the database, if it has grown; one that is kept is a file of its own."""
    async with database.work() as session:
        await heads.export(session, keys_of(settings).audit, settings.state_dir / "heads", keep=keep)


async def health(session: Session, settings: Settings) -> AsyncIterator[Finding]:
    """For `hub doctor`: whether a worker runs on this database, and which clocks keep failing."""
    waiting = exists().where(col(Deadline.next_fire_at).is_not(None)).select()
    async for finding in failing.worker(session, settings, waiting=(await session.execute(waiting)).scalar_one()):
        yield finding
    advice = "look for `due row` in the worker's log; they are tried again by themselves"
    async for finding in failing.failing(session, Deadline, "clocks", lambda row: row.topic, lambda _: advice):
        yield finding


class _Watched:
    """Jobs that can be waited for and cut off, and whose failing is logged when it begins and when it ends."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._failing: dict[str, str] = {}
        self._running: set[asyncio.Task[object]] = set()

    async def run(self, name: str, job: Job) -> None:
        """Do a job once; a database that is away for an hour is two lines of log, not thousands."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await job()
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
            log.warning("job cut off", job=name)
        except Exception as error:
            kind = type(error).__name__
            if self._failing.get(name) != kind:
                log.error("job fails", job=name, exc_info=error)
            self._failing[name] = kind
        else:
            if self._failing.pop(name, None):
                log.info("job works again", job=name)
        finally:
            self._running.discard(task)

    async def cut_off(self) -> None:
        """End what is still under way; every row it had claimed comes again."""
        running = [task for task in self._running if task is not asyncio.current_task()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=1)


async def tick(database: Database, settings: Settings, stop: asyncio.Event) -> None:
    """Work until `stop` is set; what is under way has `GRACE` seconds to end, then the last head is written."""
    clock, watched, todo = ticker.Ticker(), _Watched(stop), jobs(database, settings, stop)
    for name, (seconds, job) in todo.items():
        clock.every(seconds, name, partial(watched.run, name, job))
    ticking = asyncio.create_task(clock.run(stop))
    ticking.add_done_callback(lambda _: stop.set())  # a worker that does not tick does not linger
    try:
        await stop.wait()
        await asyncio.wait({ticking}, timeout=GRACE)
    finally:
        stop.set()
        await watched.cut_off()
        await ticking
    last = asyncio.create_task(watched.run("head", todo["head"][1]))
    await asyncio.wait({last}, timeout=1)
    await watched.cut_off()


async def run(settings: Settings) -> None:
    """`hub work`: work until told to stop."""
    logs.configure(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    check_settings(settings)
    folder.made(settings.state_dir)  # for the heads of the audit chain
    if left := sweep(work_folder(settings)):
        log.warning("folders of killed workers removed", folders=left)
    async with databases(settings, leaving=True) as urls:
        await check_database(settings, urls.app)
        database = Database(urls.app, settings.database_pool, keys_of(settings), WORKER)
        try:
            log.info("working")
            await tick(database, settings, stop)
            log.info("stopped")
        finally:
            await database.close()
