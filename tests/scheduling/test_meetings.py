"""Meetings: nobody and no room is booked twice, however many try at once; answers, moves, composition."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hub.base.db import Database
from scheduling import meetings
from scheduling.meetings import DoubleBooked, Invitee, NoSuchMeeting, NotConfirmed
from scheduling.tables import Booking, Invitation, Meeting, Seat
from scheduling.terms import MeetingKind, MeetingState, Rsvp

NINE = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def call(
    session: AsyncSession, people: Sequence[UUID], start: datetime = NINE, room: UUID | None = None
) -> Meeting:
    return await meetings.call(
        session, uuid4(), MeetingKind.RISK, start, start + HOUR, "Asia/Taipei",
        [Invitee(who, required=True) for who in people], room_id=room,
    )  # fmt: skip


async def booked(db: Database) -> Counter[UUID]:
    async with db.work() as session:
        seats = await session.exec(select(Seat.id).join(Booking))
        return Counter(seats.all())


async def test_forty_racers_for_the_same_slots_book_each_exactly_once(db: Database) -> None:
    agency, room, slots, racers = uuid4(), uuid4(), 6, 40
    wide = Database(db.engine.url, pool=20)
    won: Counter[int] = Counter()
    refused: Counter[int] = Counter()

    async def race(racer: int) -> None:
        for turn in range(slots):
            slot = (racer + turn) % slots
            others = [uuid4(), agency] if racer % 2 else [agency, uuid4()]
            try:
                async with wide.work() as session:
                    await call(session, others, NINE + slot * HOUR, room)
                won[slot] += 1
            except DoubleBooked as refusal:
                refused[slot] += refusal.taken == {agency, room}

    try:
        await asyncio.gather(*(race(racer) for racer in range(racers)))
    finally:
        await wide.close()
    assert won == dict.fromkeys(range(slots), 1)
    assert refused == dict.fromkeys(range(slots), racers - 1)
    async with db.work() as session:
        assert len((await session.exec(select(Meeting))).all()) == slots
    counts = await booked(db)
    assert counts[agency] == counts[room] == slots


async def test_racers_who_do_not_queue_meet_the_constraint(db: Database) -> None:
    async with db.work() as session:
        meeting = await call(session, [uuid4()])
        one, two = await call(session, [uuid4()]), await call(session, [uuid4()])
        [booking] = (await session.exec(select(Booking).where(Booking.meeting_id == meeting.id))).all()
    later = booking.to_minute

    async def insert(meeting_id: UUID, start: int, end: int) -> None:
        async with db.work() as session:
            session.add(Booking(meeting_id=meeting_id, seat=booking.seat, from_minute=start, to_minute=end))

    for start, end in ((later - 1, later + 9), (booking.from_minute - 9, booking.from_minute + 1), (0, later + 999)):
        with pytest.raises(IntegrityError, match="ex_booking_twice"):
            await insert(one.id, start, end)
    for start, end in ((later, later), (later, later - 1), (-1, 5), (later, 1 << 26)):
        with pytest.raises(IntegrityError, match="ck_booking_order"):
            await insert(one.id, start, end)
    await insert(one.id, later, later + 60)  # touching is no clash
    results = await asyncio.gather(*(insert(two.id, later + 60, later + 120) for _ in range(5)), return_exceptions=True)
    assert [type(result) for result in results].count(type(None)) == 1


async def test_a_refused_meeting_leaves_nothing_behind_in_a_transaction_that_goes_on(db: Database) -> None:
    busy, free = uuid4(), uuid4()
    async with db.work() as session:
        await call(session, [busy])
        moved_id = (await call(session, [busy, free], NINE + 3 * HOUR)).id
        with pytest.raises(DoubleBooked) as refusal:
            await call(session, [busy, free], NINE + HOUR / 2)
        assert refusal.value.taken == {busy}
        with pytest.raises(DoubleBooked):
            await meetings.reschedule(session, moved_id, NINE + HOUR / 2, NINE + HOUR)
    async with db.work() as session:
        kept = await session.get(Meeting, moved_id)
        assert kept is not None
        assert (kept.starts_at, kept.sequence) == (NINE + 3 * HOUR, 0)
        assert len((await session.exec(select(Meeting))).all()) == 2
        assert len((await session.exec(select(Invitation))).all()) == 3
    assert await booked(db) == {busy: 2, free: 1}


async def test_a_meeting_moves_and_is_cancelled(db: Database) -> None:
    a, b, room, now = uuid4(), uuid4(), uuid4(), NINE - 24 * HOUR
    async with db.work() as session:
        meeting = await call(session, [a, b], room=room)
        await meetings.respond(session, meeting.id, a, Rsvp.ACCEPTED, now)
        await meetings.respond(session, meeting.id, b, Rsvp.DECLINED, now)
    assert await booked(db) == {a: 1, room: 1}
    async with db.work() as session:  # moved by half its length: it does not clash with itself
        moved = await meetings.reschedule(session, meeting.id, NINE + HOUR / 2, NINE + 3 * HOUR / 2, away=[b])
        assert (moved.sequence, moved.uid) == (1, meeting.uid)
        assert {(who.rsvp, who.responded_at) for who in await meetings.invitations(session, meeting.id)} == {
            (Rsvp.NEEDS_ACTION, None)
        }
    assert await booked(db) == {a: 1, room: 1}
    async with db.work() as session:
        await call(session, [a, b], NINE - HOUR / 2, room)  # the old time is free again
        gone = await meetings.cancel(session, meeting.id)
        assert (gone.state, gone.sequence) == (MeetingState.CANCELLED, 2)
        await call(session, [a, b], NINE + HOUR / 2, room)
        for act in (
            meetings.cancel(session, meeting.id),
            meetings.reschedule(session, meeting.id, NINE, NINE + HOUR),
            meetings.respond(session, meeting.id, a, Rsvp.ACCEPTED, now),
        ):
            with pytest.raises(NotConfirmed):
                await act


async def test_answers(db: Database) -> None:
    a, b, now = uuid4(), uuid4(), NINE - HOUR
    async with db.work() as session:
        meeting = await call(session, [a, b])
        answer = await meetings.respond(session, meeting.id, a, Rsvp.DECLINED, now)
        assert (answer.rsvp, answer.responded_at) == (Rsvp.DECLINED, now)
        await meetings.respond(session, meeting.id, a, Rsvp.TENTATIVE, now)
        await meetings.respond(session, meeting.id, a, Rsvp.DECLINED, now)
        other = await call(session, [a])  # free, for they declined
        with pytest.raises(DoubleBooked):
            await meetings.respond(session, meeting.id, a, Rsvp.ACCEPTED, now)
        for meeting_id, attendee in ((meeting.id, uuid4()), (uuid4(), a)):
            with pytest.raises(NoSuchMeeting):
                await meetings.respond(session, meeting_id, attendee, Rsvp.ACCEPTED, now)
    async with db.work() as session:
        kept = {who.attendee_id: who.rsvp for who in await meetings.invitations(session, meeting.id)}
        assert kept == {a: Rsvp.DECLINED, b: Rsvp.NEEDS_ACTION}
        assert other.uid != meeting.uid


async def test_somebody_known_to_be_away_is_asked_and_not_booked(db: Database) -> None:
    away, here = uuid4(), uuid4()
    async with db.work() as session:
        await call(session, [away])
        meeting = await meetings.call(
            session, uuid4(), MeetingKind.CASE, NINE, NINE + HOUR, "Asia/Taipei",
            [Invitee(here, required=True), Invitee(away, required=False, booked=False)],
        )  # fmt: skip
        assert [who.attendee_id for who in await meetings.invitations(session, meeting.id)] == [here, away]
    assert await booked(db) == {away: 1, here: 1}


async def test_what_cannot_be_is_refused(db: Database) -> None:
    someone = Invitee(uuid4(), required=True)
    wrong: list[tuple[datetime, datetime, str, list[Invitee]]] = [
        (NINE, NINE, "Asia/Taipei", [someone]),
        (NINE, NINE + 25 * HOUR, "Asia/Taipei", [someone]),
        (NINE.replace(second=1), NINE + HOUR, "Asia/Taipei", [someone]),
        (NINE.replace(tzinfo=None), NINE + HOUR, "Asia/Taipei", [someone]),
        (NINE, NINE + HOUR, "Asia/Taipei", []),
        (NINE, NINE + HOUR, "Asia/Taipei", [someone, someone]),
    ]
    async with db.work() as session:
        for start, end, tz, people in wrong:
            with pytest.raises(ValueError, match=r"times|meeting|attendees"):
                await meetings.call(session, uuid4(), MeetingKind.RISK, start, end, tz, people)
        with pytest.raises(KeyError):  # zoneinfo's own
            await meetings.call(session, uuid4(), MeetingKind.RISK, NINE, NINE + HOUR, "Mars/Olympus", [someone])
        assert not (await session.exec(select(Meeting))).all()


def test_composition_says_who_is_missing_and_why() -> None:
    assert meetings.missing(MeetingKind.RISK, ["police", "health", "social_affairs"]) == [
        ("education", "DVPA 8(1)(9)"),
        ("justice", "DVPA 8(1)(9)"),
    ]
    core = ["justice", "police", "health", "social_affairs", "education", "labour"]
    assert meetings.missing(MeetingKind.RISK, core) == []
    assert meetings.missing(MeetingKind.RISK, core, also=["labour", "immigration", "police"]) == [
        ("immigration", "DVPA 8(1)(9)")
    ]
    assert [network for network, _ in meetings.missing(MeetingKind.COORDINATION, core)] == [
        "civil_affairs", "household_registration", "news", "immigration",
    ]  # fmt: skip
    assert len(meetings.missing(MeetingKind.COORDINATION, [])) == 10  # the ten of DVPA ER 3
    assert meetings.missing(MeetingKind.CASE, []) == []


def test_some_never_attend() -> None:
    roles = ["agency", "opposite_party", "victim", "counsel", "victim"]
    assert [role for role, _ in meetings.forbidden(MeetingKind.RISK, roles)] == ["opposite_party", "victim", "counsel"]
    assert meetings.forbidden(MeetingKind.COORDINATION, roles) == []


def test_advisory_groups_keep_their_shares() -> None:
    members = [{"scholar", "female"}, {"ngo", "female"}, {"official", "female"}, {"official", "male"}]
    assert meetings.short_shares(MeetingKind.ADVISORY_DVPA, members) == [(frozenset({"male"}), "DVPA 5 II")]
    members.append({"agency", "male"})  # 2 of 5 in DVPA's sense, 3 of 5 in SHPA's
    assert meetings.short_shares(MeetingKind.ADVISORY_DVPA, members) == [
        (frozenset({"scholar", "expert", "ngo"}), "DVPA 5 II")
    ]
    assert meetings.short_shares(MeetingKind.ADVISORY_SHPA, members) == []
