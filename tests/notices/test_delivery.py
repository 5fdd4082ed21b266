"""Delivery over real SMTP: nothing is lost, nobody is told twice without need, no transaction waits for a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import asyncpg
import pytest
import pytest_asyncio
from sqlmodel import col, select, update

from hub.audit import chain
from hub.base.db import Database
from hub.base.ids import new_id
from hub.base.settings import Settings
from hub.base.time import at
from hub.identity.tables import Agency
from hub.notices.delivery import LEASE, LONGEST_WAIT, SUSPENDED, TOGETHER, deliver
from hub.notices.tables import Outbox
from hub.policy.terms import Actor, Role
from scheduling.ticker import backoff, failing
from tests.notices.post import Troubled, agency, member, queue, rows

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
Configure = Callable[..., Settings]


@pytest_asyncio.fixture(loop_scope="session")
async def second(database_url: str) -> AsyncIterator[Database]:
    """Another worker's connections to the same database."""
    database = Database(database_url)
    yield database
    await database.close()


async def test_a_notice_goes_to_its_agency_once(db: Database, catcher: Troubled, configure: Configure) -> None:
    one, two = await agency(db, "one@agency.example"), await agency(db, "two@agency.example")
    await queue(db, one)
    await queue(db, two, "clock_overdue")
    settings = configure(catcher.port)
    assert await deliver(db, settings) == 2
    assert await deliver(db, settings) == 0
    assert sorted(str(message["To"]) for message in catcher.raw()) == ["one@agency.example", "two@agency.example"]
    for row in await rows(db):
        assert row.sent_at is not None
        assert (row.next_fire_at, row.attempts, row.last_error) == (None, 0, None)


async def test_staff_get_theirs_in_their_language_while_they_are_there(
    db: Database, catcher: Troubled, configure: Configure
) -> None:
    ours, other = await agency(db), await agency(db, "other@agency.example")
    with at(NOW):
        for one in (
            await member(db, ours, "ko@staff.example", locale="ko"),
            await member(db, ours, "gone@staff.example", suspended=True),
            await member(db, ours, "late@staff.example", expires_at=NOW),
        ):
            await queue(db, ours, staff_id=one)
        await queue(db, ours, staff_id=await member(db, other, "moved@staff.example", locale="en"))
        await queue(db, ours, staff_id=await member(db, ours, "", locale="en"))
        assert await deliver(db, configure(catcher.port)) == 5
    got = sorted((str(message["To"]), str(message["Subject"])) for message in catcher.raw())
    assert got == [
        ("desk@agency.example", "You have something to answer in the hub."),  # in the language of who has no mailbox
        *[("desk@agency.example", "系統中有一件新事項等候您回覆。")] * 3,
        ("ko@staff.example", "시스템에 답변하실 사항이 있습니다."),
    ]


async def test_an_agency_in_korea_is_written_to_in_korean(
    db: Database, catcher: Troubled, configure: Configure
) -> None:
    await queue(db, await agency(db))
    await deliver(db, configure(catcher.port, country="KR"))
    assert [message["subject"] for message in catcher.messages()] == ["시스템에 답변하실 사항이 있습니다."]


@pytest.mark.parametrize("mailbox", ["", "a@agency.example\r\nBcc: b@agency.example", "a@agency.example, b@b.example"])
async def test_without_a_usable_mailbox_a_notice_waits_in_sight(
    mailbox: str, db: Database, catcher: Troubled, configure: Configure
) -> None:
    where = await agency(db, mailbox)
    settings = configure(catcher.port)
    with at(NOW) as move:
        await queue(db, where)
        assert await deliver(db, settings) == 0
        assert catcher.raw() == []
        async with db.work() as session:
            [row] = await failing(session, Outbox)
            assert (row.attempts, row.last_error) == (1, "NoAddressError")
            assert row.next_fire_at == NOW + backoff(1)
            await session.execute(update(Agency).where(col(Agency.id) == where).values(email="new@agency.example"))
        assert await deliver(db, settings) == 0
        move(backoff(1))
        assert await deliver(db, settings) == 1
    [row] = await rows(db)
    assert (row.sent_at, row.attempts, row.last_error) == (NOW + backoff(1), 0, None)
    assert [message["to"] for message in catcher.messages()] == ["new@agency.example"]


