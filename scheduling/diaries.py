"""What the tables know of people's time, read once for a search of slots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select, union_all
from sqlmodel.ext.asyncio.session import AsyncSession

from scheduling.availability import OFFICE_HOURS, Attendee, Hours, Span
from scheduling.counting import WorkingDays
from scheduling.slots import Slot, find_slots
from scheduling.tables import Booking, BusyTime, Meeting, Seat, WorkingHours


async def diaries(
    session: AsyncSession, people: Mapping[UUID, bool], window: Span, except_meeting: UUID | None = None
) -> list[Attendee]:
    """These people (id -> required) with their hours and what takes their time in the window: entered or imported busy
    times and confirmed meetings they have not declined. Who entered no hours has `OFFICE_HOURS`.
    """
    ids = list(people)
    entered = select(col(BusyTime.owner_id), col(BusyTime.starts_at), col(BusyTime.ends_at)).where(
        col(BusyTime.owner_id).in_(ids), col(BusyTime.ends_at) > window[0], col(BusyTime.starts_at) < window[1]
    )
    booked = (
        select(col(Seat.id), col(Meeting.starts_at), col(Meeting.ends_at))
        .join(Booking, col(Booking.seat) == col(Seat.number))
        .join(Meeting, col(Meeting.id) == col(Booking.meeting_id))
        .where(col(Seat.id).in_(ids), col(Meeting.ends_at) > window[0], col(Meeting.starts_at) < window[1])
    )
    if except_meeting is not None:
        booked = booked.where(col(Meeting.id) != except_meeting)
    busy: dict[UUID, list[Span]] = defaultdict(list)
    connection = await session.connection()
    for owner, start, end in (await connection.execute(union_all(entered, booked))).all():
        busy[owner].append((start, end))
    hours: dict[UUID, list[Hours]] = defaultdict(list)
    for row in (await session.exec(select(WorkingHours).where(col(WorkingHours.owner_id).in_(ids)))).all():
        hours[row.owner_id].append(Hours(row.weekday, row.from_minute, row.to_minute))
    return [
        Attendee(who, required, busy[who], tuple(sorted(hours[who])) if who in hours else OFFICE_HOURS)
        for who, required in people.items()
    ]


async def slots_for(
    session: AsyncSession,
    people: Mapping[UUID, bool],
    window: Span,
    duration: timedelta,
    grid_minutes: int = 15,
    *,
    tz: ZoneInfo,
    calendar: WorkingDays,
    limit: int = 20,
    except_meeting: UUID | None = None,
) -> list[Slot]:
    """`slots.find_slots` over the tables, for `people` (id -> required); `except_meeting` is the one being moved."""
    known = await diaries(session, people, window, except_meeting)
    return find_slots(known, window, duration, grid_minutes, tz=tz, calendar=calendar, limit=limit)
