"""The worker: a stateless tick over due rows: statutory clocks, the outbox, the audit chain and its heads."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from directory import terms
from hub.audit import chain, heads
from hub.base import logs
from hub.base.crypto import keys_of
from hub.base.databases import databases
from hub.base.db import Database, Session
from hub.base.settings import Settings
from hub.base.time import now
from hub.inventory import rounds
from hub.notices.delivery import deliver
from hub.notices.outbox import Notice, notify
from hub.referrals.pace import keep_pace
from scheduling import deadlines, ticker
from scheduling.clocks import CLOCKS
from scheduling.tables import Deadline, Stage

log = structlog.get_logger("hub.worker")

GRACE = 2.0
"""Seconds that what is under way has to end by itself once the worker is told to stop."""
HEAD_EVERY = 60.0
"""Seconds between two exports of the audit chain's head."""
PACE_EVERY = 900.0
"""Seconds between two counts of how soon agencies answer."""
_AT_ONCE = 200
"""Due clocks between two looks at whether to stop."""
_TELLS = {Stage.WARNED: "clock_warning", Stage.OVERDUE: "clock_overdue", Stage.ESCALATED: "clock_escalated"}

Job = Callable[[], Awaitable[object]]


async def tell(session: AsyncSession, fired: deadlines.Fired, _now: datetime) -> None:
    """A clock has reached a step: its owner is told, in the transaction that marks the step."""
    kind = _TELLS.get(fired.step.stage)
    if kind is not None:
        assert isinstance(session, Session)  # scheduling knows it by SQLModel's name alone
        await notify(session, Notice(kind, fired.owner_id, fired.subject_id))


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
        "head": (HEAD_EVERY, partial(export_head, database, settings)),
        "words": (settings.worker_tick, partial(follow_words, database, stop)),
        "pace": (PACE_EVERY, partial(count_pace, database)),
    }


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


async def export_head(database: Database, settings: Settings) -> None:
    """Write the chain's head outside the database."""
    async with database.work() as session:
        await heads.export(session, keys_of(settings).audit, settings.state_dir / "heads")


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
    async with databases(settings) as urls:
        database = Database(urls.app, settings.database_pool, keys_of(settings))
        try:
            log.info("working")
            await tick(database, settings, stop)
            log.info("stopped")
        finally:
            await database.close()
