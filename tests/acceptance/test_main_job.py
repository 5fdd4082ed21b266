"""The main job, end to end over HTTP: each step as the right person, through a named operation."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar
from sqlalchemy import text

from directory import county
from directory.actions import import_package
from hub.api.describe import gid
from hub.policy.terms import Role
from tests.support.hub import Person, Running
from tests.support.identity import Provider, make_agency, make_staff

VICTIM, ADDRESS, PHONE, OPPOSITE, REPORTER = "甲女金絲雀", "金絲雀路一號", "0900-000-111", "乙男金絲雀", "丙師金絲雀"
CANARIES = (VICTIM, ADDRESS, PHONE, OPPOSITE, REPORTER)
NEED = "counselling"


class World:
    """The agencies and people of the journey."""

    def __init__(self, hub: Running, oidc: Provider) -> None:
        self.hub, self.oidc = hub, oidc
        self.agencies: dict[str, UUID] = {}
        self.people: dict[str, Person] = {}

    async def agency(self, code: str, network: str, **columns: Any) -> UUID:
        async with self.hub.hub.db.work() as session:
            email = f"{code}@agency.invalid"
            self.agencies[code] = await make_agency(session, code, network, email=email, **columns)
        return self.agencies[code]

    async def person(self, login: str, agency: str, *roles: Role) -> Person:
        async with self.hub.hub.db.work() as session:
            await make_staff(session, self.oidc.issuer, login, self.agencies[agency], *roles)
        self.people[login] = self.hub.person(await self.oidc.bearer(login))
        return self.people[login]


async def imported(hub: Running, package: Path | None, tmp_path: Path) -> None:
    """The directory: a real package if there is one, else the fictional county's."""
    if package is None:
        package = county.write_county(tmp_path / "county", datetime.now(UTC))
    async with hub.hub.db.work() as session:
        report = await import_package(session, package, dry_run=False)
    assert report.refused is None, report


async def place_of_need(hub: Running) -> str:
    """A township (or city) that some service of the need covers."""
    async with hub.hub.db.work() as session:
        found = (
            await session.execute(
                text("select area from service_route where need = :need group by area order by count(*) desc limit 1"),
                {"need": NEED},
            )
        ).scalar_one()
    return str(found)


