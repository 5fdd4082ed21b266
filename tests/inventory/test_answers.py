"""Who may do what in stock-taking, wrong input at each step, and the sheet that comes back with faults."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from hub.base.errors import InvalidInput
from hub.base.texts import LANGUAGES
from hub.inventory import rules, sheets
from scheduling.calendar import Calendar
from tests.inventory.conftest import World, service_id

SHEET = Callable[[Worksheet, dict[str, int]], None]


def problem(outcome: Any) -> tuple[str, str]:
    """What a mutation refused and why."""
    return outcome["__typename"], outcome["code"]


def fields(outcome: Any) -> dict[str, str]:
    """The fields of an invalid input."""
    assert outcome["__typename"] == "InvalidInput", outcome
    return {field["path"]: field["code"] for field in outcome["fields"]}


async def test_each_role_does_its_own_part_and_no_other(world: World) -> None:
    await world.people(6)
    found = await world.open()
    first, second = list(world.agencies)[:2]
    manager, worker, auditor = world.manager(first), world.sign_in("worker"), world.sign_in("auditor")
    own, other = (service_id(world.filled.services[key][0]) for key in (first, second))
    today = {"opensOn": "2026-03-02", "closesOn": "2026-03-30"}
    for person in (manager, worker, auditor, world.sign_in("reporter")):
        assert problem(await person.do("OpenRound", **today)) == ("NotPermitted", "not_permitted")
        assert problem(await person.do("CloseRound", roundId=found["id"], early=True))[0] == "NotPermitted"
    for person in (worker, auditor, world.sign_in("admin"), world.sign_in("reporter")):
        given = {"serviceId": own, "answer": "UNCHANGED"}
        assert problem(await person.do("AttestService", **given)) == ("NotPermitted", "not_permitted")
        assert problem(await person.do("AttestServices", roundId=found["id"], version="x"))[0] == "NotPermitted"
        assert problem(await person.do("UploadAnswers", workbook=""))[0] == "NotPermitted"
    assert problem(await manager.do("AttestService", serviceId=other, answer="UNCHANGED")) == (
        "NotPermitted",
        "not_own_service",
    )
    assert problem(await worker.do("SayCapacity", serviceId=other, available=1, unit="bed"))[1] == "not_own_service"
    assert (await worker.do("SayCapacity", serviceId=own, available=1, unit="bed"))["available"] == 1
    mine = await manager.ask("Round", id=found["id"])
    assert mine["counts"]["total"] == len(world.filled.services[first])  # its own part alone
    assert (await auditor.ask("Round", id=found["id"]))["counts"]["total"] == len(world.filled.all)
    for operation in ("RoundParts", "RoundTasks", "RoundResult", "CompareRounds"):
        given = {"earlier": found["id"], "later": found["id"]} if operation == "CompareRounds" else {"id": found["id"]}
        asked = given | ({"by": "AGENCY"} if operation == "RoundParts" else {})
        answer = (await manager.post({"documentId": operation, "variables": asked})).json()
        assert answer["errors"][0]["extensions"]["code"] == "not_permitted"
    assert await world.scalar("select count(*) from inventory_task where answer is not null") == 0
    (task, *_rest) = (await manager.ask("MyInventoryTasks"))["edges"]
    assert (await manager.ask("InventoryTask", id=task["node"]["id"]))["serviceId"] == own
    assert await world.manager(second).ask("InventoryTask", id=task["node"]["id"]) is None


async def test_a_round_needs_days_and_a_scope_that_exist(world: World) -> None:
    await world.people(6)
    admin = world.sign_in("admin")
    today = {"opensOn": "2026-03-02", "closesOn": "2026-03-30"}

    async def opened(**given: Any) -> Any:
        return await admin.do("OpenRound", **(today | given))

    assert fields(await opened(opensOn="2026-03-01")) == {"opensOn": "day_in_the_past"}
    assert fields(await opened(closesOn="2026-03-01")) == {"closesOn": "ends_before_it_begins"}
    assert fields(await opened(closesOn="2026-03-05")) == {"closesOn": "too_few_working_days"}
    assert fields(await opened(closesOn="2027-03-05")) == {"closesOn": "longer_than_a_year"}
    assert fields(await opened(opensOn="2029-03-05", closesOn="2029-04-05")) == {"opensOn": "too_far_ahead"}
    wrong = {"networks": ["navy"], "areas": ["X99"], "needs": ["money"], "note": "x" * 501}
    assert fields(await opened(**wrong)) == {
        "networks": "network_unknown", "areas": "area_unknown", "needs": "unknown_need", "note": "too_long",
    }  # fmt: skip
    assert problem(await opened(networks=["immigration"])) == ("Conflict", "nothing_in_scope")
    assert await world.scalar("select count(*) from inventory_round") == 0
    assert await world.scalar("select count(*) from audit_entry where action like 'round.%'") == 0
    for name in ("RoundTasks", "RoundResult"):
        body = (await admin.post({"documentId": name, "variables": {"id": "nonsense"}})).json()
        assert body["errors"][0]["extensions"]["code"] == "invalid_input"


async def test_a_planned_round_opens_on_its_day_once_or_is_called_off(world: World) -> None:
    await world.people(6)
    admin = world.sign_in("admin")
    made = [await admin.do("OpenRound", opensOn="2026-03-07", closesOn="2026-03-30") for _ in range(2)]
    assert [(r["state"], r["opensOn"], r["counts"]["total"]) for r in made] == [("PLANNED", "2026-03-09", 0)] * 2
    manager = world.manager(next(iter(world.agencies)))
    assert await manager.ask("Round", id=made[0]["id"]) is None
    assert (await admin.do("CloseRound", roundId=made[1]["id"]))["state"] == "CANCELLED"
    assert problem(await admin.do("CloseRound", roundId=made[1]["id"])) == ("Conflict", "round_closed")
    assert await world.mail() == []
    await world.forward(days=7)  # Monday the 9th, nine o'clock
    assert len(await world.mail()) == 6
    assert await world.mail() == []
    admin = world.sign_in("admin")
    states = {e["node"]["id"]: e["node"]["state"] for e in (await admin.ask("Rounds"))["edges"]}
    assert states == {made[0]["id"]: "OPEN", made[1]["id"]: "CANCELLED"}
    begun = "select count(*) from audit_entry where action = 'round.begin' and subject = :id"
    assert (
        await world.scalar(begun, id=str(await world.scalar("select id from inventory_round where state='open'"))) == 1
    )


async def test_answers_are_judged_field_by_field(world: World) -> None:
    await world.people(6)
    first = list(world.agencies)[2]
    manager, key = world.manager(first), world.filled.services[list(world.agencies)[2]][0]

    async def said(answer: str, **given: Any) -> Any:
        return await manager.do("AttestService", serviceId=service_id(key), answer=answer, **given)

    assert fields(await said("LATER", day="2026-03-10")) == {"answer": "no_round_asks"}
    assert (await said("UNCHANGED"))["assuredOn"] == "2026-03-02"  # its six months begin anew, round or not
    found = await world.open()
    assert problem(await said("CHANGED")) == ("Conflict", "change_it_first")
    assert fields(await said("UNCHANGED", day="2026-03-02", reason="OTHER")) == {
        "day": "no_day_needed", "reason": "no_reason_needed",
    }  # fmt: skip
    assert fields(await said("NO_LONGER_OFFERED")) == {"day": "day_needed", "reason": "reason_needed"}
    gone = {"day": "2026-03-03", "reason": "MERGED"}
    assert fields(await said("NO_LONGER_OFFERED", **gone)) == {"day": "day_not_yet_come"}
    assert fields(await said("LATER")) == {"day": "day_needed"}
    assert fields(await said("LATER", day="2026-03-02")) == {"day": "day_in_the_past"}
    assert fields(await said("LATER", day="2026-03-24")) == {"day": "after_the_round"}
    assert fields(await said("UNCHANGED", available=-1, unit="bed")) == {"available": "free_places_form"}
    assert fields(await said("UNCHANGED", available=1, unit="sofas")) == {"unit": "unit_unknown"}
    assert fields(await said("UNCHANGED", unit="bed")) == {"available": "free_places_form"}
    assert (await said("LATER", day="2026-03-23"))["tasks"][0]["answer"] == "LATER"
    assert (await said("UNCHANGED"))["tasks"][0]["answer"] == "UNCHANGED"
    assert problem(await said("LATER", day="2026-03-10")) == ("Conflict", "already_answered")
    many = await manager.do("AttestServices", roundId=found["id"], version="0" * 24)
    assert problem(many) == ("Conflict", "changed_meanwhile")
    running = "select count(*) from deadline where subject_id = :id and clock = 'attestation' and state = 'running'"
    assert await world.scalar(running, id=key) == 1
    ended = await said("NO_LONGER_OFFERED", day="2026-03-01", reason="MERGED")
    assert (ended["status"], ended["dueAt"]) == ("inactive", None)
    assert await world.scalar(running, id=key) == 0
    entries = "select count(*) from audit_entry where action = 'service.attest'"
    assert await world.scalar(entries) == 4  # one a deed, none a refusal
    unknown = await manager.do("AttestService", serviceId=service_id(UUID(int=7)), answer="UNCHANGED")
    assert problem(unknown) == ("NotFound", "not_found")


async def filled_in(world: World, organization: UUID, fill: SHEET, lang: str = "zh-Hant") -> str:
    """An agency's sheet, filled in."""
    manager = world.manager(organization)
    manager.lang = lang
    book = openpyxl.load_workbook(io.BytesIO(base64.b64decode((await manager.ask("MyInventorySheet"))["content"])))
    sheet = book.worksheets[0]
    fill(sheet, {str(cell.value): number for number, cell in enumerate(sheet[1], 1)})
    out = io.BytesIO()
    book.save(out)
    return base64.b64encode(out.getvalue()).decode()


