"""Deadlines in the database: started, met, cancelled; and fired exactly once, whoever is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hub.base.db import Database, as_asyncpg
from scheduling import deadlines
from scheduling.calendar import Calendar
from scheduling.clocks import CLOCKS
from scheduling.deadlines import Fired
from scheduling.tables import Deadline
from scheduling.terms import DeadlineState, Stage
from scheduling.ticker import Ticker, backoff, claim_due, drain, failing

TAIPEI = ZoneInfo("Asia/Taipei")
TAIWAN = Calendar("TW")
START = datetime(2026, 3, 2, 1, tzinfo=UTC)
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROOT = Path(__file__).resolve().parents[2]


async def begin(session: AsyncSession, code: str = "report", subject: UUID | None = None) -> Deadline:
    return await deadlines.start(session, CLOCKS[code], subject or uuid4(), uuid4(), START, calendar=TAIWAN, tz=TAIPEI)


async def sql(session: AsyncSession, statement: str) -> Sequence[Any]:
    """Plain SQL in the session's transaction."""
    result = await (await session.connection()).execute(text(statement))
    return result.all() if result.returns_rows else []


class Told:
    """Keeps what handlers were told, and fails for the subjects it is asked to."""

    def __init__(self) -> None:
        self.fired: list[Fired] = []
        self.bad: set[UUID] = set()

    async def __call__(self, session: AsyncSession, fired: Fired, now: datetime) -> None:
        if fired.subject_id in self.bad:
            raise RuntimeError("Wang Xiaomeng (fictional) must not get into the row")
        self.fired.append(fired)

    def handlers(self) -> dict[str, deadlines.Handler]:
        return deadlines.handlers(dict.fromkeys(CLOCKS, self))


async def test_a_clock_runs_its_course(db: Database) -> None:
    told = Told()
    async with db.work() as session:
        row = await begin(session)
    assert row.next_fire_at == START + 18 * HOUR
    for hours in (17, 18, 19, 23, 24, 25, 26, 100):
        await drain(db.work, Deadline, told.handlers(), START + hours * HOUR)
    assert [(fired.step.stage, fired.step.warned) for fired in told.fired] == [
        (Stage.WARNED, 1), (Stage.WARNED, 2), (Stage.OVERDUE, 2), (Stage.ESCALATED, 2),
    ]  # fmt: skip
    assert {fired.deadline_id for fired in told.fired} == {row.id}
    async with db.work() as session:
        [left] = await deadlines.running(session, [row.subject_id])
    assert (left.stage, left.state, left.next_fire_at) == (Stage.ESCALATED, DeadlineState.RUNNING, None)


async def test_meeting_or_cancelling_a_duty_silences_it(db: Database) -> None:
    told, subject, other = Told(), uuid4(), uuid4()
    async with db.work() as session:
        one = await begin(session, "report", subject)
        two = await begin(session, "report_supplement", subject)
        three = await begin(session, "report", other)
    async with db.work() as session:
        assert [row.id for row in await deadlines.running(session, [subject, other])] == sorted(
            [one.id, two.id, three.id]
        )
        assert await deadlines.meet(session, subject, "report", START + HOUR) == [one.id]
        assert await deadlines.meet(session, subject, "report", START + HOUR) == []
        assert await deadlines.cancel(session, subject) == [two.id]
        assert await deadlines.cancel(session, uuid4()) == []
    await drain(db.work, Deadline, told.handlers(), START + 100 * HOUR)
    assert {fired.deadline_id for fired in told.fired} == {three.id}
    async with db.work() as session:
        rows = {row.id: row for row in (await session.exec(select(Deadline))).all()}
    assert (rows[one.id].state, rows[one.id].met_at) == (DeadlineState.MET, START + HOUR)
    assert rows[two.id].state is DeadlineState.CANCELLED


async def test_a_window_ends(db: Database) -> None:
    told = Told()
    async with db.work() as session:
        row = await begin(session, "warning_objection")
    await drain(db.work, Deadline, told.handlers(), START + timedelta(days=20))
    assert [fired.step.stage for fired in told.fired] == [Stage.ENDED]
    async with db.work() as session:
        assert not await deadlines.running(session, [row.subject_id])


