"""F3 over HTTP: whoever oversees cannot tell who reported, neither by the entry nor by those beside it (DVPA 50 II)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest_asyncio
from sqlalchemy import text

from hub.api.describe import gid
from hub.base.settings import Settings
from hub.base.time import now
from hub.policy.terms import Role
from tests.api.conftest import World, oidc, settings, template, world
from tests.support.identity import Provider, make_agency, make_staff

__all__ = ["oidc", "settings", "template", "world"]

GIVEN = {
    "oral": True,
    "area": "99001010",
    "summary": "示範",
    "relationship": "OTHER",
    "stalking": True,
    "victim": {"name": "辛女金絲雀"},
}


@pytest_asyncio.fixture(loop_scope="session")
async def witness(world: World, oidc: Provider) -> AsyncIterator[tuple[str, str]]:
    """The ids of somebody who does nothing but report, and of their agency, where nobody else works."""
    async with world.hub.hub.db.work() as session:
        school = await make_agency(session, "school", "education")
        person = await make_staff(session, oidc.issuer, "witness", school, Role.REPORTER)
    yield str(person), gid("Agency", school)


async def through_the_console(world: World, oidc: Provider, settings: Settings, login: str) -> None:
    """Sign in as a browser does, file an oral report, read it, write it down, sign out."""
    async with httpx.AsyncClient(base_url=world.hub.url) as browser:
        asked = await browser.get("/auth/sign-in")
        assert asked.status_code == 303, asked.text
        landed = await oidc.code(login, asked.headers["location"])
        answer = await browser.get(f"/auth/callback?{landed.query.decode()}")
        assert answer.status_code == 303, answer.text
        page = await browser.get("/report", headers={"accept": "text/html"})
        csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
        form = {
            "csrf": csrf,
            "summary": "示範",
            "victim.name": "辛女金絲雀",
            "area": "99001010",
            "relationship": "OTHER",
            "oral": "yes",
            "learnedAt": (now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        }
        filed = await browser.post("/report", data=form, headers={"origin": world.hub.url})
        assert filed.status_code == 303, filed.text
        receipt = filed.headers["location"].partition("?")[0]
        assert receipt.startswith("/receipts/")
        assert (await browser.get(receipt)).status_code == 200
        written = await browser.post(receipt, data={"csrf": csrf, "text": "示範"}, headers={"origin": world.hub.url})
        assert written.status_code == 303, written.text
        assert written.headers["location"].endswith("done=report_written")
        out = await browser.post("/auth/sign-out", data={"csrf": csrf}, headers={"origin": world.hub.url})
        assert out.status_code == 303


async def entries(world: World) -> list[Any]:
    """All that the auditor can read."""
    auditor, found, after = world.people["auditor"], [], None
    while True:
        page = await auditor.ask("AuditEntries", first=100, after=after)
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def test_no_entry_beside_a_report_tells_who_reported(
    world: World, oidc: Provider, settings: Settings, witness: tuple[str, str]
) -> None:
    """The entries are there, with their time and deed; the reporter and their agency are in none of them."""
    await through_the_console(world, oidc, settings, "witness")
    found = await entries(world)
    beside = {"session.begin", "report.file", "report.supplement", "session.end"}
    mine = [entry for entry in found if entry["action"] in beside]
    assert {entry["action"] for entry in mine} == beside
    assert {(entry["actor"], entry["agency"]) for entry in mine} == {("", None)}
    person, agency = witness
    assert not any(person in text or agency in text for text in world.people["auditor"].seen)
    async with world.hub.hub.db.work() as session:  # it is recorded all the same: a court may have it
        kept = (
            await session.execute(text("select action from audit_entry where actor_id = :id"), {"id": person})
        ).all()
    assert {row.action for row in kept} >= beside


async def test_a_reporter_who_works_at_the_centre_is_not_told_by_reading_their_receipt(world: World) -> None:
    """The ledger writes down what a coordinator is shown of their own report: neither who nor which way can be read."""
    colleague = world.people["colleague"]
    at = (now() - timedelta(hours=1)).isoformat()
    report = await colleague.do("FileReport", learnedAt=at, **GIVEN)
    await colleague.ask("MyReports")
    await colleague.ask("Report", id=report["id"])
    found = await entries(world)
    shown = [
        entry for entry in found if entry["action"] == "disclose" and entry["subject"] in ("FileReport", "MyReports")
    ]
    assert shown
    assert {(entry["actor"], entry["agency"]) for entry in shown} == {("", None)}
    case = await world.people["coordinator"].do("OpenCase", reportId=report["id"])
    await colleague.ask("Report", id=report["id"])
    for who in ("coordinator", "auditor"):
        ledger = (await world.people[who].ask("WhoSawWhat", caseId=case["id"]))["edges"]
        assert ledger
        assert not any(line["node"]["operation"] in ("FileReport", "MyReports") for line in ledger)
        assert not any("P14" in line["node"]["bases"] for line in ledger)
        assert not any(line["node"]["operation"] == "Report" and line["node"]["agency"] is not None for line in ledger)


async def test_what_is_not_beside_a_report_still_says_who_did_it(world: World) -> None:
    """Oversight keeps its use: deeds on cases and looks at them name the actor and the agency."""
    found = await entries(world)
    sent = next(entry for entry in found if entry["action"] == "referral.send")
    assert UUID(sent["actor"])
    assert sent["agency"]["name"].endswith("centre")
    await world.people["clinic"].ask("Referral", id=gid("Referral", world.referral))
    looks = [
        entry for entry in await entries(world) if entry["action"] == "disclose" and entry["subject"] == "Referral"
    ]
    assert looks[0]["agency"]["name"].endswith("clinic")
