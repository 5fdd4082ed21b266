"""What follows a report: its centre is told, and an oral one gets its written form (DVPA Enforcement Rules 21)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import text

from hub.base.time import now
from hub.policy.terms import Role
from tests.support.identity import make_agency, make_staff
from tests.support.moving import Moving, issuer, moving, settings, template

__all__ = ["issuer", "moving", "settings", "template"]

FORM = "補送通報表：示範補充事實。"
VICTIM, REPORTER = "戊女金絲雀", "己師金絲雀"


async def reported(moving: Moving, *, oral: bool = True, login: str = "reporter") -> Any:
    """A report by somebody of the agency `other`."""
    person = await moving.as_(login)
    return await person.do(
        "FileReport",
        learnedAt=(now() - timedelta(hours=1)).isoformat(),
        oral=oral,
        area="99001010",
        summary="示範言詞通報。",
        relationship="INTIMATE_PARTNER",
        stalking=True,
        victim={"name": VICTIM},
        opposite={"name": "庚男金絲雀"},
        reporter={"name": REPORTER, "phone": "0900-000-333"},
    )


async def write(moving: Moving, login: str, report: str, said: str = FORM) -> Any:
    """Somebody sends or enters the written form."""
    return await (await moving.as_(login)).do("SupplementReport", reportId=report, text=said)


async def clock(moving: Moving) -> list[tuple[Any, ...]]:
    """State of the written form's clock."""
    return await moving.rows("select state, stage from deadline where clock = 'report_supplement'")


async def staff(moving: Moving) -> None:
    """An intake officer of the centre, a colleague of the reporter, and another centre's intake officer."""
    issuer = moving.signer.issuer
    async with moving.world.hub.hub.db.work() as session:
        await make_staff(session, issuer, "intake", moving.agencies["centre"], Role.INTAKE_OFFICER)
        await make_staff(session, issuer, "desk", moving.agencies["other"], Role.REPORTER)
        await session.execute(text("update agency set county = '99' where code = 'centre'"))
        far = await make_agency(session, "far", "centre", is_centre=True, county="98")
        await make_staff(session, issuer, "far", far, Role.INTAKE_OFFICER)


async def test_the_centre_is_told_of_a_report_and_of_nothing_in_it(moving: Moving) -> None:
    """One neutral message to the centre of the area; neither who reported nor whom it is about is anywhere in it."""
    await reported(moving, oral=False)
    hub = moving.world.hub
    await hub.work("outbox")
    [message] = hub.mail.messages
    whole = message.as_string() + str(message.get_content())
    assert message["To"] == "centre@agency.invalid"
    assert message["Subject"] == "系統中有一件新的通報待處理。"
    assert "A new report is waiting for you in the hub." in whole
    assert "허브에 새 신고가 기다리고 있습니다." in whole
    assert not [word for word in (VICTIM, REPORTER, "0900-000-333", "示範 other", "99001010") if word in whole]
    assert await clock(moving) == []  # in writing: nothing is owed any more


async def test_the_reporter_sends_the_written_form_in_time(moving: Moving) -> None:
    """The clock is met, nobody is warned; the reporter sees that it came in and not what it says; the case will."""
    report = await reported(moving)
    assert (report["oral"], report["supplementedAt"]) == (True, None)
    assert report["supplementDueAt"] == (now() + timedelta(hours=24)).isoformat()
    assert await clock(moving) == [("running", "waiting")]
    await moving.mail()
    await moving.forward(hours=5)
    done = await write(moving, "reporter", report["id"])
    assert done["supplementedAt"] == now().isoformat()
    assert done["supplement"] is None  # P14: receipt and state
    assert await clock(moving) == [("met", "waiting")]
    assert await moving.mail() == [("centre", "系統中有一件通報的通報表已送達。")]
    await moving.forward(hours=60)
    await moving.mail()
    assert (
        await moving.rows(
            "select 1 from outbox o join deadline d on d.subject_id = o.subject_id"
            " where o.kind like 'clock%' and d.clock = 'report_supplement'"
        )
        == []
    )
    [entry] = await moving.rows("select subject, case_ids from audit_entry where action = 'report.supplement'")
    assert entry == (str((await moving.rows("select id from report where oral"))[0][0]), [])
    case = await (await moving.as_("coordinator")).do("OpenCase", reportId=report["id"])
    assert case["summary"] == f"示範言詞通報。\n\n{FORM}"