async def test_a_rolled_back_start_starts_nothing(db: Database) -> None:
    subject = uuid4()

    async def start_and_fail() -> None:
        async with db.work() as session:
            await begin(session, subject=subject)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await start_and_fail()
    async with db.work() as session:
        assert not await deadlines.running(session, [subject])


async def test_the_table_refuses_what_cannot_be(db: Database) -> None:
    async with db.work() as session:
        row = await begin(session)
    for values in (
        {"due_at": START - HOUR},
        {"state": DeadlineState.CANCELLED},  # but still waiting to fire
        {"met_at": START},
        {"stage": None},
    ):
        with pytest.raises(IntegrityError):
            async with db.work() as session:
                await session.exec(update(Deadline).where(col(Deadline.id) == row.id).values(**values))


def test_a_clock_without_handler_stops_the_worker_at_its_start() -> None:
    with pytest.raises(deadlines.NoHandler, match="survey"):
        deadlines.handlers({code: Told() for code in CLOCKS if code != "survey"})


async def test_a_failing_handler_is_put_off_and_stops_nobody(db: Database) -> None:
    told, now = Told(), START + 24 * HOUR
    async with db.work() as session:
        rows = [await begin(session) for _ in range(10)]
    told.bad = {rows[3].subject_id}
    await drain(db.work, Deadline, told.handlers(), now)
    committed = {fired.subject_id for fired in told.fired}
    assert committed == {row.subject_id for row in rows} - told.bad
    async with db.work() as session:
        [bad] = await failing(session, Deadline)
        done = (await session.exec(select(Deadline).where(col(Deadline.stage) == Stage.OVERDUE))).all()
        assert len(done) == 9
    assert (bad.id, bad.attempts, bad.last_error) == (rows[3].id, 1, "RuntimeError")  # the class, none of the data
    assert bad.next_fire_at == now + backoff(1)
    assert (bad.stage, bad.warned) == (Stage.WAITING, 0)
    assert await drain(db.work, Deadline, told.handlers(), now + backoff(1) / 2) == 0
    await drain(db.work, Deadline, told.handlers(), now + backoff(1))
    told.bad.clear()
    async with db.work() as session:
        [bad] = await failing(session, Deadline)
    assert (bad.attempts, bad.next_fire_at) == (2, now + backoff(1) + backoff(2))
    await drain(db.work, Deadline, told.handlers(), now + backoff(1) + backoff(2))
    assert told.fired[-1].subject_id == rows[3].subject_id
    async with db.work() as session:
        assert not await failing(session, Deadline)


async def test_a_handler_that_breaks_the_transaction_or_hangs_hurts_only_its_row(db: Database) -> None:
    async with db.work() as session:
        rows = [await begin(session) for _ in range(6)]
    broken, slow = rows[1].subject_id, rows[4].subject_id

    async def effect(session: AsyncSession, fired: Fired, now: datetime) -> None:
        if fired.subject_id == broken:
            await sql(session, "SELECT 1 / 0")
        if fired.subject_id == slow:
            await sql(session, "SELECT pg_sleep(20)")

    answer = deadlines.handlers(dict.fromkeys(CLOCKS, effect))
    began = time.monotonic()
    await drain(db.work, Deadline, answer, START + 24 * HOUR, patience=0.3)
    assert time.monotonic() - began < 5
    async with db.work() as session:
        bad = {row.subject_id: row.last_error for row in await failing(session, Deadline)}
        done = (await session.exec(select(Deadline).where(col(Deadline.stage) == Stage.OVERDUE))).all()
    assert bad == {broken: "DBAPIError", slow: "TimeoutError"}
    assert len(done) == 4


async def test_a_row_of_an_unknown_clock_is_visible(db: Database) -> None:
    async with db.work() as session:
        row = await begin(session)
        row.clock = "abolished"
    assert await drain(db.work, Deadline, Told().handlers(), START + 24 * HOUR) == 0
    async with db.work() as session:
        [bad] = await failing(session, Deadline)
    assert bad.last_error == "Unhandled"


async def test_what_one_has_claimed_another_passes_over(db: Database) -> None:
    async with db.work() as session:
        for _ in range(6):
            await begin(session)
    now = START + 24 * HOUR
    async with db.work() as first, db.work() as second, db.work() as third:
        one = {row.id for row in await claim_due(first, Deadline, now, 4)}
        two = {row.id for row in await claim_due(second, Deadline, now, 4)}
        assert (len(one), len(two), one & two) == (4, 2, set())
        assert not await claim_due(third, Deadline, now, 4)
        assert not await claim_due(third, Deadline, now, 4, next(iter(one)))


