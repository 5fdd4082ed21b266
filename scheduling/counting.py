"""How a term of law is counted: what a clock is made of, and when one that starts now is due (Civil Code 120-122)."""

from __future__ import annotations

import calendar as month_lengths
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo


class Counting(StrEnum):
    """How a limit is counted."""

    HOURS = "hours"  # run at once, from the minute
    DAYS = "days"  # calendar days, the first left out
    WORKING_DAYS = "working_days"  # the first left out, days off skipped
    MONTHS = "months"
    YEARS = "years"
    OWN_TERM = "own_term"  # the document itself says when it ends; `limit`, if any, is the longest allowed
    BEFORE = "before"  # must be done before a moment known beforehand


class Kind(StrEnum):
    """Where a clock comes from: an act or regulation, or the authority's own cooperation guideline."""

    STATUTE = "statute"
    GUIDELINE = "guideline"


class Nature(StrEnum):
    """What the end of a clock means: a duty overdue, a right or effect that has lapsed, or a keeping that may end."""

    DUTY = "duty"
    WINDOW = "window"
    KEEP = "keep"


class Above(StrEnum):
    """Who is told when a duty stays undone, and in place of whoever may not be told (a suspended agency)."""

    AUTHORITY = "authority"
    """The competent authority of whoever owes it."""
    ASKER = "asker"
    """Whoever asked and waits for it: a referral's sender, a meeting's convener, the centre that took a report."""


class Urgency(StrEnum):
    """How pressing a referral is."""

    IMMEDIATE = "immediate"
    URGENT = "urgent"
    NORMAL = "normal"


class WorkingDays(Protocol):
    """Anything that knows which days are worked."""

    def is_working(self, day: date) -> bool:
        """Whether public offices work on that day."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """One text in the three languages of the house."""

    zh_hant: str
    en: str
    ko: str

    def __getitem__(self, lang: str) -> str:
        """The text in `zh-Hant`, `en` or `ko`; KeyError for any other language."""
        return {"zh-Hant": self.zh_hant, "en": self.en, "ko": self.ko}[lang]


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount and how it is counted. Amount 0 of hours is "at once"; of `own_term` and `before`, no amount."""

    amount: int
    counting: Counting
    unit: Counting | None = None  # of `own_term`: what the longest allowed term is counted in


@dataclass(frozen=True, slots=True)
class Clock:
    """One row of the table of clocks. `warn` and `escalate_after` are distances from the moment it is due."""

    code: str
    title: Text
    starts_when: Text
    limit: Limit
    who: Text
    article: str
    warn: tuple[timedelta, ...] = ()
    kind: Kind = Kind.STATUTE
    nature: Nature = Nature.DUTY
    roll: bool = True  # an end on a day off moves to the next working day (Civil Code 122); False is `no_roll`
    first_day_counts: bool = False  # the text counts "from the day of": the first day is not left out
    escalate_after: timedelta = timedelta(hours=24)
    escalates_to: Above = Above.AUTHORITY
    by_urgency: Mapping[Urgency, Limit] = field(default_factory=dict)
    note: Text | None = None  # what counsel still has to confirm


class TermNeeded(ValueError):
    """This clock ends when its document says; give `term`."""


class TermTooLong(ValueError):
    """The term given is longer than the law allows."""


class UrgencyNeeded(ValueError):
    """This clock's limit depends on the urgency; give it."""


def due(
    clock: Clock,
    start: datetime,
    calendar: WorkingDays,
    tz: ZoneInfo,
    urgency: Urgency | None = None,
    *,
    term: datetime | None = None,
) -> datetime:
    """The moment, in UTC, from which a clock started at `start` is overdue.

    Days end at the midnight after the last day in `tz`, so a thing done before the result is in time; `last_day` gives
    the day to show. `term` is the end (own term) or the event (before) that only the document knows; it may end a term
    no later than the longest one the law allows. Raises `TermNeeded`, `TermTooLong`, `UrgencyNeeded`, and ValueError
    for a time without zone.
    """
    if start.tzinfo is None or (term is not None and term.tzinfo is None):
        raise ValueError("times need a zone")
    limit = clock.limit
    if clock.by_urgency:
        if urgency is None:
            raise UrgencyNeeded(clock.code)
        limit = clock.by_urgency[urgency]
    if limit.counting in (Counting.OWN_TERM, Counting.BEFORE):
        return _given(clock, limit, start, tz, term)
    if limit.counting is Counting.HOURS:
        return start.astimezone(UTC) + timedelta(hours=limit.amount)
    last = _last_day(limit, start.astimezone(tz).date(), calendar, clock.first_day_counts)
    if clock.roll:
        while not calendar.is_working(last):
            last += timedelta(days=1)
    return _end_of(last, tz)


def last_day(due_at: datetime, tz: ZoneInfo) -> date:
    """The last day on which a thing due at `due_at` is still in time, as a person reads it."""
    return (due_at.astimezone(tz) - timedelta(microseconds=1)).date()


def _given(clock: Clock, limit: Limit, start: datetime, tz: ZoneInfo, term: datetime | None) -> datetime:
    if term is None:
        raise TermNeeded(clock.code)
    if limit.unit is not None:
        local = start.astimezone(tz)
        last = _last_day(Limit(limit.amount, limit.unit), local.date(), None, first_day_counts=True)
        # it runs from the moment it is issued, so at the latest to the same minute of the matching date
        if term > datetime.combine(last + timedelta(days=1), local.time(), tz):
            raise TermTooLong(clock.code)
    return max(term, start).astimezone(UTC)  # a release learned of after it happened is late at once


def _last_day(limit: Limit, first: date, calendar: WorkingDays | None, first_day_counts: bool) -> date:
    """The last day of a term of days, working days, months or years whose event falls on `first`."""
    counted_from = first if first_day_counts else first + timedelta(days=1)
    match limit.counting:
        case Counting.DAYS:
            return counted_from + timedelta(days=limit.amount - 1)
        case Counting.WORKING_DAYS if calendar is not None:
            day, left = counted_from - timedelta(days=1), limit.amount
            while left:
                day += timedelta(days=1)
                left -= calendar.is_working(day)
            return day
        case Counting.MONTHS:
            return _before_matching(counted_from, limit.amount)
        case Counting.YEARS:
            return _before_matching(counted_from, limit.amount * 12)
        case _:
            raise ValueError(limit.counting)


def _before_matching(counted_from: date, months: int) -> date:
    """The day before the date matching `counted_from`; where the last month has none, its last day (Civil Code 121)."""
    years, month = divmod(counted_from.month - 1 + months, 12)
    year, month = counted_from.year + years, month + 1
    length = month_lengths.monthrange(year, month)[1]
    if counted_from.day > length:
        return date(year, month, length)
    return date(year, month, counted_from.day) - timedelta(days=1)


def _end_of(day: date, tz: ZoneInfo) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tz).astimezone(UTC)
