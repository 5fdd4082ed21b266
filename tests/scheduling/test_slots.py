"""Slots: equal to a naive search by datetimes on random input; exact, ranked, at home in every zone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.base.db import Database
from scheduling import meetings
from scheduling.availability import OFFICE_HOURS, Attendee, Hours, Span
from scheduling.calendar import Calendar
from scheduling.diaries import slots_for
from scheduling.meetings import Invitee
from scheduling.slots import Slot, find_slots
from scheduling.tables import BusyTime, WorkingHours
from scheduling.terms import MeetingKind, Rsvp

TAIPEI = ZoneInfo("Asia/Taipei")
BERLIN = ZoneInfo("Europe/Berlin")
TAIWAN = Calendar("TW")
MINUTE = timedelta(minutes=1)


class EveryDay:
    """A calendar without days off."""

    def is_working(self, day: date) -> bool:
        return True


def naive(
    attendees: Sequence[Attendee],
    window: Span,
    duration: timedelta,
    grid: int,
    tz: ZoneInfo,
    calendar: Calendar | EveryDay,
    limit: int,
    overlapping: bool,
) -> list[tuple[datetime, tuple[UUID, ...]]]:
    """The slow way: look at every start and, for every attendee, at every busy time and at every minute of the wall
    clock; sort; take.
    """
    found = []
    moment = window[0].astimezone(UTC).replace(second=0, microsecond=0)
    while moment + duration <= window[1]:
        local = moment.astimezone(tz)
        if moment >= window[0] and (local.hour * 60 + local.minute) % grid == 0:
            missing = [who for who in attendees if not _can(who, moment, duration, tz, calendar)]
            if len(missing) < len(attendees):
                lacking = sum(who.required for who in missing)
                found.append((lacking, len(missing), moment, tuple(who.id for who in missing)))
        moment += MINUTE
    taken: list[tuple[datetime, tuple[UUID, ...]]] = []
    for _, _, start, ids in sorted(found):
        if overlapping or all(abs(start - other) >= duration for other, _ in taken):
            taken.append((start, ids))
    return taken[:limit]


def _can(who: Attendee, start: datetime, duration: timedelta, tz: ZoneInfo, calendar: Calendar | EveryDay) -> bool:
    if any(start < end and start + duration > begin for begin, end in who.busy):
        return False
    for n in range(0, duration // MINUTE, 5):  # everything here stands on five minutes of the clock
        local = (start + n * MINUTE).astimezone(tz)
        if not calendar.is_working(local.date()):
            return False
        weekday = local.weekday()
        if weekday > 4 and not any(hours.weekday == weekday for hours in who.hours):
            weekday = 0
        minute = local.hour * 60 + local.minute
        if not any(h.weekday == weekday and h.from_minute <= minute < h.to_minute for h in who.hours):
            return False
    return True


ZONES = st.sampled_from([TAIPEI, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")])
# hours begin after every change of the clock, or at midnight: there the wall clock says one thing only
HOURS = st.lists(
    st.builds(
        lambda day, start, length: Hours(day, start, min(start + length, 1440)),
        st.integers(0, 6),
        st.sampled_from([0, 300, 480, 540, 600, 785, 1080]),
        st.sampled_from([60, 125, 240, 480, 1440]),
    ),
    max_size=5,
)


@st.composite
def searches(draw: st.DrawFn) -> tuple[list[Attendee], Span, timedelta, int, ZoneInfo]:
    tz = draw(ZONES)
    day = draw(st.sampled_from([date(2026, 2, 12), date(2026, 3, 28), date(2026, 10, 24), date(2025, 2, 7),
                                date(2026, 3, 7), date(2026, 10, 31), date(2026, 5, 4)]))  # fmt: skip
    start = datetime.combine(day, time(), tz).astimezone(UTC) + draw(st.integers(0, 1500)) * MINUTE
    window = (start, start + draw(st.integers(0, 3 * 1440)) * MINUTE)
    seconds = st.integers(-4000, 3 * 86_400)
    people = []
    for _ in range(draw(st.integers(1, 5))):
        busy = [
            (start + timedelta(seconds=begin), start + timedelta(seconds=begin + length))
            for begin, length in draw(st.lists(st.tuples(seconds, st.integers(1, 40_000)), max_size=5))
        ]
        hours = draw(st.one_of(st.just(OFFICE_HOURS), st.just([Hours(d, 0, 1440) for d in range(7)]), HOURS))
        people.append(Attendee(uuid4(), draw(st.booleans()), busy, hours))
    duration = draw(st.sampled_from([10, 15, 45, 60, 90, 100, 480])) * MINUTE
    return people, window, duration, draw(st.sampled_from([15, 20, 30, 60])), tz


@settings(max_examples=80, deadline=None)
@given(searches(), st.sampled_from([TAIWAN, EveryDay()]), st.sampled_from([1, 5, 1000]), st.booleans())
def test_equal_to_the_naive_search(
    search: tuple[list[Attendee], Span, timedelta, int, ZoneInfo],
    calendar: Calendar | EveryDay,
    limit: int,
    overlapping: bool,
) -> None:
    people, window, duration, grid, tz = search
    fast = find_slots(people, window, duration, grid, tz=tz, calendar=calendar, limit=limit, overlapping=overlapping)
    slow = naive(people, window, duration, grid, tz, calendar, limit, overlapping)
    assert [(slot.starts_at, slot.missing) for slot in fast] == slow
    assert all(slot.ends_at - slot.starts_at == duration for slot in fast)
    assert [slot.score for slot in fast] == sorted(slot.score for slot in fast)


def at(text: str, zone: ZoneInfo = TAIPEI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def person(*busy: tuple[str, str], required: bool = True) -> Attendee:
    return Attendee(uuid4(), required, [(at(start), at(end)) for start, end in busy])


def search(people: Sequence[Attendee], start: str, end: str, minutes: int = 60, limit: int = 20) -> list[Slot]:
    return find_slots(people, (at(start), at(end)), minutes * MINUTE, tz=TAIPEI, calendar=TAIWAN, limit=limit)


def test_ranked_by_who_is_missing_then_by_time() -> None:
    chair = person(("2026-03-02T09:00", "2026-03-02T11:00"))
    guest = person(("2026-03-02T11:00", "2026-03-02T18:00"), required=False)
    slots = search([chair, guest], "2026-03-02T00:00", "2026-03-03T11:00")
    told = [(slot.starts_at.astimezone(TAIPEI).strftime("%d %H:%M"), slot.missing, slot.reasons) for slot in slots]
    assert told[:2] == [("03 09:00", (), ("everyone_free",)), ("03 10:00", (), ("everyone_free",))]
    assert told[2] == ("02 11:00", (guest.id,), ("required_free", "optional_missing"))
    assert told[-1] == ("02 10:00", (chair.id,), ("required_missing",))
    assert [slot.score for slot in slots] == [0, 0, 1, 1, 1, 1, 1, 1, 1000, 1000]


def test_no_meeting_over_lunch_on_days_off_or_when_nobody_comes() -> None:
    assert not search([person()], "2026-02-14T00:00", "2026-02-23T00:00")  # Lunar New Year
    assert not search([person()], "2026-03-02T11:15", "2026-03-02T13:45")
    assert not search([person(("2026-03-01T00:00", "2026-03-09T00:00"))], "2026-03-02T00:00", "2026-03-07T00:00")
    assert not search([], "2026-03-02T00:00", "2026-03-07T00:00")
    assert not search([person()], "2026-03-02T10:00", "2026-03-02T09:00")
    assert len(search([person()], "2025-02-08T00:00", "2025-02-09T00:00")) == 8  # a made-up Saturday


def test_busy_times_are_exact_below_the_second() -> None:
    second = timedelta(milliseconds=300)
    for busy, free in (
        ((at("2026-03-02T10:00") - second, at("2026-03-02T11:00")), ["11:00"]),  # 9 to 10 would clash
        ((at("2026-03-02T10:00") + second, at("2026-03-02T11:00")), ["09:00", "11:00"]),
        ((at("2026-03-02T10:00"), at("2026-03-02T11:00") + second), ["09:00"]),
        ((at("2026-03-02T10:00"), at("2026-03-02T11:00") - second), ["09:00", "11:00"]),
    ):
        window = (at("2026-03-02T09:00"), at("2026-03-02T12:00"))
        who = [Attendee(uuid4(), True, [busy])]
        slots = find_slots(who, window, 60 * MINUTE, 60, tz=TAIPEI, calendar=TAIWAN)
        assert [slot.starts_at.astimezone(TAIPEI).strftime("%H:%M") for slot in slots] == free


def test_starts_stand_on_the_wall_clock_also_when_it_changes() -> None:
    window = (at("2026-03-27T15:07", BERLIN), at("2026-03-30T11:00", BERLIN))
    slots = find_slots([person()], window, 60 * MINUTE, 60, tz=BERLIN, calendar=EveryDay(), limit=100)
    local = [slot.starts_at.astimezone(BERLIN) for slot in slots]
    assert {moment.minute for moment in local} == {0}
    assert [moment.strftime("%d %H %z") for moment in local][:2] == ["27 16 +0100", "27 17 +0100"]
    assert [moment.strftime("%d %H %z") for moment in local][-2:] == ["30 09 +0200", "30 10 +0200"]


@pytest.mark.parametrize(
    ("window", "duration", "grid"),
    [
        ((datetime(2026, 3, 2), datetime(2026, 3, 3)), 60, 15),  # noqa: DTZ001 - what is tested
        ((at("2026-03-02T00:00"), at("2028-03-02T00:00")), 60, 15),
        ((at("2026-03-02T00:00"), at("2026-03-03T00:00")), 0, 15),
        ((at("2026-03-02T00:00"), at("2026-03-03T00:00")), 1500, 15),
        ((at("2026-03-02T00:00"), at("2026-03-03T00:00")), 60, 0),
    ],
)
def test_a_search_that_cannot_be_is_refused(window: Span, duration: int, grid: int) -> None:
    with pytest.raises(ValueError, match=r"window|meeting|grid"):
        find_slots([person()], window, duration * MINUTE, grid, tz=TAIPEI, calendar=TAIWAN)


async def test_read_from_the_tables(db: Database) -> None:
    chair, guest, early, stranger = uuid4(), uuid4(), uuid4(), uuid4()
    window = (at("2026-03-02T00:00"), at("2026-03-02T12:00"))
    async with db.work() as session:
        session.add(BusyTime(owner_id=chair, starts_at=at("2026-03-02T09:30"), ends_at=at("2026-03-02T10:00")))
        session.add(BusyTime(owner_id=chair, starts_at=at("2026-03-01T09:00"), ends_at=at("2026-03-02T00:00")))
        session.add(BusyTime(owner_id=stranger, starts_at=at("2026-03-02T00:00"), ends_at=at("2026-03-03T00:00")))
        session.add(WorkingHours(owner_id=early, weekday=0, from_minute=420, to_minute=690))
        meeting = await meetings.call(
            session, chair, MeetingKind.CASE, at("2026-03-02T10:00"), at("2026-03-02T10:30"), "Asia/Taipei",
            [Invitee(guest, True), Invitee(stranger, True)],
        )  # fmt: skip

    async def free(*ids: UUID, moving: UUID | None = None) -> list[str]:
        async with db.work() as session:
            slots = await slots_for(
                session,
                dict.fromkeys(ids, True),
                window,
                30 * MINUTE,
                tz=TAIPEI,
                calendar=TAIWAN,
                except_meeting=moving,
            )
        return [slot.starts_at.astimezone(TAIPEI).strftime("%H:%M") for slot in slots if not slot.missing]

    assert await free(chair, guest) == ["09:00", "10:30", "11:00", "11:30"]
    assert await free(chair, guest, moving=meeting.id) == ["09:00", "10:00", "10:30", "11:00", "11:30"]
    assert await free(early, guest) == ["09:00", "09:30", "10:30", "11:00"]
    assert not await free(stranger)
    async with db.work() as session:
        await meetings.respond(session, meeting.id, guest, Rsvp.DECLINED, at("2026-03-01T00:00"))
    assert await free(guest) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]


def test_fifteen_people_quick_and_right() -> None:
    chance = random.Random(5)  # noqa: S311 - a fixed seed
    start = at("2026-03-02T00:00")
    people = [
        Attendee(
            uuid4(),
            number < 8,
            [
                (begin, begin + timedelta(minutes=5 * chance.randrange(6, 48)))
                for begin in (start + timedelta(minutes=15 * chance.randrange(384)) for _ in range(8))
            ],
        )
        for number in range(15)
    ]
    window, length = (start, start + timedelta(days=4)), timedelta(minutes=90)  # days enough for the slow way
    spent = []
    for _ in range(5):
        began = process_time()
        slots = find_slots(people, window, length, tz=TAIPEI, calendar=TAIWAN)
        spent.append(process_time() - began)
    began = process_time()
    slow = naive(people, window, length, 15, TAIPEI, TAIWAN, 20, overlapping=False)
    assert [(slot.starts_at, slot.missing) for slot in slots] == slow
    assert min(spent) < (process_time() - began) / 10
