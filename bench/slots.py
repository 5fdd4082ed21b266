"""Goal 7: when can fifteen people meet, by bits, against looking at every quarter of an hour; the answers are equal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import asyncpg

from hub.base.db import Database
from scheduling.availability import OFFICE_HOURS, Attendee, Span
from scheduling.calendar import Calendar
from scheduling.diaries import diaries, slots_for
from scheduling.slots import find_slots

from .figures import Figure, Run, medians

TAIPEI = ZoneInfo("Asia/Taipei")
_PEOPLE, _DAYS, _BUSY, _GRID, _LIMIT = 15, 30, 40, 15, 20
HOUR, _STEP = timedelta(hours=1), timedelta(minutes=_GRID)
WINDOW = (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=_DAYS))
_MOST_MILLISECONDS = 5.0
Answer = list[tuple[datetime, tuple[UUID, ...]]]


async def measure(run: Run) -> list[Figure]:
    """Bits alone, with the database read, and the naive loop over the same diaries."""
    calendar = Calendar("TW")
    people = {UUID(int=n + 1): n < 10 for n in range(_PEOPLE)}
    async with run.site.fresh("bench_slots") as urls:
        owner, db = await asyncpg.connect(urls.owner), Database(urls.app)
        try:
            rows = [(uuid4(), who, *span) for who in people for span in diary(who.int, _BUSY)]
            columns = "id owner_id starts_at ends_at source"
            await owner.copy_records_to_table(
                "busy_time", columns=columns.split(), records=[(*row, "entered") for row in rows]
            )
            await owner.execute("analyze")
            async with db.work() as session:
                known = await diaries(session, people, WINDOW)
            bits = partial(find_slots, known, WINDOW, HOUR, _GRID, tz=TAIPEI, calendar=calendar, limit=_LIMIT)

            async def alone() -> Answer:
                return [(slot.starts_at, slot.missing) for slot in bits()]

            async def read() -> Answer:
                async with db.work() as session:
                    found = await slots_for(
                        session, people, WINDOW, HOUR, _GRID, tz=TAIPEI, calendar=calendar, limit=_LIMIT
                    )
                return [(slot.starts_at, slot.missing) for slot in found]

            async def loop() -> Answer:
                return naive(known, calendar)

            exact = await alone() == await read() == await loop()
            took = await medians({"alone": alone, "read": read, "loop": loop}, max(run.rounds, 9))
        finally:
            await db.close()
            await owner.close()
    run.say("slots")
    what = f"{_PEOPLE} people, {_DAYS} days, {_GRID} minutes"
    anchor = f"{took['loop']:.1f} ms, the loop; {'equal' if exact else 'NOT equal'} answers"
    quick = took["alone"] <= _MOST_MILLISECONDS
    ratio = took["read"] / took["loop"]
    return [
        Figure(
            7, f"slots: {what}, with the database read", f"{took['read']:.2f} ms", anchor, ratio, "<= 0.025",
            exact and ratio <= 1 / 40,
        ),
        Figure(
            7, "slots: ranking with who is missing, alone", f"{took['alone']:.2f} ms", anchor,
            took["alone"] / took["loop"], "<= 5 ms", exact and quick,
        ),
    ]  # fmt: skip


def diary(seed: int, count: int) -> list[Span]:
    """So many times of the window in which somebody cannot come; the same for the same seed."""
    random = Random(seed)
    starts = [WINDOW[0] + timedelta(minutes=5 * random.randrange(_DAYS * 288)) for _ in range(count)]
    return [(start, start + timedelta(minutes=random.choice((30, 60, 90, 120, 240)))) for start in starts]


def naive(attendees: Sequence[Attendee], calendar: Calendar) -> Answer:
    """The loop one would write: every start, everybody, all that takes their time; sort; take what does not overlap."""
    ranked = []
    working: dict[date, bool] = {}
    moment = WINDOW[0]
    while moment + HOUR <= WINDOW[1]:
        local = moment.astimezone(TAIPEI)
        if local.date() not in working:
            working[local.date()] = calendar.is_working(local.date())
        if working[local.date()] and _within_hours(local):
            missing = [a for a in attendees if any(s < moment + HOUR and e > moment for s, e in a.busy)]
            if len(missing) < len(attendees):
                lacking = sum(a.required for a in missing)
                ranked.append((lacking, len(missing), moment, tuple(a.id for a in missing)))
        moment += _STEP
    taken: Answer = []
    for _, _, start, ids in sorted(ranked):
        if all(abs(start - other) >= HOUR for other, _ in taken):
            taken.append((start, ids))
        if len(taken) == _LIMIT:
            break
    return taken


def _within_hours(local: datetime) -> bool:
    """Whether an hour from here lies within everybody's hours; all of them keep office hours."""
    minute = local.hour * 60 + local.minute
    weekday = local.weekday() if local.weekday() < 5 else 0
    return any(h.weekday == weekday and h.from_minute <= minute and minute + 60 <= h.to_minute for h in OFFICE_HOURS)
