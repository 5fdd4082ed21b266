"""What was filled in, shown or held before something changed: it overwrites nothing, and attests nothing unseen."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

from openpyxl.worksheet.worksheet import Worksheet
from sqlalchemy import text

from hub.base import time
from tests.inventory.conftest import World, service_id
from tests.inventory.test_answers import filled_in, problem


def unchanged(*numbers: int, **cells: Any) -> Any:
    """Rows of a sheet answered with Unchanged, and other cells of the first."""

    def fill(sheet: Worksheet, at: dict[str, int]) -> None:
        for row in numbers:
            sheet.cell(row, at["answer"], "Unchanged")
        for key, value in cells.items():
            sheet.cell(numbers[0], at[key], value)

    return fill


async def closed_by_the_authority(world: World, key: UUID) -> None:
    """An administrator closes a service for good."""
    admin = world.sign_in("admin")
    held = (await admin.ask("EditableService", id=service_id(key)))["version"]
    given = {"version": held, "temporarily": False, "day": "2026-03-01", "reason": "OTHER"}
    assert (await admin.do("CloseService", serviceId=service_id(key), **given))["status"] == "inactive"


async def told(world: World, sent: Any) -> dict[tuple[int, str], str]:
    """(row, column) -> code of what is wrong with a sheet."""
    found = await world.manager(list(world.agencies)[1]).ask("InventorySheet", id=sent["id"])
    nodes = [edge["node"] for edge in found["rows"]["edges"]]
    return {(node["row"], each["column"]): each["code"] for node in nodes for each in node["problems"]}


async def test_an_old_sheet_does_not_fill_a_full_house_with_free_places(world: World) -> None:
    await world.people(6)
    await world.open()
    organization = list(world.agencies)[1]
    book = await filled_in(world, organization, unchanged(3, free=5), "en")
    manager = world.manager(organization)
    sent = await manager.do("UploadAnswers", workbook=book)
    assert (await manager.do("ConfirmAnswers", sheetId=sent["id"]))["totals"]["written"] == 1
    said = "from service_capacity where source = 'hub'"
    full: UUID = await world.scalar(f"select service_id {said}")
    await world.forward(hours=2)
    manager = world.manager(organization)
    await manager.do("SayCapacity", serviceId=service_id(full), available=0, unit="place")
    await world.forward(hours=2)
    manager = world.manager(organization)
    sent = await manager.do("UploadAnswers", workbook=book)
    assert sent["totals"]["refused"] == 1
    assert await told(world, sent) == {(3, "free"): "changed_meanwhile"}
    await manager.do("ConfirmAnswers", sheetId=sent["id"])
    assert await world.scalar(f"select available {said}") == 0


async def test_a_sheet_of_an_earlier_round_attests_nothing_in_the_next(world: World) -> None:
    await world.people(6)
    first = await world.open()
    organization = list(world.agencies)[1]
    book = await filled_in(world, organization, unchanged(3, 4), "en")  # never sent
    await world.forward(days=30)
    await world.sign_in("admin").do("CloseRound", roundId=first["id"])
    await world.forward(days=152)
    today = time.now().date()
    days = {"opensOn": today.isoformat(), "closesOn": (today + timedelta(days=20)).isoformat()}
    assert (await world.sign_in("admin").do("OpenRound", **days))["state"] == "OPEN"
    sent = await world.manager(organization).do("UploadAnswers", workbook=book)
    assert (sent["totals"]["ready"], sent["totals"]["refused"]) == (0, 2)
    assert set((await told(world, sent)).values()) == {"changed_meanwhile"}


async def test_nobody_attests_that_a_closed_service_is_unchanged(world: World) -> None:
    await world.people(6)
    found = await world.open()
    organization, manager = list(world.agencies)[1], world.manager(list(world.agencies)[1])
    key = world.filled.services[organization][0]
    book = await filled_in(world, organization, unchanged(3, 4), "en")
    shown = (await manager.ask("Round", id=found["id"]))["version"]
    await closed_by_the_authority(world, key)
    before = await world.scalar("select assured_date from service where id = :id", id=key)
    click = {"serviceId": service_id(key), "answer": "UNCHANGED"}
    assert problem(await manager.do("AttestService", **click)) == ("Conflict", "service_closed")
    now = (await manager.ask("Round", id=found["id"]))["version"]
    for version, code in ((shown, "changed_meanwhile"), (now, "service_closed")):
        every = await manager.do("AttestServices", roundId=found["id"], version=version)
        assert problem(every) == ("Conflict", code)
    sent = await manager.do("UploadAnswers", workbook=book)
    assert list((await told(world, sent)).values()) == ["changed_meanwhile"]
    fresh = await filled_in(world, organization, unchanged(3, 4), "en")
    sent = await manager.do("UploadAnswers", workbook=fresh)
    assert list((await told(world, sent)).values()) == ["service_closed"]
    assert (await manager.do("ConfirmAnswers", sheetId=sent["id"]))["totals"]["written"] == 1
    state = (
        "select row(s.status, s.assured_date, t.answer)::text from service s "
        "join inventory_task t on t.service_id = s.id where s.id = :id"
    )
    assert await world.scalar(state, id=key) == f"(inactive,{before or ''},)"
    gone = {"answer": "NO_LONGER_OFFERED", "day": "2026-03-01", "reason": "OTHER"}  # that may be said of it
    assert (await manager.do("AttestService", serviceId=service_id(key), **gone))["status"] == "inactive"


async def test_a_click_answers_what_was_shown(world: World) -> None:
    await world.people(6)
    await world.open()
    organization = list(world.agencies)[1]
    manager, key = world.manager(organization), world.filled.services[organization][0]
    tasks = (await manager.ask("MyInventoryTasks"))["edges"]
    (shown,) = [e["node"]["version"] for e in tasks if e["node"]["serviceId"] == service_id(key)]
    click = {"serviceId": service_id(key), "answer": "UNCHANGED", "version": shown}
    await manager.do("AttestService", serviceId=service_id(key), answer="LATER", day="2026-03-20")
    assert problem(await manager.do("AttestService", **click)) == ("Conflict", "changed_meanwhile")
    again = await manager.do("AttestService", **{**click, "version": shown + 1})
    assert again["tasks"][0]["answer"] == "UNCHANGED"


async def test_a_deed_does_not_hang_behind_an_import(world: World) -> None:
    await world.people(6)
    organization = list(world.agencies)[1]
    manager, key = world.manager(organization), world.filled.services[organization][0]
    click = {"serviceId": service_id(key), "answer": "UNCHANGED"}
    async with world.hub.hub.db.work() as held:
        await held.execute(text("select from service where id = :id for update"), {"id": key})
        refused = await asyncio.wait_for(manager.do("AttestService", **click), 20)
        assert problem(refused) == ("Conflict", "being_written")
    assert (await manager.do("AttestService", **click))["assuredOn"] == "2026-03-02"
