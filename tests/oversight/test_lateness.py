"""Who is told that a clock runs out, in their mailbox: who owes it, who waits for it, who oversees."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub.api.describe import gid
from hub.base.time import now
from hub.oversight.lateness import ASKERS
from scheduling.clocks import CLOCKS
from scheduling.counting import Above
from tests.support.moving import Moving, issuer, moving, settings, template

__all__ = ["issuer", "moving", "settings", "template"]

STILL = "Something in the hub is still overdue. Please see to it now."


async def subjects(moving: Moving, kind: str) -> list[tuple[str, str | None]]:
    """Whom the outbox has for a kind: agency, and who there."""
    found = await moving.rows(
        "select a.code, s.subject from outbox o join agency a on a.id = o.agency_id"
        " left join staff s on s.id = o.staff_id where o.kind = :kind and o.subject_id <> :case order by 1",
        kind=kind,
        case=moving.world.case,
    )
    return [(str(code), login) for code, login in found]


async def test_an_agency_that_does_not_answer_is_told_and_then_the_coordinator(moving: Moving) -> None:
    """Warning and overdue to the agency alone; four hours later the coordinator who sent it hears of it too."""
    await moving.forward(hours=24, minutes=1)
    told = await moving.mail()
    assert [to for to, _ in told] == ["clinic"]
    assert await subjects(moving, "clock_overdue") == [("clinic", None)]
    await moving.forward(hours=4)
    told = await moving.mail()
    assert ("coordinator.desk", STILL) in told
    assert [to for to, _ in told] == ["clinic", "coordinator.desk"]
    assert await subjects(moving, "clock_escalated") == [("centre", "coordinator"), ("clinic", None)]
    await moving.forward(hours=40)
    assert await subjects(moving, "clock_escalated") == [("centre", "coordinator"), ("clinic", None)]  # and once


async def test_a_suspended_agency_is_not_waited_for_in_silence(moving: Moving) -> None:
    """What cannot be told to whoever owes it is told to the coordinator, at each step; nothing is closed unsent."""
    await moving.run("update agency set suspended = true where code = 'clinic'")
    await moving.forward(hours=24, minutes=1)
    assert [to for to, _ in await moving.mail()] == ["coordinator.desk"]
    await moving.forward(hours=4)
    assert ("coordinator.desk", STILL) in await moving.mail()
    assert await subjects(moving, "clock_escalated") == [("centre", "coordinator")]
    unsent = await moving.rows("select kind from outbox where last_error is not null and kind like 'clock%'")
    assert unsent == []


async def test_no_report_back_reaches_the_coordinator(moving: Moving) -> None:
    """An accepted referral of which nothing is heard for a month."""
    clinic, referral = await moving.as_("clinic"), gid("Referral", moving.world.referral)
    accepted = await clinic.do("AnswerReferral", referralId=referral, version=1, answer="ACCEPT")
    assert accepted["state"] == "ACCEPTED"
    await moving.run("update staff set suspended = true where subject = 'coordinator'")
    await moving.mail()
    [(due,)] = await moving.rows("select due_at from deadline where clock = 'report_back'")
    await moving.until(due + timedelta(hours=24, minutes=1))
    for _ in range(3):
        await moving.mail()
    assert ("centre", "coordinator") in await subjects(moving, "clock_escalated")
    sent = await moving.rows("select last_error from outbox where kind = 'clock_escalated' and sent_at is null")
    assert sent == []  # the coordinator has left: the centre's own mailbox has it


async def test_a_late_centre_is_told_to_the_competent_authority(moving: Moving) -> None:
    """No meeting for a high-risk case: the authority, which is where the auditor is, hears of it."""
    [(due,)] = await moving.rows("select due_at from deadline where clock = 'high_risk_meeting'")
    await moving.until(due + timedelta(minutes=1))
    await moving.mail()
    told = "select a.code from outbox o join agency a on a.id = o.agency_id where o.subject_id = :s and o.kind = :k"
    case = moving.world.case
    assert await moving.rows(told, s=case, k="clock_overdue") == [("centre",)]
    await moving.forward(hours=24)
    await moving.mail()
    assert sorted(await moving.rows(told, s=case, k="clock_escalated")) == [("centre",), ("other",)]


async def test_an_unfinished_action_is_told_to_whoever_called_the_meeting(moving: Moving) -> None:
    """The agency named owes it; the centre's coordinator waits for it."""
    coordinator, case = await moving.as_("coordinator"), gid("Case", moving.world.case)
    asked = [{"agencyId": gid("Agency", moving.agencies["other"])}]
    starts = now() + timedelta(hours=1)
    meeting = await coordinator.do(
        "CallMeeting", caseIds=[case], agencies=asked, startsAt=starts.isoformat(), minutes=30
    )
    await moving.until(starts)
    held = await (await moving.as_("coordinator")).do(
        "RecordMinutes",
        itemId=meeting["items"][0]["id"],
        version=meeting["version"],
        text="示範決議。",
        presentIds=[asked[0]["agencyId"]],
        actions=[{**asked[0], "what": "示範", "dueAt": (starts + timedelta(hours=2)).isoformat()}],
    )
    assert held["state"] == "held"
    await moving.mail()
    await moving.forward(hours=27)
    for _ in range(2):
        await moving.mail()
    [(action,)] = await moving.rows("select id from action_item")
    told = await moving.rows(
        "select a.code, s.subject from outbox o join agency a on a.id = o.agency_id"
        " left join staff s on s.id = o.staff_id where o.kind = 'clock_escalated' and o.subject_id = :action"
        " order by 1",
        action=action,
    )
    assert told == [("centre", "coordinator"), ("other", None)]


async def test_where_nobody_can_be_told_the_clock_still_goes_on(
    moving: Moving, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everybody concerned suspended: no notice, one loud line of log, and the row is not fired again and again."""
    await moving.run("update agency set suspended = true")
    hub = moving.world.hub
    for hours in (25, 4):
        moving.moved(timedelta(hours=hours))
        await hub.work("clocks")
    assert await moving.rows("select 1 from outbox where kind like 'clock%'") == []
    assert "nobody to tell of a clock" in capsys.readouterr().out
    assert await moving.rows("select stage from deadline where clock = 'referral_answer'") == [("escalated",)]
    assert await moving.rows("select 1 from deadline where next_fire_at <= :now or attempts > 0", now=now()) == []


def test_every_clock_says_to_whom_it_escalates() -> None:
    """Clocks somebody waits for go to whoever waits, all others to the authority; none to the late one alone."""
    waited = {code for code, clock in CLOCKS.items() if clock.escalates_to is Above.ASKER}
    assert waited == ASKERS.keys()
    assert waited == {"report_supplement", "referral_answer", "first_contact", "report_back", "action_item"}