async def test_the_intake_officer_enters_what_came_by_fax_and_the_open_case_has_it(moving: Moving) -> None:
    """The case was opened on the spoken word; its facts follow the form, and its coordinator is told."""
    await staff(moving)
    report = await reported(moving)
    coordinator = await moving.as_("coordinator")
    case = await coordinator.do("OpenCase", reportId=report["id"])
    assert case["summary"] == "示範言詞通報。"
    intake = await moving.as_("intake")
    (waiting,) = await intake.ask("UnwrittenReports")
    assert (waiting["id"], waiting["state"]) == (report["id"], "opened")
    await moving.mail()
    done = await write(moving, "intake", report["id"])
    assert done["supplement"] == FORM
    assert await intake.ask("UnwrittenReports") == []
    after = await coordinator.ask("Case", id=case["id"])
    assert (after["summary"], after["version"]) == (f"示範言詞通報。\n\n{FORM}", case["version"] + 1)
    assert [to for to, _ in await moving.mail()] == ["coordinator.desk"]
    assert await clock(moving) == [("met", "waiting")]


async def test_late_it_is_still_taken_in_and_until_then_the_centre_hears_of_it(moving: Moving) -> None:
    """Warned, overdue, escalated to the centre that waits; a late form ends it."""
    report = await reported(moving)
    await moving.mail()
    await moving.forward(hours=24, minutes=1)
    assert ("other", "系統中有一件事項已逾期。") in await moving.mail()
    await moving.forward(hours=24)
    for _ in range(2):
        await moving.mail()
    told = await moving.rows(
        "select a.code from outbox o join agency a on a.id = o.agency_id join deadline d on d.subject_id = o.subject_id"
        " where o.kind = 'clock_escalated' and d.clock = 'report_supplement' order by 1"
    )
    assert told == [("centre",), ("other",)]
    assert (await write(moving, "reporter", report["id"]))["supplementedAt"]
    assert await clock(moving) == [("met", "escalated")]


async def test_nobody_else_can_and_nothing_twice(moving: Moving) -> None:
    """A colleague of the reporter, another centre and whoever is close to a party: not there. Then the conflicts."""
    await staff(moving)
    report, written = await reported(moving), await reported(moving, oral=False)
    for login, kind in (("desk", "NotFound"), ("far", "NotFound"), ("clinic", "NotFound"), ("auditor", "NotPermitted")):
        assert (await write(moving, login, report["id"]))["__typename"] == kind, login
    assert await clock(moving) == [("running", "waiting")]
    empty = await write(moving, "reporter", report["id"], " ")
    assert [field["path"] for field in empty["fields"]] == ["text"]
    problem = await write(moving, "reporter", written["id"])
    assert (problem["__typename"], problem["code"]) == ("Conflict", "report_in_writing")
    await write(moving, "colleague", report["id"])
    problem = await write(moving, "reporter", report["id"], "另一份")
    assert (problem["__typename"], problem["code"]) == ("Conflict", "already_supplemented")
    assert await moving.rows("select count(*) from audit_entry where action = 'report.supplement'") == [(1,)]


async def test_who_is_close_to_a_party_enters_nothing(moving: Moving) -> None:
    """F2: for a declared intake officer the report is not there, in the list either."""
    await staff(moving)
    report = await reported(moving)
    await moving.run(
        "insert into staff_relation (staff_id, person_index, kind, declared_at)"
        " select s.id, r.opposite_index, 'lives_with', :now from staff s, report r"
        " where s.subject = 'intake' and r.oral",
        now=now(),
    )
    assert await (await moving.as_("intake")).ask("UnwrittenReports") == []
    assert (await write(moving, "intake", report["id"]))["__typename"] == "NotFound"
    assert await clock(moving) == [("running", "waiting")]
