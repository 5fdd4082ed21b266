"""Doors that close: conflict of interest, refusal, withdrawal, cancellation; each from the next request on."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from hub.api.describe import gid
from hub.base.crypto import blind
from hub.base.time import now
from hub.consent import standing
from hub.identity.actors import actor_of
from tests.api.conftest import VICTIM, World, oidc, settings, template, world

__all__ = ["oidc", "settings", "template", "world"]


async def given_consent(world: World) -> Any:
    """The clinic may see who the victim is and how to reach them."""
    return await world.people["coordinator"].do(
        "RecordConsent",
        caseId=gid("Case", world.case),
        grantor="VICTIM",
        informed=True,
        noticeVersion="1",
        categories=["VICTIM_IDENTITY", "VICTIM_CONTACT"],
        purposes=["TREATMENT", "RISK_CONFERENCE"],
        recipientIds=[gid("Agency", world.agencies["clinic"])],
        written=False,
        endsAt=(datetime.now(UTC) + timedelta(days=30)).isoformat(),
    )


async def names(world: World) -> list[str]:
    """Whom the clinic sees in its referral."""
    found = await world.people["clinic"].ask("Referral", id=gid("Referral", world.referral))
    return [party["name"] for party in found["case"]["parties"]] if found and found["case"] else []


async def test_withdrawal_works_at_once_and_races_never_see_after(world: World) -> None:
    """Reads that begin after the withdrawal has answered never show what it closed."""
    consent = await given_consent(world)
    assert await names(world) == [VICTIM]
    withdrawn = await world.people["coordinator"].do("WithdrawConsent", consentId=consent["id"])
    assert withdrawn["live"] is False
    for _ in range(20):
        assert await names(world) == []
    again = await world.people["coordinator"].do("WithdrawConsent", consentId=consent["id"])
    assert (again["__typename"], again["code"]) == ("Conflict", "already_withdrawn")


async def test_a_refusal_ends_the_sight_of_the_case(world: World) -> None:
    """After declining, the agency knows its own answer and nothing of the case."""
    await given_consent(world)
    clinic = world.people["clinic"]
    declined = await clinic.do(
        "AnswerReferral", referralId=gid("Referral", world.referral), version=1, answer="DECLINE", reason="NO_CAPACITY"
    )
    assert (declined["state"], declined["case"], declined["summary"]) == ("REJECTED", None, None)
    assert await clinic.ask("Case", id=gid("Case", world.case)) is None
    assert (await clinic.ask("Inbox"))["edges"] == []
    clocks = (await world.people["coordinator"].ask("Case", id=gid("Case", world.case)))["clocks"]
    assert [clock["code"] for clock in clocks] == ["high_risk_meeting"]


async def test_who_is_close_to_a_party_sees_nothing(world: World) -> None:
    """F2: a worker close to a party sees neither the case nor the referral, though their agency was asked."""
    await given_consent(world)
    async with world.hub.hub.db.work() as session:
        worker = await actor_of(session, world.hub.hub.oidc.issuer, "clinic")
        assert worker is not None
        await standing.stand(session, world.case, "conflict", world.case, staff_id=worker.id)
    clinic = world.people["clinic"]
    assert await clinic.ask("Referral", id=gid("Referral", world.referral)) is None
    inbox = await clinic.ask("Inbox")
    assert (inbox["edges"], inbox["totalCount"]) == ([], 0)
    problem = await clinic.do("AnswerReferral", referralId=gid("Referral", world.referral), version=1, answer="ACCEPT")
    assert problem["__typename"] == "NotFound"


async def test_a_relation_declared_later_closes_an_open_case(world: World) -> None:
    """F2 from the moment of the declaration: the case, its referral, its meeting and its audit entries are gone."""
    await given_consent(world)
    clinic = world.people["clinic"]
    assert await names(world) == [VICTIM]
    await declare(world, "clinic", "乙男金絲雀", "close_to")
    await declare(world, "auditor", "乙男金絲雀", "lives_with")
    assert await clinic.ask("Referral", id=gid("Referral", world.referral)) is None
    found = await clinic.post({"query": "{ inbox(first: 1) { totalCount edges { cursor } pageInfo { hasNextPage } } }"})
    assert found.json()["data"]["inbox"] == {"totalCount": 0, "edges": [], "pageInfo": {"hasNextPage": False}}
    entries = await world.people["auditor"].ask("AuditEntries", first=100)
    assert not any(gid("Case", world.case) in edge["node"]["caseIds"] for edge in entries["edges"])


async def test_closeness_to_the_victim_is_no_conflict_and_no_report_is_lost(world: World) -> None:
    """Who is close to the victim reads their receipt; a report near the opposite party is kept, not shown."""
    await declare(world, "reporter", VICTIM, "close_to")
    reporter = world.people["reporter"]
    given = {
        "learnedAt": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "area": "99001010",
        "summary": "示範",
        "victim": {"name": VICTIM},
        "opposite": {"name": "丁男金絲雀"},
        "relationship": "OTHER",
        "stalking": True,
    }
    assert (await reporter.do("FileReport", **given))["receipt"]
    await declare(world, "reporter", "丁男金絲雀", "lives_with")
    kept = await reporter.do("FileReport", **given)
    assert (kept["__typename"], kept["code"]) == ("NotFound", "done_not_shown")
    assert len(await world.people["coordinator"].ask("WaitingReports")) == 3


async def test_before_consent_an_agency_reads_its_referral_and_not_the_case(world: World) -> None:
    """P4: the referral's summary after acceptance; never the case's own, nor anybody's name."""
    clinic = world.people["clinic"]
    before = await clinic.ask("Referral", id=gid("Referral", world.referral))
    assert (before["summary"], before["case"]["summary"], before["case"]["parties"]) == (None, None, [])
    answered = await clinic.do("AnswerReferral", referralId=before["id"], version=before["version"], answer="ACCEPT")
    assert answered["summary"] == "示範"
    assert (answered["case"]["summary"], answered["case"]["parties"]) == (None, [])


