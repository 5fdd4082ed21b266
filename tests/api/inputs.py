"""Input of each use case that would be right but for its changes, and a fingerprint of what they write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from directory.taxonomy import NEEDS
from hub.api.describe import gid
from tests.api.conftest import AREA, World

SOON = (datetime.now(UTC) + timedelta(days=2)).replace(second=0, microsecond=0).isoformat()
PAST = (datetime.now(UTC) - timedelta(days=2)).replace(second=0, microsecond=0).isoformat()


async def fingerprint(world: World) -> dict[str, Any]:
    """What is in every table that a use case writes; entries about reading are not changes."""
    found = {}
    async with world.hub.hub.db.work() as session:
        for table in (
            "report", "case_file", "party", "risk_assessment", "consent", "standing", "referral", "conference",
            "agenda_item", "action_item", "meeting", "invitation", "booking", "deadline", "outbox", "done_once",
        ):  # fmt: skip
            rows = await session.execute(text(f"select md5(string_agg(t::text, '|' order by t::text)) from {table} t"))
            found[table] = rows.scalar()
        deeds = await session.execute(text("select count(*) from audit_entry where action not in ('disclose')"))
        found["deeds"] = deeds.scalar()
    return found


def consent(world: World, **changes: Any) -> dict[str, Any]:
    """A consent that would be right but for the changes."""
    return {
        "caseId": gid("Case", world.case),
        "grantor": "VICTIM",
        "informed": True,
        "noticeVersion": "1",
        "categories": ["CASE_FACTS"],
        "purposes": ["TREATMENT"],
        "recipientIds": [gid("Agency", world.agencies["clinic"])],
        "written": False,
        "endsAt": SOON,
    } | changes


def report(**changes: Any) -> dict[str, Any]:
    """A report that would be right but for the changes."""
    return {
        "learnedAt": PAST,
        "area": AREA,
        "summary": "示範",
        "victim": {"name": "示範"},
        "relationship": "OTHER",
        "stalking": True,
    } | changes


def send(world: World, **changes: Any) -> dict[str, Any]:
    """A referral that would be right but for the changes."""
    return {
        "caseId": gid("Case", world.case),
        "need": "counselling",
        "area": AREA,
        "urgency": "NORMAL",
        "serviceId": gid("Service", world.service),
        "summary": "示範",
    } | changes


def call(world: World, **changes: Any) -> dict[str, Any]:
    """A call that would be right but for the changes."""
    return {
        "caseIds": [gid("Case", world.case)],
        "agencies": [{"agencyId": gid("Agency", world.agencies["clinic"])}],
        "startsAt": SOON,
        "minutes": 60,
    } | changes


def risk(world: World, **changes: Any) -> dict[str, Any]:
    """An assessment."""
    given = {"caseId": gid("Case", world.case), "version": 2, "instrument": "TIPVDA", "score": 3}
    return given | {"judged": "STANDARD", "judgement": "示範"} | changes


def answer(world: World, **changes: Any) -> dict[str, Any]:
    """An answer."""
    return {"referralId": gid("Referral", world.referral), "version": 1, "answer": "ACCEPT"} | changes


def back(world: World) -> dict[str, Any]:
    """A report back before there is anything to report."""
    return {"referralId": gid("Referral", world.referral), "version": 1, "outcome": "SERVICE_GIVEN", "text": "示範"}


def minutes() -> dict[str, Any]:
    """Minutes of nothing."""
    return {"itemId": gid("AgendaItem", uuid4()), "version": 1, "text": "示範", "presentIds": []}


def opposite_consents(world: World) -> dict[str, Any]:
    """A custodian who is the opposite party (DVPA 50-1)."""
    return consent(world, grantor="CUSTODIAN", grantorIsOpposite=True)


def unknown_recipient(world: World) -> dict[str, Any]:
    """A recipient that is no agency."""
    return consent(world, recipientIds=[gid("Agency", uuid4())])


def nobody() -> list[dict[str, str]]:
    """An agency that is none."""
    return [{"agencyId": gid("Agency", uuid4())}]


def rsvp() -> dict[str, Any]:
    """An answer to nothing."""
    return {"conferenceId": gid("Conference", uuid4()), "rsvp": "ACCEPTED"}


def other_need(world: World) -> str:
    """A need that may be referred, and that the service is not there for."""
    return next(need for need in NEEDS if need not in world.offers and need != "offender_treatment")
