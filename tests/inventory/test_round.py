"""A round of 400 agencies and 1,200 services, end to end over HTTP: asked, reminded, answered, closed, compared."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Sequence
from uuid import UUID

import openpyxl
from sqlalchemy import text

from directory.inventory import Said
from directory.rounds import TaskAnswer
from hub.identity.actors import actor_of
from hub.inventory.rounds import attested_all
from tests.inventory.conftest import World, service_id

AGENCIES, STRANGERS, ENDED = 400, 10, 12
TOLD = {
    "opened": "主管機關請貴機關確認所提供的服務。",
    "reminder": "貴機關尚有服務待確認，期限將至。",
    "overdue": "貴機關尚有服務未確認，期限已過。",
    "free": "貴機關的服務資料需要再次確認。",
    "ended": "資源盤點的期限已到。",
    "escalated": "資源盤點期限已過，仍有機關未回覆。",
}
Answering = Callable[[World, UUID, list[UUID]], Awaitable[None]]


async def bulk(world: World, organization: UUID, services: list[UUID]) -> None:
    """All of mine are unchanged."""
    manager = world.manager(organization)
    (edge,) = [e for e in (await manager.ask("Rounds"))["edges"] if e["node"]["state"] == "OPEN"]
    left = edge["node"]["counts"]["unanswered"]
    assert left == len(services)
    done = await manager.do(
        "AttestServices", roundId=edge["node"]["id"], version=edge["node"]["version"], idempotencyKey="all-unchanged"
    )
    assert done["counts"]["unchanged"] == left


async def clicks(world: World, organization: UUID, services: list[UUID]) -> None:
    """One click each, with what is free."""
    manager = world.manager(organization)
    for number, key in enumerate(services):
        done = await manager.do(
            "AttestService", serviceId=service_id(key), answer="UNCHANGED", available=number, unit="bed"
        )
        assert (done["assuredOn"], done["available"], done["unit"]) == ("2026-03-02", number, "bed")
        assert done["dueAt"] is not None


async def by_sheet(world: World, organization: UUID, services: list[UUID]) -> None:
    """Downloaded, filled in, sent back, looked at, confirmed."""
    manager = world.manager(organization)
    file = await manager.ask("MyInventorySheet")
    book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(file["content"])))
    sheet = book.worksheets[0]
    keys = [cell.value for cell in sheet[1]]
    assert sheet.max_row == 2 + len(services)
    for row in range(3, sheet.max_row + 1):
        sheet.cell(row, keys.index("answer") + 1, "無變更")
        sheet.cell(row, keys.index("free") + 1, 2)
    out = io.BytesIO()
    book.save(out)
    sent = await manager.do("UploadAnswers", workbook=base64.b64encode(out.getvalue()).decode())
    assert (sent["totals"]["ready"], sent["totals"]["refused"], sent["confirmedAt"]) == (len(services), 0, None)
    tasks = await manager.ask("MyInventoryTasks", which="UNANSWERED")
    assert tasks["totalCount"] == len(services)  # nothing is written yet
    written = await manager.do("ConfirmAnswers", sheetId=sent["id"])
    assert written["totals"]["written"] == len(services)


async def ends_one(world: World, organization: UUID, services: list[UUID]) -> None:
    """The first is no longer offered, the others are unchanged."""
    manager = world.manager(organization)
    given = {"answer": "NO_LONGER_OFFERED", "day": "2026-02-28", "reason": "NO_STAFF"}
    assert (await manager.do("AttestService", serviceId=service_id(services[0]), **given))["status"] == "inactive"
    for key in services[1:]:
        await manager.do("AttestService", serviceId=service_id(key), answer="UNCHANGED")


async def later(world: World, organization: UUID, services: list[UUID]) -> None:
    """All are promised for the 20th."""
    manager = world.manager(organization)
    for key in services:
        done = await manager.do("AttestService", serviceId=service_id(key), answer="LATER", day="2026-03-20")
        assert done["assuredOn"] != "2026-03-02"  # a promise attests nothing


PLAN: Sequence[tuple[Answering, int]] = ((bulk, 180), (clicks, 12), (by_sheet, 12), (ends_one, 12), (later, 12))
"""Who answers how on the first day; the other 162 agencies keep silent."""


async def answered(world: World, keys: Iterable[UUID], how: Answering) -> None:
    """These agencies answer, some at once."""
    gate = asyncio.Semaphore(6)

    async def one(key: UUID) -> None:
        async with gate:
            await how(world, key, world.filled.services[key])

    await asyncio.gather(*(one(key) for key in keys))


async def earlier_round(world: World) -> str:
    """A round half a year before, in which the first 300 agencies attested everything."""
    found = await world.open()
    async with world.hub.hub.db.work() as session:
        for key in list(world.agencies)[:300]:
            manager = await actor_of(session, world.issuer, f"manager-{key}")
            assert manager is not None
            await attested_all(session, world.filled.services[key], Said(TaskAnswer.UNCHANGED), manager)
    early = await world.sign_in("admin").do("CloseRound", roundId=found["id"], early=True)
    assert early["state"] == "CLOSED"
    await world.hub.work("clocks")
    return str(found["id"])


async def test_a_round_of_four_hundred_agencies(world: World) -> None:
    async with asyncio.timeout(240):  # some 25 s where nothing else runs
        await world.forward(days=-181)
        await world.people(AGENCIES, STRANGERS)
        services = world.filled.all
        assert len(services) == 1200
        before = await earlier_round(world)
        async with world.hub.hub.db.work() as session:  # its letters and clocks are another test's
            await session.execute(text("delete from outbox"))
            await session.execute(text("delete from deadline"))
        await world.forward(days=181)

        # asked: every agency once, whatever its number of services; those outside the hub are counted as such
        codes = {key: f"a{number:04}" for number, key in enumerate(world.agencies)}
        strangers = sum(len(owned) for key, owned in world.filled.services.items() if key not in world.agencies)
        opened = await world.open(idempotencyKey="round-2026-03")
        again = await world.open(idempotencyKey="round-2026-03")
        assert opened["id"] == again["id"]
        assert (opened["opensOn"], opened["state"]) == ("2026-03-02", "OPEN")
        assert opened["closesOn"] == "2026-03-23"  # the 22nd is a Sunday
        assert (opened["counts"]["total"], opened["counts"]["nobody"]) == (1200, strangers)
        assert await world.mail() == sorted((code, TOLD["opened"]) for code in codes.values())
        assert await world.mail() == []

        # answered in every way
        keys, groups, start = list(world.agencies), {}, 0
        for how, many in PLAN:
            groups[how] = keys[start : start + many]
            start += many
            await answered(world, groups[how], how)
        silent = keys[start:]
        owned = {how: sum(len(world.filled.services[key]) for key in group) for how, group in groups.items()}
        auditor = world.sign_in("auditor")
        counts = (await auditor.ask("Round", id=opened["id"]))["counts"]
        expected = {
            "total": 1200,
            "unchanged": owned[bulk] + owned[clicks] + owned[by_sheet] + owned[ends_one] - ENDED,
            "changed": 0,
            "stopped": ENDED,
            "later": owned[later],
            "nobody": strangers,
            "unanswered": sum(len(world.filled.services[key]) for key in silent),
        }
        assert counts == expected | {"answered": expected["unchanged"] + ENDED}
        parts = await auditor.ask("RoundParts", id=opened["id"], by="NETWORK")
        assert sum(edge["node"]["counts"]["total"] for edge in parts["edges"]) == 1200
        quiet = await auditor.ask("RoundParts", id=opened["id"], by="AGENCY", openOnly=True, first=100)
        assert quiet["totalCount"] == len(silent) + len(groups[later]) + STRANGERS
        assert (await auditor.ask("RoundTasks", id=opened["id"], which="NOBODY"))["totalCount"] == strangers
        too_soon = await world.sign_in("admin").do("CloseRound", roundId=opened["id"])
        assert (too_soon["__typename"], too_soon["code"]) == ("TooSoon", "round_still_runs")

        # reminded: seven days and one day before; a promise counts from its day; two workers at once tell once
        await world.forward(days=14, hours=16)  # 17 March, 01:00: the end is the midnight after the 23rd
        await asyncio.gather(*(world.hub.work("clocks") for _ in range(3)))
        free = [(codes[key], TOLD["free"]) for how in (clicks, by_sheet) for key in groups[how]]  # said a week ago
        assert await world.mail() == sorted([*((codes[key], TOLD["reminder"]) for key in silent), *free])
        await answered(world, silent[:50], unchanged_now)
        await world.forward(days=6)
        owing = [*silent[50:], *groups[later]]
        assert await world.mail() == sorted((codes[key], TOLD["reminder"]) for key in owing)
        await answered(world, groups[later], unchanged_now)

        # overdue, then told to the authority
        await world.forward(days=1)
        late = [*((codes[key], TOLD["overdue"]) for key in silent[50:]), ("authority", TOLD["ended"])]
        assert await world.mail() == sorted(late)
        await answered(world, silent[50:60], unchanged_now)  # late, and taken
        await world.forward(days=1)
        assert await world.mail() == [("authority", TOLD["escalated"])]
        await world.forward(days=30)
        assert await world.mail() == []

        # closed: frozen for good, told to the audit, and compared
        closed = await world.sign_in("admin").do("CloseRound", roundId=opened["id"])
        assert closed["state"] == "CLOSED"
        assert len(closed["digest"]) == 64
        audited = "select body ->> 'digest' from audit_entry where action = 'round.close' order by id desc limit 1"
        assert await world.scalar(audited) == closed["digest"]
        nobody_left = sum(len(world.filled.services[key]) for key in silent[60:])
        assert (closed["counts"]["unanswered"], closed["counts"]["stopped"]) == (nobody_left, ENDED)
        first = world.filled.services[silent[70]][0]
        after = await world.manager(silent[70]).do("AttestService", serviceId=service_id(first), answer="UNCHANGED")
        assert after["tasks"] == []  # nothing asks any more; the closed round stays as it was
        auditor = world.sign_in("auditor")
        assert (await auditor.ask("Round", id=opened["id"]))["counts"] == closed["counts"]
        file = await auditor.ask("RoundResult", id=opened["id"], form="CSV")
        rows = list(csv.DictReader(io.StringIO(base64.b64decode(file["content"]).decode("utf-8-sig"))))
        assert len(rows) == 1200
        assert sum(row["answer"] == "" for row in rows) == nobody_left + strangers
        places = {row["service_id"]: (row["available"], row["unit"]) for row in rows if row["available"]}
        assert places[str(world.filled.services[groups[clicks][4]][1])] == ("1", "bed")
        compared = await auditor.ask("CompareRounds", earlier=before, later=opened["id"], by="NETWORK")
        whole = {name: sum(part["difference"][name] for part in compared) for name in compared[0]["difference"]}
        attested_before = sum(len(world.filled.services[key]) for key in keys[:300])
        fell = sum(len(world.filled.services[key]) for key in keys[:300] if key in silent[60:])
        assert whole == {
            "attestedBefore": attested_before, "attested": 1200 - ENDED - nobody_left - strangers,
            "changedBefore": 0, "changed": 0, "stoppedBefore": 0, "stopped": ENDED,
            "silentBefore": 1200 - attested_before, "silent": nobody_left + strangers,
            "newSince": 0, "goneSince": 0, "fellSilent": fell,
        }  # fmt: skip
        by_agency = await auditor.ask("CompareRounds", earlier=before, later=opened["id"], by="AGENCY")
        assert len(by_agency) == AGENCIES


async def unchanged_now(world: World, organization: UUID, services: list[UUID]) -> None:
    """All that is left is unchanged, in one click."""
    manager = world.manager(organization)
    (edge,) = [e for e in (await manager.ask("Rounds"))["edges"] if e["node"]["state"] == "OPEN"]
    counts = edge["node"]["counts"]
    left = counts["unanswered"] + counts["later"]
    assert left == len(services)
    done = await manager.do("AttestServices", roundId=edge["node"]["id"], version=edge["node"]["version"])
    assert done["counts"]["answered"] == left