async def test_bad_cells_are_told_one_by_one_and_the_good_rows_are_written(world: World) -> None:
    await world.people(6)
    await world.open()
    keys = list(world.agencies)
    organization, stranger = keys[4], world.filled.services[keys[0]][0]  # five services
    bad: dict[int, dict[str, str]] = {}

    def fill(sheet: Worksheet, at: dict[str, int]) -> None:
        def put(row: int, **cells: Any) -> None:
            for key, value in cells.items():
                sheet.cell(row, at[key], value)

        put(3, answer="Unchanged", free="two")
        bad[3] = {"free": "free_places_form"}
        put(4, answer="더 이상 제공하지 않음", day="115/2/27", reason="併入其他服務")  # each in its own language
        put(5, answer="maybe")
        bad[5] = {"answer": "not_in_the_list"}
        put(6, answer="稍後回覆", day=date(2026, 5, 1))
        bad[6] = {"day": "after_the_round"}
        put(7, answer="無變更", free=3.0)
        put(8, service_id=str(stranger), version=1, answer="無變更")
        bad[8] = {"service_id": "not_own_service"}
        put(9, service_id="=1+1", version="x", answer="無變更")
        bad[9] = {"service_id": "unknown_id", "version": "leave_as_it_is"}

    workbook = await filled_in(world, organization, fill)
    manager = world.manager(organization)
    sent = await manager.do("UploadAnswers", workbook=workbook)
    judged = await manager.ask("InventorySheet", id=sent["id"])
    rows = [edge["node"] for edge in judged["rows"]["edges"]]
    told = {row["row"]: {p["column"]: p["code"] for p in row["problems"]} for row in rows if row["problems"]}
    assert told == bad
    assert all(p["message"] for row in rows for p in row["problems"])
    assert judged["totals"] == {"rows": 7, "ready": 2, "written": 0, "same": 0, "empty": 0, "refused": 5}
    assert await world.scalar("select count(*) from inventory_task where answer is not null") == 0
    assert await world.manager(keys[0]).ask("InventorySheet", id=sent["id"]) is None
    assert problem(await world.manager(keys[0]).do("ConfirmAnswers", sheetId=sent["id"]))[0] == "NotFound"
    written = [await manager.do("ConfirmAnswers", sheetId=sent["id"]) for _ in range(2)]
    assert written[0]["totals"]["written"] == 2
    assert written[0] == written[1]
    own = "select count(*) from audit_entry where action = 'service.attest'"
    assert await world.scalar(own) == 2
    assert await world.scalar(
        "select array_agg(status::text order by status) from service where id = any(:ids)",
        ids=world.filled.services[organization],
    ) == ["active"] * 4 + ["inactive"]
    assert await world.scalar("select count(*) from service where status = 'inactive'") == 1
    # the same file again writes nothing: what is so already is told as such
    again = await manager.do("UploadAnswers", workbook=workbook)
    assert again["totals"] == {"rows": 7, "ready": 0, "written": 0, "same": 2, "empty": 0, "refused": 5}


