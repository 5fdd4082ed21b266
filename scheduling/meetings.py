"""Meetings: called, moved, cancelled, answered; nobody and no room is ever booked twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from scheduling.composition import forbidden, missing, short_shares
from scheduling.tables import Booking, Invitation, Meeting, Seat
from scheduling.terms import MeetingKind, MeetingState, PlaceKind, Rsvp

__all__ = [
    "DoubleBooked",
    "Invitee",
    "NoSuchMeeting",
    "NotConfirmed",
    "call",
    "cancel",
    "forbidden",
    "invitations",
    "missing",
    "reschedule",
    "respond",
    "short_shares",
]

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class DoubleBooked(Exception):
    """Some attendees or the room are taken by another confirmed meeting; `taken` are their ids."""

    def __init__(self, taken: Collection[UUID]) -> None:
        self.taken = frozenset(taken)
        super().__init__("double_booked")


class NoSuchMeeting(LookupError):
    """No such meeting, or this attendee is not asked to it."""


class NotConfirmed(Exception):
    """The meeting has been cancelled."""


@dataclass(frozen=True, slots=True)
class Invitee:
    """An attendee to ask. `booked` False asks somebody known to be away, without taking their time."""

    id: UUID
    required: bool
    booked: bool = True


async def call(
    session: AsyncSession,
    organizer_id: UUID,
    kind: MeetingKind,
    starts_at: datetime,
    ends_at: datetime,
    tz: str,
    attendees: Sequence[Invitee],
    *,
    room_id: UUID | None = None,
    place_kind: PlaceKind = PlaceKind.ONSITE,
) -> Meeting:
    """Call a meeting and book everyone for it. Times are whole minutes with a zone, `tz` the IANA zone.

    Raises `DoubleBooked`, or ValueError for times or a zone that cannot be, or for nobody asked or asked twice.
    """
    _check(starts_at, ends_at)
    ZoneInfo(tz)
    ids = [person.id for person in attendees]
    if not ids or len(set(ids)) != len(ids):
        raise ValueError("attendees: at least one, each once")
    meeting = Meeting(
        uid=uuid4().hex,
        kind=kind,
        organizer_id=organizer_id,
        starts_at=starts_at.astimezone(UTC),
        ends_at=ends_at.astimezone(UTC),
        tz=tz,
        place_kind=place_kind,
        room_id=room_id,
    )
    taken = [person.id for person in attendees if person.booked]
    async with _all_or_nothing(session):
        session.add(meeting)
        await session.flush()
        session.add_all(
            Invitation(meeting_id=meeting.id, attendee_id=who.id, required=who.required) for who in attendees
        )
        await _book(session, meeting, taken if room_id is None else [*taken, room_id])
    return meeting


async def reschedule(
    session: AsyncSession,
    meeting_id: UUID,
    starts_at: datetime,
    ends_at: datetime,
    *,
    away: Collection[UUID] = (),
) -> Meeting:
    """Move a confirmed meeting: sequence + 1, everyone is booked and asked anew, whatever they had answered.

    `away` are attendees known not to come: asked, not booked. Raises `DoubleBooked`, `NoSuchMeeting`, `NotConfirmed`,
    ValueError.
    """
    _check(starts_at, ends_at)
    async with _all_or_nothing(session):
        meeting = await _confirmed(session, meeting_id)
        meeting.starts_at, meeting.ends_at = starts_at.astimezone(UTC), ends_at.astimezone(UTC)
        meeting.sequence += 1
        await session.exec(delete(Booking).where(col(Booking.meeting_id) == meeting_id))
        await session.exec(
            update(Invitation)
            .where(col(Invitation.meeting_id) == meeting_id)
            .values(rsvp=Rsvp.NEEDS_ACTION, responded_at=None)
        )
        people = [who.attendee_id for who in await invitations(session, meeting_id) if who.attendee_id not in away]
        await _book(session, meeting, people if meeting.room_id is None else [*people, meeting.room_id])
    return meeting


async def cancel(session: AsyncSession, meeting_id: UUID) -> Meeting:
    """Cancel a confirmed meeting: sequence + 1, everyone is free again. Raises `NoSuchMeeting`, `NotConfirmed`."""
    meeting = await _confirmed(session, meeting_id)
    meeting.state = MeetingState.CANCELLED
    meeting.sequence += 1
    await session.exec(delete(Booking).where(col(Booking.meeting_id) == meeting_id))
    await session.flush()
    return meeting


async def respond(session: AsyncSession, meeting_id: UUID, attendee_id: UUID, rsvp: Rsvp, now: datetime) -> Invitation:
    """Record an answer. Declining frees the attendee's time; a later yes books it again, if it is still free.

    Raises `DoubleBooked`, `NoSuchMeeting`, `NotConfirmed`.
    """
    async with _all_or_nothing(session):
        meeting = await _confirmed(session, meeting_id)
        invitation = await session.get(Invitation, (meeting_id, attendee_id), populate_existing=True)
        if invitation is None:
            raise NoSuchMeeting
        if rsvp is Rsvp.DECLINED:
            mine = select(Seat.number).where(col(Seat.id) == attendee_id).scalar_subquery()
            await session.exec(delete(Booking).where(col(Booking.meeting_id) == meeting_id, col(Booking.seat) == mine))
        elif rsvp is not Rsvp.NEEDS_ACTION:
            await _book(session, meeting, [attendee_id])
        invitation.rsvp, invitation.responded_at = rsvp, now
        await session.flush()
    return invitation


async def get(session: AsyncSession, meeting_id: UUID) -> Meeting:
    """A meeting, whatever its state. Raises `NoSuchMeeting`."""
    meeting = await session.get(Meeting, meeting_id)
    if meeting is None:
        raise NoSuchMeeting
    return meeting


async def invitations(session: AsyncSession, meeting_id: UUID) -> Sequence[Invitation]:
    """Who is asked to a meeting, required ones first, as the table has it now."""
    asked = select(Invitation).where(col(Invitation.meeting_id) == meeting_id)
    asked = asked.order_by(col(Invitation.required).desc(), col(Invitation.attendee_id))
    return (await session.exec(asked.execution_options(populate_existing=True))).all()


def _check(starts_at: datetime, ends_at: datetime) -> None:
    for moment in (starts_at, ends_at):
        if moment.tzinfo is None or moment.second or moment.microsecond:
            raise ValueError("times are whole minutes with a zone")
    if not timedelta(0) < ends_at - starts_at <= timedelta(days=1):
        raise ValueError("a meeting ends after it starts and within a day")


async def _confirmed(session: AsyncSession, meeting_id: UUID) -> Meeting:
    """The meeting, locked until the transaction ends: changes of one meeting go one after another."""
    meeting = await session.get(Meeting, meeting_id, populate_existing=True, with_for_update={"key_share": True})
    if meeting is None:
        raise NoSuchMeeting
    if meeting.state is not MeetingState.CONFIRMED:
        raise NotConfirmed
    return meeting


@asynccontextmanager
async def _all_or_nothing(session: AsyncSession) -> AsyncIterator[None]:
    """A savepoint: a caller that goes on after a refusal keeps no half-booked meeting."""
    try:
        async with session.begin_nested():
            yield
    except IntegrityError as error:
        if "ex_booking_twice" in str(error.orig):  # booked by someone who did not queue for the seats
            raise DoubleBooked(()) from error
        raise


async def _book(session: AsyncSession, meeting: Meeting, ids: Iterable[UUID]) -> None:
    """Book these ids for the meeting's time, in place of what it had booked for them.

    Seats are locked in order of their ids before anything is booked, so that racers queue and cannot deadlock; the
    exclusion constraint is what guarantees, the lock only makes the refusal a clean one.
    """
    wanted = sorted(set(ids))
    await session.flush()
    if not wanted:
        return
    known = set((await session.exec(select(Seat.id).where(col(Seat.id).in_(wanted)))).all())
    if new := [{"id": who} for who in wanted if who not in known]:
        await session.exec(insert(Seat).values(new).on_conflict_do_nothing())
    locked = select(Seat).where(col(Seat.id).in_(wanted)).order_by(col(Seat.id)).with_for_update(key_share=True)
    numbers = {seat.number: seat.id for seat in (await session.exec(locked)).all() if seat.number is not None}
    start, end = (int((moment - _EPOCH).total_seconds()) // 60 for moment in (meeting.starts_at, meeting.ends_at))
    others = select(Booking.seat).where(
        col(Booking.seat).in_(numbers),
        col(Booking.meeting_id) != meeting.id,
        col(Booking.from_minute) < end,
        col(Booking.to_minute) > start,
    )
    if taken := (await session.exec(others)).all():
        raise DoubleBooked({numbers[number] for number in taken})
    await session.exec(delete(Booking).where(col(Booking.meeting_id) == meeting.id, col(Booking.seat).in_(numbers)))
    await session.exec(
        insert(Booking).values(
            [{"meeting_id": meeting.id, "seat": seat, "from_minute": start, "to_minute": end} for seat in numbers]
        )
    )