@pytest.mark.usefixtures("settings")
async def test_the_main_job(hub: Running, oidc: Provider, real_package: Path | None, tmp_path: Path) -> None:
    """From a report to the auditor, and back to closed doors."""
    await imported(hub, real_package, tmp_path)
    area = await place_of_need(hub)
    world = World(hub, oidc)
    await world.agency("centre", "centre", is_centre=True, county="")
    await world.agency("school", "education")
    await world.agency("authority", "social_affairs")
    coordinator = await world.person("coordinator", "centre", Role.COORDINATOR)
    intake = await world.person("intake", "centre", Role.INTAKE_OFFICER)
    reporter = await world.person("reporter", "school", Role.REPORTER)
    auditor = await world.person("auditor", "authority", Role.AUDITOR)

    # a duty-bound person reports
    report = await reporter.do(
        "FileReport",
        learnedAt=(datetime.now(UTC) - timedelta(hours=2)).isoformat(),
        area=area,
        summary="跟蹤、守候，且曾威脅。",
        relationship="INTIMATE_PARTNER",
        stalking=True,
        victimAge=30,
        victim={"name": VICTIM, "phone": PHONE, "address": ADDRESS},
        opposite={"name": OPPOSITE},
        reporter={"name": REPORTER, "phone": "0900-000-222"},
        idempotencyKey="report-0001",
    )
    assert report["receipt"]
    assert report["victimName"] is None  # its receipt and state, no more
    again = await reporter.ask("Report", id=report["id"])
    assert again["receipt"] == report["receipt"]

    # the centre sees that there is one; only the intake officer sees who reported
    (waiting,) = await coordinator.ask("WaitingReports")
    assert waiting["reporterName"] is None
    assert waiting["receipt"] is None
    assert (await intake.ask("Report", id=waiting["id"]))["reporterName"] == REPORTER

    # the coordinator opens the case, records risk and a consent for two agencies and three categories
    case = await coordinator.do("OpenCase", reportId=waiting["id"])
    assert case["acts"] == ["DVPA", "SHPA"]
    assert {p["name"] for p in case["parties"]} == {VICTIM, OPPOSITE}
    assert REPORTER not in json.dumps(case, ensure_ascii=False)
    case = await coordinator.do(
        "RecordRisk",
        caseId=case["id"],
        version=case["version"],
        instrument="TIPVDA",
        score=9,
        judged="HIGH",
        judgement="揚言同歸於盡。",
    )
    assert case["riskLevel"] == "HIGH"
    assert case["listedAt"]
    deadline = next(clock["dueAt"] for clock in case["clocks"] if clock["code"] == "high_risk_meeting")

    # ranked services with reasons for the need near a township
    ranked = await coordinator.ask("MatchServices", need=NEED, area=area, urgency="URGENT", first=10)
    assert ranked["found"], "no service of the need"
    assert all(match["reasons"] for match in ranked["found"])
    scores = [match["score"] for match in ranked["found"]]
    assert scores == sorted(scores, reverse=True)
    chosen = ranked["found"][0]["service"]
    other = next(m["service"] for m in ranked["found"] if m["service"]["organizationId"] != chosen["organizationId"])
    await world.agency("clinic", "health", organization_id=UUID(chosen["organizationId"]))
    await world.agency("third", "labour", organization_id=UUID(other["organizationId"]))
    await world.agency("police", "police")
    clinic = await world.person("clinic", "clinic", Role.AGENCY_WORKER)
    third = await world.person("third", "third", Role.AGENCY_WORKER)
    police = await world.person("police", "police", Role.AGENCY_WORKER)
    consent = await coordinator.do(
        "RecordConsent",
        caseId=case["id"],
        grantor="VICTIM",
        informed=True,
        noticeVersion="2026-01",
        categories=["CASE_FACTS", "VICTIM_IDENTITY", "VICTIM_CONTACT"],
        purposes=["TREATMENT", "PROTECTION", "RISK_CONFERENCE"],
        recipientIds=[gid("Agency", world.agencies["clinic"]), gid("Agency", world.agencies["school"])],
        written=False,
        endsAt=(datetime.now(UTC) + timedelta(days=90)).isoformat(),
    )
    assert consent["live"] is True

    # refer; the agency sees exactly what was consented, a third agency nothing
    referral = await coordinator.do(
        "SendReferral",
        caseId=case["id"],
        need=NEED,
        area=area,
        urgency="URGENT",
        serviceId=chosen["id"],
        summary="需要創傷諮商。",
        idempotencyKey="referral-0001",
    )
    (edge,) = (await clinic.ask("Inbox"))["edges"]
    assert edge["node"]["id"] == referral["id"]
    seen = await clinic.ask("Referral", id=referral["id"])
    victim = next(p for p in seen["case"]["parties"] if p["kind"] == "VICTIM")
    assert (victim["name"], victim["phone"], victim["address"]) == (VICTIM, PHONE, None)
    assert seen["summary"] == "需要創傷諮商。"
    assert seen["case"]["riskLevel"] is None
    assert seen["case"]["risks"] == []
    assert all(p["kind"] != "OPPOSITE" for p in seen["case"]["parties"])
    assert {w["field"] for w in seen["withheld"]} >= {"RISK_LEVEL", "VICTIM_WHEREABOUTS"}
    assert await third.ask("Referral", id=referral["id"]) is None
    assert await third.ask("Case", id=case["id"]) is None
    assert (await third.ask("Inbox"))["edges"] == []

    # accept, report back
    answered = await clinic.do(
        "AnswerReferral",
        referralId=referral["id"],
        version=seen["version"],
        answer="ACCEPT",
        idempotencyKey="answer-01",
    )
    assert answered["state"] == "ACCEPTED"
    done = await clinic.do(
        "ReportBack",
        referralId=referral["id"],
        version=answered["version"],
        outcome="SERVICE_GIVEN",
        text="已完成三次會談。",
    )
    assert done["state"] == "COMPLETED"
    (sent,) = await coordinator.ask("CaseReferrals", caseId=case["id"])
    assert sent["report"] == "已完成三次會談。"
    assert (await clinic.ask("Inbox"))["edges"] == []
    second = await coordinator.do(
        "SendReferral",
        caseId=case["id"],
        need=NEED,
        area=area,
        urgency="NORMAL",
        serviceId=chosen["id"],
        summary="後續諮商。",
    )

    # a slot free for four agencies within the deadline; the meeting is called
    invited = [{"agencyId": gid("Agency", world.agencies[code])} for code in ("clinic", "school", "police", "third")]
    slots = await coordinator.ask("MeetingSlots", agencies=invited, before=deadline, minutes=60)
    assert slots
    assert slots[0]["missing"] == []
    assert slots[0]["endsAt"] <= deadline
    meeting = await coordinator.do(
        "CallMeeting", caseIds=[case["id"]], agencies=invited, startsAt=slots[0]["startsAt"], minutes=60
    )
    assert {m["network"] for m in meeting["missing"]} == {"justice"}
    clocks = [clock["code"] for clock in (await coordinator.ask("Case", id=case["id"]))["clocks"]]
    assert "high_risk_meeting" in clocks  # called is not held

    # invitations leave without personal data
    await hub.work()
    invitations = [m for m in hub.mail.messages if m.get_content_type() == "multipart/alternative"]
    assert {m["To"] for m in invitations} == {
        f"{code}@agency.invalid" for code in ("clinic", "school", "police", "third")
    }
    for message in hub.mail.messages:
        whole = message.as_string() + "".join(part.get_content() for part in message.walk() if not part.is_multipart())
        assert not [word for word in (*CANARIES, case["number"]) if word in whole]
    (part,) = (p for p in invitations[0].walk() if p.get_content_type() == "text/calendar")
    event = Calendar.from_ical(part.get_content()).walk("VEVENT")[0]
    assert event.decoded("dtstart") == datetime.fromisoformat(slots[0]["startsAt"])

    # each attendee's pack differs by policy
    packs = {name: (await world.people[name].ask("Conference", id=meeting["id"])) for name in ("clinic", "police")}
    victims = {
        name: next(p["name"] for p in pack["items"][0]["case"]["parties"] if p["kind"] == "VICTIM")
        for name, pack in packs.items()
    }
    assert victims == {"clinic": VICTIM, "police": "甲○○"}
    phones = {name: [p["phone"] for p in pack["items"][0]["case"]["parties"]] for name, pack in packs.items()}
    assert PHONE in phones["clinic"]
    assert PHONE not in phones["police"]
    assert all(pack["items"][0]["case"]["riskLevel"] == "HIGH" for pack in packs.values())
    assert packs["clinic"]["watermark"] != packs["police"]["watermark"]
    assert await auditor.ask("Conference", id=meeting["id"]) is None

    # minutes and two action items
    item = packs["clinic"]["items"][0]["id"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    held = await coordinator.do(
        "RecordMinutes",
        itemId=item,
        version=meeting["version"],
        text="決議加強巡邏並持續諮商。",
        presentIds=[gid("Agency", world.agencies["clinic"]), gid("Agency", world.agencies["police"])],
        actions=[
            {"agencyId": gid("Agency", world.agencies["police"]), "what": "加強巡邏", "dueAt": tomorrow},
            {"agencyId": gid("Agency", world.agencies["clinic"]), "what": "持續諮商", "dueAt": tomorrow},
        ],
        final=True,
    )
    assert held["state"] == "final"
    assert (await coordinator.ask("Case", id=case["id"]))["clocks"] == []
    (mine,) = await police.ask("MyActions")
    assert mine["what"] == "加強巡邏"
    finished = await police.do("CompleteAction", actionId=mine["id"])
    assert [a["doneAt"] is not None for a in finished["items"][0]["actions"] if a["id"] == mine["id"]] == [True]

    # the consent is withdrawn: pack, inbox and API hide it at once
    before = await clinic.ask("Referral", id=second["id"])
    assert any(p["name"] == VICTIM for p in before["case"]["parties"])
    withdrawn = await coordinator.do("WithdrawConsent", consentId=consent["id"])
    assert withdrawn["live"] is False
    after = await clinic.ask("Referral", id=second["id"])
    assert after["case"]["parties"] == []
    pack = await clinic.ask("Conference", id=meeting["id"])
    assert next(p["name"] for p in pack["items"][0]["case"]["parties"] if p["kind"] == "VICTIM") == "甲○○"
    assert VICTIM not in (await clinic.post({"documentId": "Inbox"})).text

    # the auditor verifies the chain and sees who saw what, without identities
    await hub.work("seal", "head")
    chain = await auditor.ask("AuditChain")
    assert chain["whole"] is True
    assert chain["headChecked"] is True
    assert chain["problems"] == []
    ledger = (await auditor.ask("WhoSawWhat", caseId=case["id"]))["edges"]
    clinic_saw = [e["node"] for e in ledger if e["node"]["agency"]["name"].endswith("clinic")]
    assert any("VICTIM_IDENTITY" in line["categories"] and "P3" in line["bases"] for line in clinic_saw)
    assert not [
        e for e in ledger if e["node"]["agency"]["name"].endswith("third") and e["node"]["operation"] == "Referral"
    ]
    assert not [word for word in CANARIES if any(word in text for text in auditor.seen)]