async def test_a_suspended_agency_is_told_nothing_and_the_row_says_so(
    db: Database, catcher: Troubled, configure: Configure
) -> None:
    gone = await agency(db, suspended=True)
    await queue(db, gone, staff_id=await member(db, gone, "still@staff.example"))
    await queue(db, await agency(db, "other@agency.example"))
    assert await deliver(db, configure(catcher.port)) == 1
    assert [message["to"] for message in catcher.messages()] == ["other@agency.example"]
    [row] = [row for row in await rows(db) if row.agency_id == gone]
    assert (row.sent_at, row.next_fire_at, row.last_error) == (None, None, SUSPENDED)


async def test_without_a_mail_server_everything_waits_and_then_goes_out(
    db: Database, configure: Configure, unused_tcp_port: int
) -> None:
    where, settings = await agency(db), configure(unused_tcp_port)
    with at(NOW) as move:
        for _ in range(TOGETHER + 1):
            await queue(db, where)
        assert await deliver(db, settings) == 0
        tried = [row for row in await rows(db) if row.attempts]
        assert len(tried) == TOGETHER  # a dead server is not asked again for each row of a long queue
        times = [NOW]
        for attempt in range(1, 10):
            while any(row.attempts < attempt for row in await rows(db)):
                assert await deliver(db, settings) == 0
            found = await rows(db)
            assert {row.attempts for row in found} == {attempt}
            assert {row.last_error for row in found} == {"SMTPConnectError"}
            assert all(row.sent_at is None for row in found)
            [due] = {row.next_fire_at for row in found}
            assert due is not None
            move(due - times[-1])
            times.append(due)
        steps = [after - before for before, after in pairwise(times)]
        assert steps[:3] == [backoff(1), backoff(2), backoff(3)]
        assert max(steps) == steps[-1] == LONGEST_WAIT
        async with Troubled(port=unused_tcp_port) as back:
            assert await deliver(db, settings) == TOGETHER + 1
            assert len({message["id"] for message in back.messages()}) == TOGETHER + 1
    assert all(row.sent_at is not None and row.last_error is None for row in await rows(db))


async def test_one_refused_recipient_stops_nobody(db: Database, catcher: Troubled, configure: Configure) -> None:
    catcher.refused = {"nobody@agency.example"}
    bad = await agency(db, "nobody@agency.example")
    await queue(db, bad)
    for number in range(TOGETHER * 2):
        await queue(db, await agency(db, f"n{number}@agency.example"))
    assert await deliver(db, configure(catcher.port)) == TOGETHER * 2
    async with db.work() as session:
        [row] = await failing(session, Outbox)
    assert (row.agency_id, row.last_error) == (bad, "SMTPRecipientsRefused")  # the class: the answer has an address


async def test_a_slow_mail_server_holds_no_transaction(
    db: Database, second: Database, catcher: Troubled, configure: Configure, owner_url: str
) -> None:
    actor = Actor(new_id(), new_id(), frozenset({Role.AGENCY_WORKER}))
    await queue(db, await agency(db))
    catcher.may_answer.clear()
    sending = asyncio.create_task(deliver(db, configure(catcher.port)))
    await asyncio.wait_for(catcher.seen.wait(), 5)
    async with second.work() as session:
        await chain.append(session, actor, "test.deed")
    async with second.work() as session:
        assert await chain.seal(session) == 1  # a transaction open since before the entry would forbid it
    watch = await asyncpg.connect(owner_url)
    held = "select count(*) from pg_stat_activity where datname = current_database() and backend_xid is not null"
    assert await watch.fetchval(held) == 0
    await watch.close()
    assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    catcher.may_answer.set()
    assert await sending == 1


