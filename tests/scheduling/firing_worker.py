"""Worker processes for the tests: they drain due deadlines, each effect one row, until they are killed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from hub.base.db import Database
from scheduling.clocks import CLOCKS
from scheduling.deadlines import Fired, handlers
from scheduling.tables import Deadline
from scheduling.ticker import Ticker, drain

INSERT = text("INSERT INTO effect (deadline_id, stage) VALUES (:deadline, :stage)")


async def effect(session: AsyncSession, fired: Fired, now: datetime) -> None:
    """What a real handler would do: write in the same transaction, taking a little while."""
    connection = await session.connection()
    await connection.execute(INSERT, {"deadline": fired.deadline_id, "stage": fired.step.stage.value})
    await asyncio.sleep(0.002)


async def work(url: str) -> None:
    """Tick until killed, as `hub work` does."""
    database = Database(url, pool=2)
    answer = handlers(dict.fromkeys(CLOCKS, effect))

    async def tick() -> None:
        await drain(database.work, Deadline, answer, datetime.now(UTC), batch=20, limit=60)

    ticker = Ticker()
    ticker.every(0.02, "deadlines", tick)
    await ticker.run(asyncio.Event())


def crew(url: str, count: int) -> None:
    """Fork so many workers, say their ids, and end them all when the test closes our input or dies."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the killed leave no zombies
    workers = []
    for _ in range(count):
        worker = os.fork()
        if worker == 0:
            asyncio.run(work(url))
        workers.append(worker)
    print(*workers, flush=True)
    sys.stdin.read()
    for worker in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


if __name__ == "__main__":
    crew(sys.argv[1], int(sys.argv[2]))
