"""Simple recurrences: equal to a general expander wherever that comes to an end."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from time import process_time

import pytest
from dateutil.rrule import rrulestr  # ships no types
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import vRecur

from scheduling.recurrence import NotSupported, starts

DAYS = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])


def parts_of(rule: str) -> dict[str, list[object]]:
    return {str(part).upper(): list(values) for part, values in vRecur.from_ical(rule).items()}


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 4))}"]
    months = draw(st.lists(st.integers(1, 12), max_size=3, unique=True))
    if months:
        parts.append("BYMONTH=" + ",".join(map(str, months)))
    # the general expander reads a mixture of MO and 5MO in a way of its own: all have an ordinal, or none
    ordinal = st.sampled_from(["1", "2", "-1", "5"] if frequency == "MONTHLY" and draw(st.booleans()) else [""])
    days = draw(st.lists(st.tuples(ordinal, DAYS).map("".join), max_size=3, unique=True))
    if days:
        parts.append("BYDAY=" + ",".join(days))
    if frequency in ("MONTHLY", "YEARLY") and draw(st.booleans()):
        parts.append(
            "BYMONTHDAY=" + ",".join(map(str, draw(st.lists(st.sampled_from([1, 15, 29, 31, -1, -3]), min_size=1))))
        )
    if frequency == "MONTHLY" and days and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(st.sampled_from([1, 2, -1, -2]))}")
    if frequency == "WEEKLY" and draw(st.booleans()):
        parts.append("WKST=SU")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 30))}")
    return ";".join(parts)


@settings(max_examples=150, deadline=None)
@given(rules(), st.dates(date(2024, 1, 1), date(2026, 12, 31)), st.integers(-200, 900), st.integers(0, 400))
def test_equal_to_the_general_expander(rule: str, first: date, offset: int, length: int) -> None:
    begins = datetime.combine(first, datetime.min.time()) + timedelta(hours=9)
    window = begins + timedelta(days=offset), begins + timedelta(days=offset + length)
    # without an end the general one searches to the year 9999 for what never comes again: it is given the window's
    endless, _, count = rule.partition(";COUNT=")
    general = list(rrulestr(f"{endless};UNTIL={window[1]:%Y%m%dT%H%M%S}", dtstart=begins, cache=False))
    wanted = [start for start in general[: int(count or len(general))] if start >= window[0]]
    assert list(starts(parts_of(rule), begins, *window)) == wanted


def test_a_rule_that_never_matches_costs_no_more_than_its_days() -> None:
    begins = datetime(1970, 1, 1, 9)  # noqa: DTZ001 - a wall clock
    began = process_time()
    for rule in ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31;COUNT=3", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"):
        assert list(starts(parts_of(rule), begins, begins, begins + timedelta(days=20_000))) == []
    assert process_time() - began < 2


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY",
        "FREQ=DAILY;BYHOUR=1",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=YEARLY;BYDAY=20MO",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=YEARLY;BYMONTH=1;BYDAY=MO;BYSETPOS=1",
        "FREQ=YEARLY;BYWEEKNO=20",
        "FREQ=YEARLY;BYYEARDAY=100",
        "INTERVAL=2",
    ],
)
def test_beyond_the_simple_ones_is_refused(rule: str) -> None:
    begins = datetime(2026, 1, 1, 9)  # noqa: DTZ001 - a wall clock
    with pytest.raises(NotSupported):
        list(starts(parts_of(rule), begins, begins, begins + timedelta(days=30)))
