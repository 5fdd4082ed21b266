"""Start a clock of the statutory table with this installation's calendar and zone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling import deadlines
from scheduling.calendar import Calendar
from scheduling.clocks import CLOCKS, Urgency

from .db import Session
from .rows import Row, write
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


async def renew(session: Session, code: str, subjects: Collection[UUID], owner: UUID, at: datetime) -> datetime:
    """A recurring duty (clock `code`) is done for these subjects and begins anew; returns when it is due again."""
    return await deadlines.renew(session, CLOCKS[code], subjects, owner, at, calendar=calendar(), tz=zone())


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
    due_at, started = row(code, subject, owner, at, urgency=urgency, term=term)
    await write(session, started)
    return due_at


def row(
    code: str,
    subject: UUID,
    owner: UUID,
    at: datetime,
    *,
    urgency: Urgency | None = None,
    term: datetime | None = None,
) -> tuple[datetime, Row]:
    """When a clock started now is due, and its row, to be written with what it belongs to."""
    clock = CLOCKS[code]
    columns = deadlines.columns(
        clock,
        subject,
        owner,
        at,
        calendar=calendar(),
        tz=zone(),
        urgency=urgency if clock.by_urgency else None,
        term=term,
    )
    return columns["due_at"], (deadlines.TABLE, columns)