async def test_a_sheet_filled_in_from_an_older_state_overwrites_nothing(world: World) -> None:
    await world.people(6)
    await world.open()
    organization = list(world.agencies)[1]
    manager, first = world.manager(organization), world.filled.services[list(world.agencies)[1]][0]

    def fill(sheet: Worksheet, at: dict[str, int]) -> None:
        for row in (3, 4):
            sheet.cell(row, at["answer"], "Unchanged")

    workbook = await filled_in(world, organization, fill, "en")
    sent = await manager.do("UploadAnswers", workbook=workbook)
    assert sent["totals"]["ready"] == 2
    gone = {"answer": "NO_LONGER_OFFERED", "day": "2026-03-01", "reason": "OTHER"}
    await manager.do("AttestService", serviceId=service_id(first), **gone)
    written = await manager.do("ConfirmAnswers", sheetId=sent["id"])
    assert (written["totals"]["written"], written["totals"]["refused"]) == (1, 1)
    assert (
        await world.scalar("select answer from inventory_task where service_id = :id", id=first) == "no_longer_offered"
    )


def untouched(_sheet: Worksheet, _at: dict[str, int]) -> None:
    """Nothing is filled in."""


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_an_untouched_sheet_in_any_language_says_nothing(world: World, lang: str) -> None:
    await world.people(3)
    await world.open()
    organization = list(world.agencies)[2]
    workbook = await filled_in(world, organization, untouched, lang)
    sent = await world.manager(organization).do("UploadAnswers", workbook=workbook)
    assert sent["totals"] == {"rows": 3, "ready": 0, "written": 0, "same": 0, "empty": 3, "refused": 0}
    book = openpyxl.load_workbook(io.BytesIO(base64.b64decode(workbook)))
    rules_ = book.worksheets[0].data_validations.dataValidation
    assert len(rules_) == 3
    assert len({str(cell.value) for cell in book.worksheets[1]["A"] if cell.value}) == 3 * len(sheets.HELP)


def packed(rows: list[list[Any]]) -> bytes:
    """A workbook of these rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "workbook_unreadable"),
        (b"not a workbook", "workbook_unreadable"),
        (packed([])[:-200], "workbook_unreadable"),
        (packed([]), "workbook_not_ours"),
        (packed([["id", "answer"]]), "workbook_not_ours"),
        (b"x" * (sheets.MOST_BYTES + 1), "workbook_too_big"),
    ],
)
def test_what_is_no_sheet_of_ours_is_refused_as_a_whole(raw: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        sheets.read(raw)
    assert [(error.path, error.code) for error in refused.value.fields] == [("workbook", code)]


def test_a_round_lies_on_working_days() -> None:
    """Lunar new year 2026: 14 to 22 February are off; the first day after is Monday the 23rd."""
    taiwan, today = Calendar("TW"), date(2026, 2, 2)
    assert rules.days(date(2026, 2, 14), date(2026, 3, 1), today, taiwan) == (date(2026, 2, 23), date(2026, 3, 2))
    with pytest.raises(InvalidInput):
        rules.days(date(2026, 2, 12), date(2026, 2, 22), today, taiwan)  # 12, 13, 23: three days of work
