"""Busy times out of somebody's calendar file: when, and nothing else of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, vRecur

from scheduling.availability import Span
from scheduling.ics import BadCalendar, read_calendar
from scheduling.recurrence import NotSupported, end_of_day, starts

MAX_EVENTS = 5_000
MAX_RECURRING = 500
MAX_OCCURRENCES = 20_000


class UnsupportedZone(BadCalendar):
    """A time is in a zone we do not know; guessing it could book somebody twice."""


def read_busy(data: bytes, window: Span, tz: ZoneInfo) -> list[Span]:
    """When the owner of this calendar is taken within `window`: sorted, joined where they touch, in UTC.

    Counts events that are neither cancelled nor transparent, their recurrences (RRULE, RDATE, EXDATE, moved and
    cancelled instances), and VFREEBUSY periods. Times without zone and whole days are in `tz`; Outlook's zone names are
    understood as far as icalendar maps them. Raises `BadCalendar` (`UnsupportedZone` for a zone nobody knows).
    """
    calendar = read_calendar(data)
    try:
        return _joined(_found(calendar, window, tz), window)
    except BadCalendar:
        raise
    except NotSupported as error:
        raise BadCalendar("recurrence_not_supported") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise BadCalendar("not_a_calendar") from error


def _found(calendar: Calendar, window: Span, tz: ZoneInfo) -> list[Span]:
    events = calendar.walk("VEVENT")
    if len(events) > MAX_EVENTS or sum("RRULE" in event for event in events) > MAX_RECURRING:
        raise BadCalendar("too_many_events")
    moved: dict[str, set[datetime]] = {}
    for event in events:
        if "RECURRENCE-ID" in event:
            moved.setdefault(str(event.get("UID", "")), set()).add(_moment(event["RECURRENCE-ID"], tz))
    found: list[Span] = []
    for event in events:
        if _takes_time(event):
            skip = set() if "RECURRENCE-ID" in event else moved.get(str(event.get("UID", "")), set())
            found += [span for span in _occurrences(event, window, tz, skip) if _meets(span, window)]
        if len(found) > MAX_OCCURRENCES:
            raise BadCalendar("too_many_events")
    for component in calendar.walk("VFREEBUSY"):
        found += [span for span in _periods(component, tz) if _meets(span, window)]
    return found


def _takes_time(event: Any) -> bool:
    return str(event.get("STATUS", "")).upper() != "CANCELLED" and str(event.get("TRANSP", "")).upper() != "TRANSPARENT"


def _meets(span: Span, window: Span) -> bool:
    return span[0] < span[1] and span[0] < window[1] and span[1] > window[0]


def _occurrences(event: Any, window: Span, tz: ZoneInfo, skip: set[datetime]) -> Iterator[Span]:
    if "DTSTART" not in event:
        raise BadCalendar("event_without_start")
    begins = _local(event["DTSTART"], tz)
    length = _length(event, begins, tz)
    zone = begins.tzinfo
    moments: list[datetime] = [begins]
    if "RRULE" in event:
        moments = [start.replace(tzinfo=zone) for start in _recur(event["RRULE"], begins, window, length)]
    moments += [_local(value, tz) for value in _values(event, "RDATE")]
    out = skip | {_moment(value, tz) for value in _values(event, "EXDATE")}
    whole_days = not isinstance(event["DTSTART"].dt, datetime)
    for start in moments:
        begin = start.astimezone(UTC)
        if begin not in out:
            # days are days of the wall clock, also over a change of the clock; hours are hours
            yield begin, (start + length).astimezone(UTC) if whole_days else begin + length


def _recur(rule: Any, begins: datetime, window: Span, length: timedelta) -> Iterator[datetime]:
    """The starts of a recurrence on its own wall clock, as far as the window needs them; without a zone."""
    if not isinstance(rule, vRecur) or begins.year < 1970:
        raise BadCalendar("recurrence_not_supported")
    zone = begins.tzinfo
    parts: dict[str, Sequence[Any]] = {str(part).upper(): values for part, values in rule.items()}
    ends = [value if isinstance(value, datetime) else end_of_day(value) for value in parts.get("UNTIL", [])]
    if ends:
        parts["UNTIL"] = [(end.astimezone(zone) if end.tzinfo else end).replace(tzinfo=None) for end in ends]
    first = (window[0] - length).astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    last = window[1].astimezone(zone).replace(tzinfo=None)
    return starts(parts, begins.replace(tzinfo=None), first, last)


def _local(value: Any, tz: ZoneInfo) -> datetime:
    """A property's time in its own zone; without one, or a whole day, in `tz`."""
    moment = getattr(value, "dt", None)
    if isinstance(moment, datetime):
        if moment.tzinfo is None and "TZID" in value.params:
            raise UnsupportedZone("zone_not_known")
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=tz)
    if isinstance(moment, date):
        return datetime.combine(moment, time(), tz)
    raise BadCalendar("not_a_time")


def _moment(value: Any, tz: ZoneInfo) -> datetime:
    return _local(value, tz).astimezone(UTC)


def _values(event: Any, name: str) -> Iterator[Any]:
    """Each time of a property that may be there several times, each time a list."""
    properties = event.get(name, [])
    for dates in properties if isinstance(properties, list) else [properties]:
        if not hasattr(dates, "dts"):
            raise BadCalendar("not_a_time")
        for value in dates.dts:
            if "TZID" in dates.params:
                value.params["TZID"] = dates.params["TZID"]
            yield value


def _length(event: Any, begins: datetime, tz: ZoneInfo) -> timedelta:
    if "DTEND" in event:
        if not isinstance(event["DTSTART"].dt, datetime):
            return _local(event["DTEND"], tz).replace(tzinfo=None) - begins.replace(tzinfo=None)
        return _moment(event["DTEND"], tz) - begins.astimezone(UTC)
    if "DURATION" in event:
        length = getattr(event["DURATION"], "dt", None)
        if not isinstance(length, timedelta):
            raise BadCalendar("not_a_time")
        return length
    return timedelta(0) if isinstance(event["DTSTART"].dt, datetime) else timedelta(days=1)


def _periods(component: Any, tz: ZoneInfo) -> Iterator[Span]:
    properties = component.get("FREEBUSY", [])
    for period in properties if isinstance(properties, list) else [properties]:
        if not isinstance(getattr(period, "dt", None), tuple):
            raise BadCalendar("not_a_time")
        if str(period.params.get("FBTYPE", "BUSY")).upper() != "FREE":
            start, end = period.dt
            begin = start if start.tzinfo else start.replace(tzinfo=tz)
            finish = begin + end if isinstance(end, timedelta) else end if end.tzinfo else end.replace(tzinfo=tz)
            yield begin.astimezone(UTC), finish.astimezone(UTC)


def _joined(spans: list[Span], window: Span) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        begin, finish = max(start, window[0].astimezone(UTC)), min(end, window[1].astimezone(UTC))
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(finish, joined[-1][1]))
        else:
            joined.append((begin, finish))
    return joined
