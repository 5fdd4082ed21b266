"""The main job, end to end over HTTP: each step as the right person, through a named operation."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from icalendar import Calendar
from sqlalchemy import text

from directory import county
from hub.api.describe import gid
from hub.base.databases import Urls
from hub.base.time import now
from hub.policy.terms import Role
from tests.support.hub import Person, Running
from tests.support.identity import Provider, make_agency, make_staff

VICTIM, ADDRESS, PHONE, OPPOSITE, REPORTER = "甲女金絲雀", "金絲雀路一號", "0900-000-111", "乙男金絲雀", "丙師金絲雀"
CANARIES = (VICTIM, ADDRESS, PHONE, OPPOSITE, REPORTER)
NEED, STORY = "counselling", "跟蹤、守候，且曾威脅。"
ROOT = Path(__file__).resolve().parents[2]
NEVER = {"CLOCKS", "HEALTH", "RISK_DETAIL", "VICTIM_WHEREABOUTS"}
"""Neither consented to nor opened by any article: hidden from every agency all along."""
OPPOSITE_SHOWN = {"kind": "OPPOSITE", "name": OPPOSITE}
VICTIM_SHOWN, VICTIM_AS_INITIALS = (
    {"kind": "VICTIM", "name": VICTIM, "phone": PHONE},
    {"kind": "VICTIM", "name": "甲○○"},
)
PACKS: dict[str, tuple[list[dict[str, str]], set[str]]] = {
    "clinic": ([OPPOSITE_SHOWN, VICTIM_SHOWN], set()),
    "school": ([OPPOSITE_SHOWN, VICTIM_SHOWN], set()),
    "police": ([OPPOSITE_SHOWN, VICTIM_AS_INITIALS], {"VICTIM_CONTACT"}),
    "third": ([OPPOSITE_SHOWN, VICTIM_AS_INITIALS], {"VICTIM_CONTACT"}),
}
"""Of each attendee's pack: the parties, and what is hidden besides `NEVER`."""


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
        self.people[login] = self.hub.person(await self.bearer(login))
        return self.people[login]

    async def bearer(self, login: str) -> str:
        """A token of the hub's present moment."""
        await self.oidc.configure(ahead=(now() - datetime.now(UTC)).total_seconds())
        return await self.oidc.bearer(login)


async def imported(urls: Urls, package: Path | None, tmp_path: Path) -> None:
    """The operator imports the directory: a real package if there is one, under a name, else the fictional county's."""
    named = ["--source", "real"] if package else []
    if package is None:
        package = county.write_county(tmp_path / "county", now())
    operator = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")} | {
        "HUB_MODE": "test",
        "HUB_STATE_DIR": str(tmp_path / "operator"),
        "HUB_DATABASE_URL": urls.owner,
        "HUB_DATABASE_APP_PASSWORD": urls.app_password,
    }
    command = [sys.executable, "-c", "from hub.cli import main; main()", "directory", "import", str(package)]
    command += ["--yes", *named]
    done = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=operator, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await asyncio.wait_for(done.communicate(), 300)
    assert done.returncode == 0, said.decode()


async def forward(world: World, moved: Callable[[timedelta], None], step: timedelta) -> None:
    """Time goes on, at the hub and at the provider, and everybody signs in anew."""
    moved(step)
    for _ in range(20):  # the hub fetches the provider's keys anew; where it could not, it waits half a minute
        for login, person in world.people.items():
            person.token = await world.bearer(login)
        if (await world.people["auditor"].post({"documentId": "Me"})).status_code == 200:
            return
        moved(timedelta(seconds=31))
    raise AssertionError("nobody can sign in")


def told(value: Any) -> Any:
    """What of an answer is shown: without ids, versions and whatever is null or empty."""
    if isinstance(value, dict):
        kept = {key: told(part) for key, part in value.items() if key not in ("id", "version", "withheld", "hidden")}
        return {key: part for key, part in kept.items() if part not in (None, [], {})}
    return [told(part) for part in value] if isinstance(value, list) else value


def row(inbox: Response) -> Any:
    """What the only row of an inbox shows of its case."""
    (edge,) = inbox.json()["data"]["inbox"]["edges"]
    return told(edge["node"]["case"])


