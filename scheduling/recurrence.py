"""Simple RRULEs of RFC 5545, day by day on the wall clock: bounded by the window, whatever the rule says. Pure.

A general expander runs to the year 9999 for a rule that never matches; this one looks at each day at most once.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS"}


class NotSupported(ValueError):
    """A recurrence beyond the simple ones; refused rather than read wrongly."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule bound to its first day. `weekdays` are (weekday, which one of the month or 0 for each)."""

    first: date
    frequency: str
    interval: int
    week_start: int
    weekdays: frozenset[tuple[int, int]]
    months: frozenset[int]
    month_days: frozenset[int]
    positions: frozenset[int]

    def matches(self, day: date) -> bool:
        """Whether the rule falls on that day, the end and the count of it left aside."""
        if not self._in_set(day):
            return False
        if not self.positions:
            return True
        length = monthrange(day.year, day.month)[1]
        days = [n for n in range(1, length + 1) if self._in_set(day.replace(day=n))]
        place = days.index(day.day)
        return place + 1 in self.positions or place - len(days) in self.positions

    def _in_set(self, day: date) -> bool:
        if self._period(day) % self.interval or (self.months and day.month not in self.months):
            return False
        length = monthrange(day.year, day.month)[1]
        if self.month_days and not self.month_days & {day.day, day.day - length - 1}:
            return False
        return not self.weekdays or not self.weekdays.isdisjoint(
            (day.weekday(), n) for n in (0, (day.day - 1) // 7 + 1, -((length - day.day) // 7 + 1))
        )

    def _period(self, day: date) -> int:
        """How many days, weeks, months or years after the first one."""
        match self.frequency:
            case "DAILY":
                return (day - self.first).days
            case "WEEKLY":
                return (self._week(day) - self._week(self.first)).days // 7
            case "MONTHLY":
                return (day.year - self.first.year) * 12 + day.month - self.first.month
            case _:
                return day.year - self.first.year

    def _week(self, day: date) -> date:
        return day - timedelta(days=(day.weekday() - self.week_start) % 7)


def starts(parts: Mapping[str, Sequence[Any]], begins: datetime, first: datetime, last: datetime) -> Iterator[datetime]:
    """The starts from `first` to `last`, both included, of a rule that begins at `begins`; all on one wall clock.

    `parts` are the rule's, each a sequence, as iCalendar reads them; UNTIL is on the same wall clock. `NotSupported`
    for anything but days, weeks, months and years with BYDAY, BYMONTH, BYMONTHDAY, monthly BYSETPOS, COUNT, UNTIL.
    """
    rule = _rule(parts, begins.date())
    count = int(parts["COUNT"][0]) if "COUNT" in parts else None
    last = min([last, *parts.get("UNTIL", [])])
    day = begins.date() if count is not None else max(begins.date(), first.date())
    wall = begins.time()
    while day <= last.date() and count != 0:
        if rule.matches(day):
            start = datetime.combine(day, wall)
            if first <= start <= last:
                yield start
            count = None if count is None else count - 1
        day += timedelta(days=1)


def _rule(parts: Mapping[str, Sequence[Any]], first: date) -> Rule:
    frequency = str(parts["FREQ"][0]).upper() if "FREQ" in parts else ""
    interval = int(parts.get("INTERVAL", [1])[0])
    if frequency not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY") or interval < 1 or not set(parts) <= _PARTS:
        raise NotSupported
    weekdays = frozenset(_weekday(str(value)) for value in parts.get("BYDAY", []))
    months = frozenset(int(value) for value in parts.get("BYMONTH", []))
    month_days = frozenset(int(value) for value in parts.get("BYMONTHDAY", []))
    positions = frozenset(int(value) for value in parts.get("BYSETPOS", []))
    monthly = frequency == "MONTHLY" or (frequency == "YEARLY" and bool(months))
    if (positions and frequency != "MONTHLY") or (any(which for _, which in weekdays) and not monthly):
        raise NotSupported
    if not weekdays and not month_days:  # what the rule leaves open, its first day says
        if frequency == "WEEKLY":
            weekdays = frozenset({(first.weekday(), 0)})
        elif frequency in ("MONTHLY", "YEARLY"):
            month_days = frozenset({first.day})
            if frequency == "YEARLY" and not months:
                months = frozenset({first.month})
    week_start = _weekday(str(parts.get("WKST", ["MO"])[0]))[0]
    return Rule(first, frequency, interval, week_start, weekdays, months, month_days, positions)


def _weekday(text: str) -> tuple[int, int]:
    name = text[-2:].upper()
    if name not in _WEEKDAYS:
        raise NotSupported
    return _WEEKDAYS[name], int(text[:-2] or 0)


def end_of_day(day: date) -> datetime:
    """The last moment of a day, for an UNTIL that is a day."""
    return datetime.combine(day, time.max)