async def test_lists_open_nothing_they_do_not_show(world: World) -> None:
    """A home page asks for headings: no identity, contact or facts are told to the ledger as shown."""
    coordinator = world.people["coordinator"]
    before = len((await coordinator.ask("WhoSawWhat", caseId=gid("Case", world.case)))["edges"])
    await coordinator.ask("MyCases")
    asked = "query ($id: ID!) { caseReferrals(caseId: $id) { case { number hidden withheld { field } } } }"
    body = {"query": asked, "variables": {"id": gid("Case", world.case)}}
    ((listed,),) = (await coordinator.post(body)).json()["data"].values()
    await coordinator.ask("ComingConferences")
    ledger = (await coordinator.ask("WhoSawWhat", caseId=gid("Case", world.case)))["edges"]
    told = {category for edge in ledger[: len(ledger) - before] for category in edge["node"]["categories"]}
    assert told <= {"EXISTENCE", "RISK_LEVEL", "CLOCKS", "LEDGER"}
    whole = await coordinator.ask("Case", id=gid("Case", world.case))
    assert listed["case"]["hidden"] == whole["hidden"], "and yet it says what is closed, as the case itself does"
    assert [w["field"] for w in listed["case"]["withheld"]] == [w["field"] for w in whole["withheld"]]


async def test_the_ledger_tells_no_number_of_other_cases(world: World) -> None:
    """Ids and cursors do not count: whoever reads one case's ledger must not read off how much goes on elsewhere."""
    coordinator, case = world.people["coordinator"], gid("Case", world.case)
    for _ in range(5):
        await coordinator.ask("Case", id=case)
    whole = (await coordinator.ask("WhoSawWhat", caseId=case))["edges"]
    seen, after = [], None
    while True:
        page = await coordinator.ask("WhoSawWhat", caseId=case, first=2, after=after)
        seen += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    known = [edge["node"]["id"] for edge in whole]
    assert [one for one in seen if one in known] == known
    assert len(set(seen)) == len(seen)
    ids = [UUID(b64decode(one + "==", altchars=b"-_").decode().partition(":")[2]) for one in seen]
    assert {one.version for one in ids} == {4}
    assert len({one.bytes[:4] for one in ids}) == len(ids)
    for edge in whole:
        assert edge["node"]["id"] in seen
    assert after is not None
    assert len(b64decode(after + "==", altchars=b"-_")) == 36  # sealed, and for this case alone
    other = {"caseId": gid("Case", uuid4()), "after": after}
    answer = await coordinator.post({"documentId": "WhoSawWhat", "variables": other})
    assert answer.json()["errors"][0]["extensions"]["fields"][0]["code"] == "unknown_cursor"


async def test_oversight_learns_no_number_and_no_reporter(world: World) -> None:
    """P12, F3: a pseudonym instead of the number; who filed a report is nobody's to read."""
    auditor = world.people["auditor"]
    number = (await world.people["coordinator"].ask("Case", id=gid("Case", world.case)))["number"]
    shown = await auditor.ask("Case", id=gid("Case", world.case))
    assert shown["number"].startswith("P-")
    assert (shown["area"], shown["openedAt"], shown["parties"]) == (None, None, [])
    assert not any(number in text for text in auditor.seen)
    filed = await auditor.ask("AuditEntries", action="report.file")
    assert {(edge["node"]["actor"], edge["node"]["agency"] is None) for edge in filed["edges"]} == {("", True)}