async def test_the_longest_due_goes_first_and_the_index_serves(db: Database) -> None:
    async with db.work() as session:
        for code in ("minutes", "report", "warning_objection", "report"):
            await begin(session, code)
    async with db.work() as session:
        rows = await claim_due(session, Deadline, START + timedelta(days=30), 10)
        assert [row.next_fire_at for row in rows] == sorted(row.next_fire_at for row in rows if row.next_fire_at)
        await sql(session, "SET LOCAL enable_seqscan = off")
        await sql(session, "SET LOCAL enable_bitmapscan = off")
        lines = await sql(
            session,
            "EXPLAIN SELECT * FROM deadline WHERE next_fire_at <= '2026-04-01' "
            "ORDER BY next_fire_at, id LIMIT 50 FOR UPDATE SKIP LOCKED",
        )
        plan = "\n".join(line for (line,) in lines)
    assert "Index Scan using ix_deadline_next_fire" in plan
    assert "Sort" not in plan


def test_backoff_doubles_to_an_hour() -> None:
    assert [backoff(n).total_seconds() for n in (1, 2, 3, 9, 10, 11, 30_000)] == [5, 10, 20, 1280, 2560, 3600, 3600]


async def test_the_ticker_never_overlaps_survives_failures_and_stops_cleanly() -> None:
    running, most, calls, ended = 0, 0, 0, 0
    stop, ticker = asyncio.Event(), Ticker()

    async def slow() -> None:
        nonlocal running, most, calls, ended
        running, calls = running + 1, calls + 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running, ended = running - 1, ended + 1
        if calls == 2:
            raise RuntimeError("a bad tick")
        if calls == 4:
            stop.set()

    ticker.every(0.01, "slow", slow)
    await asyncio.wait_for(ticker.run(stop), 5)
    assert most == 1
    assert calls == ended >= 4
    await asyncio.sleep(0.05)
    assert calls == ended  # nothing ticks on


@pytest_asyncio.fixture(loop_scope="session")
async def effects(owner_url: str) -> AsyncIterator[None]:
    """A table for the effects, without any unique key: a second firing would show."""
    engine = create_async_engine(as_asyncpg(owner_url))
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE effect (deadline_id uuid, stage text)"))
        await connection.execute(text("GRANT SELECT, INSERT ON effect TO hub_app"))
    await engine.dispose()
    yield


async def test_workers_killed_at_any_moment_fire_every_row_exactly_once(
    db: Database, database_url: str, effects: None
) -> None:
    count = 300

    async def left() -> int:
        async with db.work() as session:
            waiting = await sql(session, "SELECT count(*) FROM deadline WHERE next_fire_at IS NOT NULL")
            return int(waiting[0][0])

    crew = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.scheduling.firing_worker", database_url, "4",
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert crew.stdin is not None
    assert crew.stdout is not None
    try:
        workers = [int(word) for word in (await crew.stdout.readline()).split()]
        assert len(workers) == 4
        async with db.work() as session:  # long past: each row owes `overdue`, then `escalated`
            session.add_all(
                Deadline(
                    clock="report",
                    subject_id=uuid4(),
                    owner_id=uuid4(),
                    starts_at=LONG_AGO,
                    due_at=LONG_AGO + 24 * HOUR,
                    next_fire_at=LONG_AGO + 18 * HOUR,
                )
                for _ in range(count)
            )
        for wait in (0.11, 0.07, 0.13):  # three of four die in the middle of their work
            await asyncio.sleep(wait)
            os.kill(workers.pop(), signal.SIGKILL)
            assert await left() > 0
        for _ in range(600):
            if not await left():
                break
            await asyncio.sleep(0.05)
    finally:
        crew.stdin.close()
        await crew.wait()
    assert await left() == 0  # the one that lived did it all
    async with db.work() as session:
        fired = await sql(session, "SELECT deadline_id, stage, count(*) FROM effect GROUP BY 1, 2")
        told = await sql(session, "SELECT stage, count(*) FROM effect GROUP BY 1")
    assert {times for _, _, times in fired} == {1}
    assert {row[0]: row[1] for row in told} == {"overdue": count, "escalated": count}
