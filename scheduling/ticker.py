"""The worker's clock: APScheduler as a stateless tick, and the claim by which due rows fire exactly once.

Rows are the truth, the tick keeps nothing. Claim, effect and done-mark share one transaction: a worker killed at any
point leaves the row as it was, and another takes it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import inspect
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

log = logging.getLogger(__name__)


class Due(Protocol):
    """A mapped row that waits for its moment: `next_fire_at` None means nothing is left to do.

    The table needs these columns and an index on (next_fire_at, id) where next_fire_at is not null.
    """

    id: UUID
    next_fire_at: datetime | None
    attempts: int
    last_error: str | None

    @property
    def topic(self) -> str:
        """Which handler answers for it."""
        ...


D = TypeVar("D", bound=Due)
Work = Callable[[], AbstractAsyncContextManager[AsyncSession]]
Handler = Callable[[AsyncSession, D, datetime], Awaitable[datetime | None]]
"""Causes the effect in the session given and returns when to fire again; None: done."""


class Unhandled(LookupError):
    """No handler for this topic."""


def backoff(attempts: int) -> timedelta:
    """How long to wait after that many failures in a row: 5 s doubling up to an hour. It never gives up."""
    return timedelta(seconds=min(5 * 2 ** min(max(attempts, 1) - 1, 20), 3600))


async def claim_due(
    session: AsyncSession, table: type[D], now: datetime, limit: int, only: UUID | None = None
) -> Sequence[D]:
    """Up to `limit` due rows, the longest due first, locked for this transaction; those others hold are passed over."""
    columns = inspect(table).columns
    statement = select(table).where(columns.next_fire_at <= now)
    if only is not None:
        statement = statement.where(columns.id == only)
    statement = statement.order_by(columns.next_fire_at, columns.id).limit(limit)
    return (await session.exec(statement.with_for_update(skip_locked=True))).all()


async def drain(
    work: Work,
    table: type[D],
    handlers: Mapping[str, Handler[D]],
    now: datetime,
    *,
    batch: int = 50,
    limit: int = 10_000,
    patience: float = 30.0,
) -> int:
    """Fire what is due in `table` at `now`, at most about `limit` rows; returns how many fired.

    A batch is one transaction. If any row of it fails, the batch is undone and its rows go one by one, so a bad row is
    put off (`backoff`, `attempts`, the class of its error) and stops nobody. A handler whose effect leaves the
    database (mail) wants `batch=1`: such an effect can only be at least once. `patience` is seconds a handler may take.
    """
    fired = 0
    while fired < limit:
        ids: list[UUID] = []
        try:
            async with work() as session:
                rows = await claim_due(session, table, now, min(batch, limit - fired))
                ids += [row.id for row in rows]
                for row in rows:
                    await _fire(session, row, handlers, now, patience)
            fired += len(ids)
        except Exception:
            if not ids:
                raise
            for row_id in ids:
                fired += await _fire_alone(work, table, row_id, handlers, now, patience)
        if not ids:
            break
    return fired


async def _fire(
    session: AsyncSession, row: D, handlers: Mapping[str, Handler[D]], now: datetime, patience: float
) -> None:
    handler = handlers.get(row.topic)
    if handler is None:
        raise Unhandled(row.topic)
    async with asyncio.timeout(patience):
        row.next_fire_at = await handler(session, row, now)
    row.attempts, row.last_error = 0, None


async def _fire_alone(
    work: Work, table: type[D], row_id: UUID, handlers: Mapping[str, Handler[D]], now: datetime, patience: float
) -> int:
    """One row in its own transaction; a failure is recorded in another. Returns 1 if it fired."""
    try:
        async with work() as session:
            rows = await claim_due(session, table, now, 1, row_id)
            for row in rows:
                await _fire(session, row, handlers, now, patience)
        return len(rows)
    except Exception as error:
        name = type(error).__name__
    log.warning("due row %s of %s failed: %s", row_id, table.__name__, name)  # the class alone: messages may hold data
    async with work() as session:
        for row in await claim_due(session, table, now, 1, row_id):
            row.attempts = min(row.attempts + 1, 30_000)
            row.last_error = name[:100]
            row.next_fire_at = now + backoff(row.attempts)
    return 0


async def failing(session: AsyncSession, table: type[D], limit: int = 100) -> Sequence[D]:
    """Rows whose last attempt failed, the most tried first: for `hub doctor` and the operator."""
    columns = inspect(table).columns
    tried = select(table).where(columns.next_fire_at.is_not(None), columns.attempts > 0)
    return (await session.exec(tried.order_by(columns.attempts.desc(), columns.id).limit(limit))).all()


class Ticker:
    """Calls jobs at their intervals until told to stop. A job never overlaps itself, a missed tick is not made up for,
    and one that fails is tried again at its next tick.
    """

    def __init__(self) -> None:
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)
        self._running: set[asyncio.Task[None]] = set()
        logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick longer than its interval is no news

    def every(self, seconds: float, name: str, job: Callable[[], Awaitable[object]]) -> None:
        """Call `job` each `seconds`; `name` is for the log."""

        async def tick() -> None:
            task = asyncio.current_task()
            assert task is not None
            self._running.add(task)
            try:
                await job()
            except Exception as error:
                log.error("job %s failed: %s", name, type(error).__name__)  # no message, no trace: they may hold data
            finally:
                self._running.discard(task)

        self._scheduler.add_job(tick, "interval", seconds=seconds, id=name, name=name)

    async def run(self, stop: asyncio.Event) -> None:
        """Tick until `stop` is set, then let jobs under way come to their end."""
        self._scheduler.start()
        try:
            await stop.wait()
            self._scheduler.pause()
            if self._running:
                await asyncio.wait(self._running)
        finally:
            self._scheduler.shutdown(wait=False)