async def declare(world: World, login: str, name: str, kind: str) -> None:
    """Somebody says whom they are close to."""
    hub = world.hub.hub
    async with hub.db.work() as session:
        person = await actor_of(session, hub.oidc.issuer, login)
        assert person is not None
        await session.execute(
            text("insert into staff_relation (staff_id, person_index, kind, declared_at) values (:s, :p, :k, :n)"),
            {"s": person.id, "p": blind(hub.keys, "name", name), "k": kind, "n": now()},
        )


async def test_who_is_close_to_a_party_cannot_open_the_case(world: World) -> None:
    """F2 before there is a case: the report is not there for a coordinator who declared to be close."""
    await declare(world, "colleague", "乙男 金絲雀", "close_to")
    person = world.people["colleague"]
    assert await person.ask("WaitingReports") == []
    assert await person.ask("Report", id=gid("Report", world.report)) is None
    refused = await person.do("OpenCase", reportId=gid("Report", world.report))
    assert refused["__typename"] == "NotFound"
    assert len(await world.people["coordinator"].ask("WaitingReports")) == 1


@pytest.mark.parametrize("who", ["staff", "agency"])
async def test_a_suspended_account_can_do_nothing(world: World, who: str) -> None:
    """F1: from the next request on, whatever its token says."""
    table = "staff" if who == "staff" else "agency"
    condition = "subject = 'clinic'" if who == "staff" else "code = 'clinic'"
    async with world.hub.hub.db.work() as session:
        await session.execute(text(f"update {table} set suspended = true where {condition}"))
    found = await world.people["clinic"].post({"documentId": "Inbox"})
    assert found.status_code == 403  # the token is good, so this is no 401: what it may do is nothing
    assert [error["extensions"]["code"] for error in found.json()["errors"]] == ["account_suspended"]
    assert found.json()["data"] is None
    me = await world.people["clinic"].post({"documentId": "Me"})
    assert (me.status_code, me.json()) == (200, {"data": {"me": None}})  # as for whoever is not signed in


async def test_a_cancelled_meeting_closes_its_packs(world: World) -> None:
    """Cancelling tells everyone, frees everyone, starts the meeting's clock again, and closes what it had opened."""
    coordinator, clinic, other = (world.people[name] for name in ("coordinator", "clinic", "other"))
    invited = [{"agencyId": gid("Agency", world.agencies[code])} for code in ("clinic", "other")]
    case = await coordinator.ask("Case", id=gid("Case", world.case))
    deadline = next(clock["dueAt"] for clock in case["clocks"] if clock["code"] == "high_risk_meeting")
    slots = await coordinator.ask("MeetingSlots", agencies=invited, before=deadline, minutes=60)
    given = {"caseIds": [case["id"]], "agencies": invited, "startsAt": slots[0]["startsAt"], "minutes": 60}
    meeting = await coordinator.do("CallMeeting", **given)
    taken = await coordinator.do("CallMeeting", **given)
    assert (taken["__typename"], taken["code"]) == ("Conflict", "slot_taken")
    assert (await other.ask("Conference", id=meeting["id"]))["items"][0]["case"]["riskLevel"] == "HIGH"
    await other.do("AnswerInvitation", conferenceId=meeting["id"], rsvp="DECLINED")
    assert (await other.ask("Conference", id=meeting["id"]))["items"] == []  # who does not come needs no pack
    coming = await other.do("AnswerInvitation", conferenceId=meeting["id"], rsvp="ACCEPTED")
    assert {a["rsvp"] for a in coming["attendees"]} == {"ACCEPTED", "NEEDS_ACTION"}
    assert (await other.ask("Conference", id=meeting["id"]))["items"][0]["case"]["riskLevel"] == "HIGH"
    cancelled = await coordinator.do("CancelMeeting", conferenceId=meeting["id"], version=meeting["version"])
    assert cancelled["state"] == "cancelled"
    assert (await other.ask("Conference", id=meeting["id"]))["items"] == []
    assert await other.ask("Case", id=case["id"]) is None
    clocks = (await coordinator.ask("Case", id=case["id"]))["clocks"]
    assert "high_risk_meeting" in [clock["code"] for clock in clocks]
    again = await coordinator.do("CallMeeting", **given)
    assert again["state"] == "called"
    assert (await clinic.ask("Conference", id=again["id"]))["items"] != []