async def test_what_one_worker_sends_another_leaves_alone_until_the_lease_ends(
    db: Database, second: Database, catcher: Troubled, configure: Configure
) -> None:
    settings = configure(catcher.port)
    with at(NOW) as move:
        await queue(db, await agency(db))
        catcher.may_answer.clear()
        killed = asyncio.create_task(deliver(db, settings))
        await asyncio.wait_for(catcher.seen.wait(), 5)
        killed.cancel()
        await asyncio.wait_for(asyncio.gather(killed, return_exceptions=True), 2)  # at once, whatever the server does
        catcher.may_answer.set()
        assert await deliver(second, settings) == 0
        move(LEASE - timedelta(seconds=1))
        assert await deliver(second, settings) == 0
        move(timedelta(seconds=1))
        assert await deliver(second, settings) == 1
    [row] = await rows(db)
    assert row.sent_at is not None
    assert [message["id"] for message in catcher.messages()] == [f"<{row.id}@hub.example>"] * 2  # at least once


async def test_a_late_failure_does_not_reopen_what_another_has_sent(
    db: Database, second: Database, catcher: Troubled, configure: Configure
) -> None:
    settings = configure(catcher.port)
    with at(NOW) as move:
        await queue(db, await agency(db))
        catcher.may_answer.clear()
        catcher.verdict = "451 4.3.0 try later"
        slow = asyncio.create_task(deliver(db, settings))
        await asyncio.wait_for(catcher.seen.wait(), 5)
        move(LEASE)
        catcher.seen.clear()
        catcher.verdict = "250 OK"
        other = asyncio.create_task(deliver(second, settings))
        await asyncio.wait_for(catcher.seen.wait(), 5)
        catcher.may_answer.set()
        assert await other == 1
        assert await slow == 0
    [row] = await rows(db)
    assert row.sent_at is not None
    assert (row.next_fire_at, row.attempts, row.last_error) == (None, 0, None)


async def test_a_database_lost_after_sending_means_sent_again_with_the_same_id(
    db: Database, catcher: Troubled, configure: Configure, owner_url: str
) -> None:
    settings = configure(catcher.port)
    admin = await asyncpg.connect(owner_url)
    with at(NOW) as move:
        await queue(db, await agency(db))
        catcher.may_answer.clear()
        sending = asyncio.create_task(deliver(db, settings))
        await asyncio.wait_for(catcher.seen.wait(), 5)
        await admin.execute("alter table outbox add constraint away check (sent_at is null) not valid")
        catcher.may_answer.set()
        with pytest.raises(Exception, match="away"):
            await sending
        await admin.execute("alter table outbox drop constraint away")
        await admin.close()
        move(LEASE)
        assert await deliver(db, settings) == 1
    assert len({message["id"] for message in catcher.messages()}) == 1
    assert len(catcher.raw()) == 2


async def test_workers_share_the_queue_and_pass_over_what_others_hold(
    db: Database, second: Database, catcher: Troubled, configure: Configure
) -> None:
    settings, where = configure(catcher.port), await agency(db)
    for _ in range(40):
        await queue(db, where)
    async with second.work() as holding:
        held = (await holding.exec(select(Outbox).limit(1).with_for_update())).one()
        sent = await asyncio.wait_for(asyncio.gather(deliver(db, settings), deliver(db, settings)), 10)
    assert sum(sent) == 39
    assert await deliver(db, settings) == 1
    ids = [message["id"] for message in catcher.messages()]
    assert len(ids) == len(set(ids)) == 40
    assert ids[0] == f"<{held.id}@hub.example>"


async def test_it_stops_between_two_batches(db: Database, catcher: Troubled, configure: Configure) -> None:
    where = await agency(db)
    for _ in range(TOGETHER + 1):
        await queue(db, where)
    assert await deliver(db, configure(catcher.port), lambda: bool(catcher.raw())) == TOGETHER


async def test_a_kind_nobody_knows_is_not_queued(db: Database) -> None:
    with pytest.raises(ValueError, match="no such notice"):
        await queue(db, await agency(db), "who_and_where")
    assert await rows(db) == []
