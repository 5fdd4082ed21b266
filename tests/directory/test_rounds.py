"""Rounds in the directory: their scope, answers that keep services in step, results nobody can change, comparison."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from directory import comparing, inventory, progress, rounds
from directory.inventory import Asking, Said, TaskFilter
from directory.progress import Counts, RoundGroup
from directory.rounds import InventoryRound, RoundState, StopReason, TaskAnswer
from hub.base.databases import Urls
from hub.base.db import Database, Session
from hub.base.ids import new_id
from tests.inventory.county import NEEDS, Filled, fill

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
TODAY = date(2026, 3, 2)
WHO, FOR = new_id(), new_id()
ADDED = (
    "INSERT INTO inventory_result (round_id, service_id, name, organization_id, organization, network, asked, status) "
    "SELECT id, gen_random_uuid(), 'x', gen_random_uuid(), 'x', '', true, 'active' FROM inventory_round"
)


async def opened(session: Session, start: datetime = NOW, **scope: Any) -> UUID:
    """A round opened at `start`."""
    row = InventoryRound(
        state=RoundState.PLANNED,
        opens_on=start.date(),
        closes_on=start.date() + timedelta(days=20),
        opens_at=start,
        due_at=start + timedelta(days=21),
        authority_id=FOR,
        planned_by=WHO,
        **scope,
    )
    await rounds.plan_round(session, row)
    assert await rounds.begin(session, row.id, start) is not None
    return row.id


async def asked_about(session: Session, round_id: UUID) -> set[UUID]:
    return {task.service_id for task in await inventory.tasks(session, Asking(round_id), 10_000)}


async def say(session: Session, services: Collection[UUID], said: Said) -> int:
    return await inventory.answer(session, services, said, by=WHO, for_=FOR, now=NOW, today=TODAY)


async def closed(session: Session, round_id: UUID, asked: Collection[UUID]) -> str:
    assert await rounds.get(session, round_id, lock=True)
    return (await rounds.close(session, round_id, WHO, NOW, asked))[0]


async def one(session: Session, statement: str, **given: object) -> object:
    return (await session.execute(text(statement), given)).scalar_one()


async def test_a_round_asks_about_what_its_scope_says(db: Database) -> None:
    async with db.work() as session:
        made = await fill(session, 24)
        everything = set(made.all)
        assert await asked_about(session, await opened(session)) == everything
        health = {s for o, owned in made.services.items() if made.networks[o] == "health" for s in owned}
        assert await asked_about(session, await opened(session, networks=["health"])) == health
        county = await asked_about(session, await opened(session, areas=["X01"]))
        assert county == await asked_about(
            session, await opened(session, areas=["X011"])
        )  # all of it is in one township
        other = await asked_about(session, await opened(session, areas=["X02"]))
        assert county | other == everything
        assert not county & other
        parts = [await asked_about(session, await opened(session, needs=[need])) for need in NEEDS]
        assert sum(map(len, parts)) == len(everything)
        need = next(n for n in range(len(NEEDS)) if health & county & parts[n])
        scope: dict[str, Any] = {"networks": ["health"], "areas": ["X01"], "needs": [NEEDS[need]]}
        assert await asked_about(session, await opened(session, **scope)) == health & county & parts[need]
        gone = made.all[0]
        await session.execute(text("UPDATE service SET status = 'defunct' WHERE id = :id"), {"id": gone})
        assert await asked_about(session, await opened(session)) == everything - {gone}


async def test_answers_keep_the_services_in_step(db: Database) -> None:
    async with db.work() as session:
        made = await fill(session, 6)
        round_id = await opened(session)
        first, second, third = made.all[:3]
        routes = "SELECT string_agg(DISTINCT closed, ',') FROM service_route WHERE service_id = :id"
        assert await say(session, [first], Said(TaskAnswer.UNCHANGED)) == 1
        assert await say(session, [first], Said(TaskAnswer.UNCHANGED)) == 0  # the same again is nothing new
        assert await one(session, "SELECT assured_date FROM service WHERE id = :id", id=first) == TODAY
        stop = Said(TaskAnswer.NO_LONGER_OFFERED, TODAY, StopReason.NO_STAFF)
        await session.execute(text("UPDATE service SET status = 'temporarily closed' WHERE id = :id"), {"id": second})
        assert await say(session, [second], stop) == 1
        assert await one(session, "SELECT status FROM service WHERE id = :id", id=second) == "inactive"
        assert await one(session, routes, id=second) == "closed"
        assert await one(session, "SELECT assured_date IS NULL FROM service WHERE id = :id", id=second) is True
        assert await say(session, [second], Said(TaskAnswer.UNCHANGED)) == 1  # it was a mistake
        assert await one(session, "SELECT status FROM service WHERE id = :id", id=second) == "temporarily closed"
        later = Said(TaskAnswer.LATER, TODAY + timedelta(days=3))
        assert await say(session, [third], later) == 1
        assert await say(session, [first], later) == 0  # a promise replaces no answer
        assert await one(session, "SELECT assured_date IS NULL FROM service WHERE id = :id", id=third) is True
        (task,) = await inventory.tasks_of_service(session, third)
        assert (task.answer, task.later_on, task.version) == (TaskAnswer.LATER, TODAY + timedelta(days=3), 2)
        organization = task.organization_id
        assert (
            organization not in await inventory.silent(session, round_id, TODAY) or len(made.services[organization]) > 1
        )
        assert organization in await inventory.silent(session, round_id, None)


async def test_every_open_round_hears_one_answer_and_a_closed_one_none(db: Database) -> None:
    async with db.work() as session:
        made = await fill(session, 6)
        early, late = await opened(session), await opened(session)
        service = made.all[0]
        assert await say(session, [service], Said(TaskAnswer.UNCHANGED)) == 2
        digest = await closed(session, early, made.services)
        other = made.all[1]
        assert await say(session, [other], Said(TaskAnswer.UNCHANGED)) == 1
        assert (await rounds.digest_of(session, early))[0] == digest
        counts = (await progress.progress(session, early, frozen=True, asked=[]))[""]
        assert (counts.total, counts.unchanged) == (len(made.all), 1)
        assert (await progress.progress(session, late, frozen=False, asked=list(made.services)))[""].unchanged == 2


async def test_counts_by_group_add_up_live_and_frozen(db: Database) -> None:
    async with db.work() as session:
        made = await fill(session, 30)
        round_id = await opened(session)
        can = list(made.services)[:20]
        mixed = made.all
        await say(session, mixed[::4], Said(TaskAnswer.UNCHANGED))
        await say(session, mixed[1::8], Said(TaskAnswer.CHANGED))
        await say(session, mixed[2::16], Said(TaskAnswer.NO_LONGER_OFFERED, TODAY, StopReason.MERGED))
        await say(session, mixed[3::16], Said(TaskAnswer.LATER, TODAY + timedelta(days=1)))
        await session.execute(text("UPDATE organization SET network = NULL WHERE id = :id"), {"id": can[0]})
        live = {
            by: await progress.progress(session, round_id, frozen=False, asked=can, by=by) for by in (None, *RoundGroup)
        }
        whole = live[None][""]
        by_hand = {
            "unchanged": len(mixed[::4]), "changed": len(mixed[1::8]), "stopped": len(mixed[2::16]),
            "later": len(mixed[3::16]), "total": len(mixed),
        }  # fmt: skip
        assert {name: getattr(whole, name) for name in by_hand} == by_hand
        assert whole.answered + whole.later + whole.unanswered + whole.nobody == whole.total
        assert whole.nobody > 0
        for by, groups in live.items():
            for name in Counts.__slots__:
                assert sum(getattr(counts, name) for counts in groups.values()) == getattr(whole, name), (by, name)
        assert set(live[RoundGroup.NETWORK]) == {"", *made.networks.values()}
        assert set(live[RoundGroup.COUNTY]) == {"X01", "X02"}
        nobody = await inventory.count(session, Asking(round_id, which=TaskFilter.NOBODY, asked=tuple(can)))
        assert nobody == sum(len(owned) for key, owned in made.services.items() if key not in can)
        await closed(session, round_id, can)
        await session.execute(text("DELETE FROM inventory_task"))  # the result needs them no more
        for by, groups in live.items():
            assert await progress.progress(session, round_id, frozen=True, asked=[], by=by) == groups


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inventory_result SET answer = 'unchanged'",
        "DELETE FROM inventory_result",
        "TRUNCATE inventory_result",
    ],
)
async def test_the_application_may_not_touch_a_result(db: Database, urls: Urls, statement: str) -> None:
    async with db.work() as session:
        made = await fill(session, 2)
        await closed(session, await opened(session), made.services)
    connection = await asyncpg.connect(urls.app)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inventory_result SET answer = 'unchanged'",
        "DELETE FROM inventory_result",
        "UPDATE inventory_round SET state = 'open', closed_at = null, closed_by = null, digest = ''",
        "DELETE FROM inventory_round",
        ADDED,
    ],
)
async def test_even_its_owner_is_refused_and_what_forces_it_shows(db: Database, urls: Urls, statement: str) -> None:
    async with db.work() as session:
        made = await fill(session, 2)
        round_id = await opened(session)
        digest = await closed(session, round_id, made.services)
    connection = await asyncpg.connect(urls.owner)
    try:
        with pytest.raises(asyncpg.CheckViolationError, match="does not change"):
            await connection.execute(statement)
        await connection.execute("ALTER TABLE inventory_result DISABLE TRIGGER USER")
        await connection.execute("UPDATE inventory_result SET answered_at = now(), answer = 'unchanged'")
    finally:
        await connection.close()
    async with db.work() as session:
        row = await rounds.get(session, round_id)
        assert row is not None
        assert row.digest == digest != (await rounds.digest_of(session, round_id))[0]


async def test_the_app_adds_nothing_to_a_closed_round(db: Database, urls: Urls) -> None:
    async with db.work() as session:
        made = await fill(session, 2)
        await closed(session, await opened(session), made.services)
    connection = await asyncpg.connect(urls.app)
    try:
        with pytest.raises(asyncpg.CheckViolationError, match="does not change"):
            await connection.execute(ADDED)
    finally:
        await connection.close()


async def _two_rounds(session: Session) -> tuple[Filled, Filled, UUID, UUID]:
    made = await fill(session, 12, most=3)
    first = await opened(session)
    await say(session, made.all[:10], Said(TaskAnswer.UNCHANGED))
    await say(session, made.all[10:12], Said(TaskAnswer.NO_LONGER_OFFERED, TODAY, StopReason.NO_DEMAND))
    await closed(session, first, made.services)
    new = await fill(session, 2, most=3, first=12)
    second = await opened(session, NOW + timedelta(days=180))
    await say(session, made.all[:5], Said(TaskAnswer.CHANGED))
    await say(session, made.all[15:17], Said(TaskAnswer.UNCHANGED))
    await closed(session, second, made.services)
    return made, new, first, second


async def test_two_results_are_compared(db: Database) -> None:
    async with db.work() as session:
        made, new, first, second = await _two_rounds(session)
        by_network = await comparing.compare(session, first, second, RoundGroup.NETWORK)
        whole = [sum(values) for values in zip(*(_values(d) for d in by_network.values()), strict=True)]
        left = len(made.all) - 2
        assert whole == [
            10, 7, 0, 5, 2, 0, len(made.all) - 12, left + len(new.all) - 7, len(new.all), 2, 5,
        ]  # fmt: skip
        by_agency = await comparing.compare(session, first, second, RoundGroup.AGENCY)
        assert {UUID(key) for key, d in by_agency.items() if d.new_since} == set(new.services)
        gone = {UUID(key) for key, d in by_agency.items() if d.gone_since}
        assert gone == {key for key, owned in made.services.items() if set(owned) & set(made.all[10:12])}
        again = await comparing.compare(session, second, second, RoundGroup.COUNTY)
        assert all((d.new_since, d.gone_since, d.fell_silent) == (0, 0, 0) for d in again.values())
        assert all(d.attested == d.attested_before for d in again.values())


def _values(difference: comparing.Difference) -> list[int]:
    return [getattr(difference, name) for name in comparing.Difference.__slots__]


async def test_a_result_leaves_as_csv_and_workbook_without_formulas(db: Database) -> None:
    async with db.work() as session:
        made = await fill(session, 3)
        await session.execute(text("UPDATE service SET name = '=HYPERLINK(\"x\")' WHERE id = :id"), {"id": made.all[0]})
        round_id = await opened(session)
        await closed(session, round_id, made.services)
        rows = [row async for row in comparing.result(session, round_id)]
        raw = comparing.as_csv(comparing.COLUMNS, rows).decode("utf-8-sig")
        assert len(raw.splitlines()) == len(made.all) + 1
        assert "'=HYPERLINK" in raw
        assert b"<f>" not in comparing.as_workbook("x", comparing.COLUMNS, rows)
