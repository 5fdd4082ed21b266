"""When a person can start a meeting, as one big integer: bit i is the i-th start of a grid. Pure and exact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import ceil, floor
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.counting import WorkingDays

Span = tuple[datetime, datetime]
"""A half-open stretch of time, both ends with a zone."""


class Hours(NamedTuple):
    """Working hours on one weekday (0 is Monday), minutes of the local day, half-open, at most 1440."""

    weekday: int
    from_minute: int
    to_minute: int


OFFICE_HOURS: tuple[Hours, ...] = tuple(
    Hours(day, start, end) for day in range(5) for start, end in ((540, 720), (780, 1080))
)
"""Monday to Friday, 9 to 12 and 13 to 18: used for who has entered none."""


@dataclass(frozen=True, slots=True)
class Attendee:
    """Who should come. `busy` may overlap and be in any order; hours are local to the meeting's zone."""

    id: UUID
    required: bool
    busy: Sequence[Span] = ()
    hours: Sequence[Hours] = OFFICE_HOURS


class Grid:
    """The starts to consider: every `minutes` of the local clock inside `window`, for meetings of `duration`.

    Internally everything is whole seconds since 1970, so summer time is only a matter of where local days begin.
    """

    def __init__(self, window: Span, duration: timedelta, minutes: int, tz: ZoneInfo, calendar: WorkingDays) -> None:
        """Raises ValueError for a window without zone or longer than a year, or a duration beyond a day."""
        if window[0].tzinfo is None or window[1].tzinfo is None:
            raise ValueError("the window needs a zone")
        if window[1] - window[0] > timedelta(days=366):
            raise ValueError("a window is at most a year")
        if not timedelta(0) < duration <= timedelta(days=1) or duration % timedelta(minutes=1):
            raise ValueError("a meeting lasts whole minutes, at most a day")
        if not 1 <= minutes <= 1440:
            raise ValueError("a grid is 1 to 1440 minutes")
        self.step = minutes * 60
        self.length = int(duration.total_seconds())
        first = window[0].astimezone(tz)
        offset = int((first.utcoffset() or timedelta(0)).total_seconds())
        self.origin = -(-(ceil(first.timestamp()) + offset) // self.step) * self.step - offset
        room = floor(window[1].timestamp()) - self.length - self.origin
        self.count = max(room // self.step + 1, 0)
        self._days = _working_days(window, tz, calendar)
        self._hours: dict[tuple[Hours, ...], int] = {}

    def moment(self, start: int) -> datetime:
        """The time, in UTC, of start number `start`."""
        return datetime.fromtimestamp(self.origin + start * self.step, UTC)

    def free(self, attendee: Attendee) -> int:
        """The starts at which the attendee could stay for the whole meeting."""
        hours = tuple(attendee.hours)
        allowed = self._hours.get(hours)
        if allowed is None:
            allowed = self._hours[hours] = self._inside(hours)
        taken = 0
        for start, end in attendee.busy:
            # a start s clashes if s < end and s + length > start
            first = (floor(start.timestamp()) - self.length - self.origin) // self.step + 1
            taken |= self._bits(first, -(-(ceil(end.timestamp()) - self.origin) // self.step) - 1)
        return allowed & ~taken

    def near(self, start: int) -> int:
        """The starts whose meeting would overlap the one at `start`."""
        reach = (self.length - 1) // self.step
        return self._bits(start - reach, start + reach)

    def _inside(self, hours: Sequence[Hours]) -> int:
        """The starts from which a whole meeting lies within working hours on a working day."""
        mask = 0
        for start, end in _merged(span for day in self._days for span in day.spans(hours)):
            mask |= self._bits(-(-(start - self.origin) // self.step), (end - self.length - self.origin) // self.step)
        return mask

    def _bits(self, first: int, last: int) -> int:
        """Bits `first` to `last`, both included, as far as the grid goes."""
        first, last = max(first, 0), min(last, self.count - 1)
        return ((1 << (last - first + 1)) - 1) << first if first <= last else 0


class _Day(NamedTuple):
    """One worked local day: its weekday and when it begins and ends, in seconds since 1970."""

    weekday: int
    midnight: datetime
    begins: int
    ends: int

    def spans(self, hours: Sequence[Hours]) -> list[tuple[int, int]]:
        # a Saturday worked to make up for a bridge day has nobody's hours: people keep their Monday's
        own = [span for span in hours if span.weekday == self.weekday]
        if not own and self.weekday > 4:
            own = [span for span in hours if span.weekday == 0]
        return [(self._at(span.from_minute), self._at(span.to_minute)) for span in own]

    def _at(self, minute: int) -> int:
        if minute == 1440:
            return self.ends
        if self.ends - self.begins == 86_400:
            return self.begins + minute * 60
        wall = time(minute // 60, minute % 60)  # a day with a change of the clock
        return int(datetime.combine(self.midnight, wall, self.midnight.tzinfo).timestamp())


def _working_days(window: Span, tz: ZoneInfo, calendar: WorkingDays) -> list[_Day]:
    days = []
    day, last = window[0].astimezone(tz).date(), window[1].astimezone(tz).date()
    while day <= last:
        following = day + timedelta(days=1)
        if calendar.is_working(day):
            midnight = datetime.combine(day, time(), tz)
            ends = datetime.combine(following, time(), tz).timestamp()
            days.append(_Day(day.weekday(), midnight, int(midnight.timestamp()), int(ends)))
        day = following
    return days


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch or overlap joined: a meeting may run across the joint."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
