"""Start a clock of the statutory table with this installation's calendar and zone."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling import deadlines
from scheduling.calendar import Calendar
from scheduling.clocks import CLOCKS, Urgency

from .db import Session
from .settings import settings


def zone() -> ZoneInfo:
    """The zone in which statutory days end."""
    return ZoneInfo(settings().timezone)


@lru_cache(maxsize=2)
def _calendar(country: str) -> Calendar:
    return Calendar("KR" if country == "KR" else "TW")


def calendar() -> Calendar:
    """The working days that count here."""
    return _calendar(settings().country)


async def start(
    session: Session,
    code: str,
    subject: UUID,
    owner: UUID,
    at: datetime,
    *,
    urgency: Urgency | None = None,
    term: datetime | None = None,
) -> datetime:
    """Start clock `code` on a subject for an owning agency; returns when it is due. `urgency` if it asks for one."""
    clock = CLOCKS[code]
    row = await deadlines.start(
        session,
        clock,
        subject,
        owner,
        at,
        calendar=calendar(),
        tz=zone(),
        urgency=urgency if clock.by_urgency else None,
        term=term,
    )
    return row.due_at
