"""Invitations that leave the house: a neutral iTIP part and a notice for each agency, without a word of any case."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from hub.audit.ledger import moment
from hub.base.db import Session
from hub.base.settings import settings
from hub.base.texts import DEFAULT, catalogue
from hub.identity.views import AgencyView
from hub.notices.mail import NOTICE
from hub.notices.outbox import Notice, notify
from scheduling import ics
from scheduling.tables import Meeting

SUMMARY = "meeting_summary"


async def invite(session: Session, meeting: Meeting, centre: AgencyView, agencies: Iterable[AgencyView]) -> None:
    """Queue the invitation (or its update) for each agency."""
    for agency in agencies:
        calendar = ics.request(_invite(meeting, centre, agency), moment(session)).decode()
        await notify(session, Notice("meeting_called", agency.id, meeting.id, calendar=calendar))


async def uninvite(session: Session, meeting: Meeting, centre: AgencyView, agencies: Iterable[AgencyView]) -> None:
    """Queue the cancellation for each agency."""
    for agency in agencies:
        calendar = ics.cancellation(_invite(meeting, centre, agency), moment(session)).decode()
        await notify(session, Notice("meeting_cancelled", agency.id, meeting.id, calendar=calendar))


def _invite(meeting: Meeting, centre: AgencyView, agency: AgencyView) -> ics.Invite:
    return ics.Invite(
        uid=meeting.uid,
        sequence=meeting.sequence,
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        tz=ZoneInfo(meeting.tz),
        summary=catalogue(DEFAULT).text(SUMMARY, NOTICE) or "Network meeting",
        organizer=ics.Person(settings().smtp_from, centre.name),
        attendees=[ics.Person(agency.email or settings().smtp_from, agency.name)],
    )