def hidden(case: Any) -> set[str]:
    """The categories that a case says it does not show."""
    return {part["field"] for part in case["withheld"]}


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
async def test_the_main_job(
    hub: Running,
    oidc: Provider,
    urls: Urls,
    moved: Callable[[timedelta], None],
    real_package: Path | None,
    tmp_path: Path,
) -> None:
    """From a report to the auditor, and back to closed doors."""
    await imported(urls, real_package, tmp_path)
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
        learnedAt=(now() - timedelta(hours=2)).isoformat(),
        area=area,
        summary=STORY,
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
        endsAt=(now() + timedelta(days=90)).isoformat(),
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
    heading = {key: case[key] for key in ("number", "state", "area", "acts", "openedAt")} | {"assigned": False}
    facts = {"summary": STORY, "relationship": "INTIMATE_PARTNER"}
    assert told(seen["case"]) == heading | facts | {"parties": [VICTIM_SHOWN]}
    assert hidden(seen["case"]) == hidden(seen) == NEVER | {"OPPOSITE_IDENTITY", "RISK_LEVEL"}
    sent = {key: referral[key] for key in ("need", "area", "urgency", "state", "sentAt", "dueAt")}
    names = {key: {"name": referral[key]["name"]} for key in ("fromAgency", "toAgency", "service")}
    assert told(seen | {"case": None}) == sent | names | {"summary": "需要創傷諮商。"}
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
    (back,) = await coordinator.ask("CaseReferrals", caseId=case["id"])
    assert back["report"] == "已完成三次會談。"
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

    # each attendee's pack differs by policy: P5 to all, identity and contact by consent (P3) to two alone
    await world.person("school", "school", Role.AGENCY_WORKER)
    packs = {name: await world.people[name].ask("Conference", id=meeting["id"]) for name in PACKS}
    listed = {"riskLevel": "HIGH", "listedAt": case["listedAt"]}
    for name, (parties, also_hidden) in PACKS.items():
        (agenda,) = packs[name]["items"]
        assert told(agenda) == {"position": 1, "case": heading | listed | facts | {"parties": parties}}, name
        assert hidden(agenda["case"]) == NEVER | also_hidden, name
    assert len({pack["watermark"] for pack in packs.values()}) == len(PACKS)
    assert await auditor.ask("Conference", id=meeting["id"]) is None

    # minutes and two action items: not before the meeting, then at its time
    tomorrow = (datetime.fromisoformat(slots[0]["startsAt"]) + timedelta(days=1)).isoformat()
    minutes = {
        "itemId": packs["clinic"]["items"][0]["id"],
        "version": meeting["version"],
        "text": "決議加強巡邏並持續諮商。",
        "presentIds": [gid("Agency", world.agencies["clinic"]), gid("Agency", world.agencies["police"])],
        "actions": [
            {"agencyId": gid("Agency", world.agencies["police"]), "what": "加強巡邏", "dueAt": tomorrow},
            {"agencyId": gid("Agency", world.agencies["clinic"]), "what": "持續諮商", "dueAt": tomorrow},
        ],
        "final": True,
    }
    early = await coordinator.do("RecordMinutes", **minutes)
    assert (early["__typename"], early["notBefore"]) == ("TooSoon", meeting["startsAt"])
    await forward(world, moved, datetime.fromisoformat(slots[0]["startsAt"]) - now())
    held = await coordinator.do("RecordMinutes", **minutes)
    assert held["state"] == "final"
    assert (await coordinator.ask("Case", id=case["id"]))["clocks"] == []
    (mine,) = await police.ask("MyActions")
    assert mine["what"] == "加強巡邏"
    finished = await police.do("CompleteAction", actionId=mine["id"])
    assert [a["doneAt"] is not None for a in finished["items"][0]["actions"] if a["id"] == mine["id"]] == [True]

    # the consent is withdrawn: pack, inbox and API lose what it had opened, and nothing else, at once
    inbox = await clinic.post({"documentId": "InboxWithCases"})
    assert row(inbox) == {"number": case["number"], "summary": STORY, "parties": [VICTIM_SHOWN]}
    before = await clinic.ask("Referral", id=second["id"])
    assert told(before["case"]) == heading | facts | {"parties": [VICTIM_SHOWN]}
    shown = await clinic.ask("Conference", id=meeting["id"])
    withdrawn = await coordinator.do("WithdrawConsent", consentId=consent["id"])
    assert withdrawn["live"] is False
    inbox = await clinic.post({"documentId": "InboxWithCases"})
    assert row(inbox) == {"number": case["number"]}
    assert VICTIM not in inbox.text
    after = await clinic.ask("Referral", id=second["id"])
    assert told(after["case"]) == heading
    assert hidden(after["case"]) == NEVER | {"OPPOSITE_IDENTITY", "RISK_LEVEL", "VICTIM_IDENTITY", "VICTIM_CONTACT"}
    left = await clinic.ask("Conference", id=meeting["id"])
    (item_before,), (item_after,) = shown["items"], left["items"]
    assert item_before["case"]["parties"][1]["name"] == VICTIM
    assert told(item_after["case"]) == told(item_before["case"]) | {"parties": [OPPOSITE_SHOWN, VICTIM_AS_INITIALS]}
    assert hidden(item_after["case"]) == NEVER | {"VICTIM_CONTACT"}
    assert told(item_after | {"case": None}) == told(item_before | {"case": None})

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
