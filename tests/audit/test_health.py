"""`hub doctor` on work that fails: late seals, a head that is missing, behind or contradicted, no worker, bad rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from hub import worker
from hub.audit.health import sealing
from hub.base.db import Database, Session
from hub.base.failing import since
from hub.base.fitness import Finding
from hub.base.healthy import ABSENT, WORKER
from hub.base.ids import new_id
from hub.base.settings import Settings
from hub.base.time import at, now
from hub.notices.health import notices
from hub.notices.outbox import Notice, notify
from hub.notices.tables import Outbox
from hub.policy.terms import Actor
from scheduling import ticker
from tests.audit.test_heads import _cut, _deed
from tests.support.hub import free_port
from tests.support.identity import make_agency
from tests.worker.running import fill

Check = Callable[[Session, Settings], AsyncIterator[Finding]]


async def _ask(db: Database, check: Check, made: Settings) -> list[Finding]:
    async with db.work() as session:
        return [finding async for finding in check(session, made)]


@pytest.fixture
def made(settings_env: pytest.MonkeyPatch) -> Settings:
    """Settings whose mail server is not there."""
    return Settings(smtp_port=free_port())


async def test_late_seals_and_every_state_of_the_head(
    db: Database, owner: Session, actor: Actor, made: Settings
) -> None:
    todo, folder = worker.jobs(db, made, asyncio.Event()), made.state_dir / "heads"

    async def states() -> list[str]:
        return [finding.state for finding in await _ask(db, sealing, made)]

    with at(now()) as move:
        assert await states() == ["ok", "note"]
        await _deed(db, actor, 3)
        move(timedelta(seconds=made.seal_late))
        assert await states() == ["ok", "note"]
        move(timedelta(seconds=1))
        late, _ = await _ask(db, sealing, made)
        assert (late.state, late.what[:31]) == ("wrong", "3 audit entries are not sealed,")
        await todo["seal"][1]()
        ok, none = await _ask(db, sealing, made)
        assert (ok.state, none.state) == ("ok", "note")
        assert "no head of the audit chain is in" in none.what
        await todo["head"][1]()
        assert await states() == ["ok", "ok"]
        await _deed(db, actor)
        await todo["seal"][1]()
        assert await states() == ["ok", "ok"]
        move(timedelta(seconds=made.seal_late + 1))
        _, behind = await _ask(db, sealing, made)
        assert behind.state == "wrong"
        assert "does not know seals since" in behind.what
        await todo["head"][1]()
        assert await states() == ["ok", "ok"]
        await _cut(owner, 1)
        _, cut = await _ask(db, sealing, made)
        assert cut.state == "wrong"
        assert "cut or rewritten: seal 2" in cut.what
        (folder / "latest.json").write_text("{")
        _, damaged = await _ask(db, sealing, made)
        assert damaged.state == "wrong"
        assert "is not an audit head" in damaged.what


async def test_notices_that_keep_failing_are_told_by_kind(db: Database, made: Settings) -> None:
    """A dead mail server and an agency without a mailbox; neither agency nor address nor subject is said."""
    async with db.work() as session:
        with_one = await make_agency(session, "fine")
        without = await make_agency(session, "mute")
        await session.execute(text("update agency set email = '' where id = :id"), {"id": without})
        await session.execute(text("update agency set email = 'canary@hub.example' where id = :id"), {"id": with_one})
        for agency, kind, many in ((with_one, "referral_received", 2), (without, "clock_overdue", 3)):
            for _ in range(many):
                await notify(session, Notice(kind, agency, new_id()))
    assert await _ask(db, notices, made) == [Finding("ok", "no notices fail")]
    begun = now()
    outbox = worker.jobs(db, made, asyncio.Event())["outbox"][1]
    await outbox()
    with at(begun + timedelta(hours=1)):
        await outbox()
    mute, dead = await _ask(db, notices, made)
    assert mute.what.startswith("notices fail: 3 x clock_overdue, NoAddressError, since ")
    assert "mailbox" in mute.advice
    assert dead.what.startswith("notices fail: 2 x referral_received, SMTPConnectError, since ")
    for finding in (mute, dead):
        assert finding.bad
        assert "canary" not in str(finding)
        assert str(with_one) not in str(finding)
        assert str(without) not in str(finding)


async def test_clocks_that_keep_failing_are_told_by_code(db: Database, made: Settings) -> None:
    """A clock nobody handles is tried for ever; the doctor says which, how many, since when."""
    await fill(db, 3, 0)
    async with db.work() as session:
        await session.execute(text("update deadline set clock = 'no_such_clock'"))
    await worker.jobs(db, made, asyncio.Event())["clocks"][1]()
    found = [one for one in await _ask(db, worker.health, made) if "clocks" in one.what]
    assert len(found) == 1
    assert found[0].what.startswith("clocks fail: 3 x no_such_clock, Unhandled, since ")


async def test_an_absent_worker_is_told_and_a_present_one_seen(db: Database, database_url: str, made: Settings) -> None:
    """By what its connections call themselves and when they last asked; before any clock waits it is no fault."""

    async def first() -> Finding:
        return (await _ask(db, worker.health, made))[0]

    assert (await first()).state == "note"
    await fill(db, 1, 0)
    assert (await first()).state == "missing"
    at_work = Database(database_url, 1, name=WORKER)
    async with at_work.work() as session:
        await session.execute(text("select 1"))
    assert await first() == Finding("ok", "a worker runs")
    with at(now() + ABSENT + timedelta(seconds=5)):
        told = await first()
        assert told.state == "missing"
        assert "the last one was seen at" in told.what
    await at_work.close()
    demo = made.model_copy(update={"mode": "demo"})
    assert [one.what for one in await _ask(db, worker.health, demo)] == ["no clocks fail"]


@pytest.mark.parametrize("attempts", [1, 2, 5, 11, 12, 13, 40])
def test_since_when_is_what_the_waits_add_up_to(attempts: int) -> None:
    """First failed then, and put off by each attempt's wait: no stored moment is needed."""
    began, longest = now(), timedelta(minutes=10)

    row = Outbox(kind="x", agency_id=UUID(int=1), subject_id=UUID(int=2), created_at=began, attempts=attempts)
    row.next_fire_at = began + sum((min(ticker.backoff(n), longest) for n in range(1, attempts + 1)), timedelta())
    assert since(row, longest) == began


def test_every_job_is_in_the_handbook(db: Database, made: Settings) -> None:
    """docs/operations.md names each job of the worker, and no other."""
    handbook = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    table = handbook.split("## What runs by itself")[1].split("\n\n")[0]
    named = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:]
    assert sorted(named) == sorted(worker.jobs(db, made, asyncio.Event()))
