"""The table of clocks: every row is whole, and every due date is the one counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.calendar import Calendar
from scheduling.clocks import (
    CLOCKS,
    Clock,
    Counting,
    Kind,
    Limit,
    TermNeeded,
    TermTooLong,
    Urgency,
    UrgencyNeeded,
    due,
    last_day,
)

TAIPEI = ZoneInfo("Asia/Taipei")
TAIWAN = Calendar("TW")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TAIPEI)


# By hand, from the printed calendars of Taiwan: code, event, last day on which it is in time.
BY_THE_DAY = [
    # SHPA 4 III, ten days, the first left out
    ("warning_objection", "2026-03-03T10:00", "2026-03-13"),  # Friday
    ("warning_objection", "2026-03-04T00:00", "2026-03-16"),  # ends Saturday 14 -> Monday 16
    ("warning_objection", "2026-03-04T23:59", "2026-03-16"),  # the hour of the day does not matter
    ("warning_objection", "2026-03-05T10:00", "2026-03-16"),  # ends Sunday 15 -> Monday 16
    ("warning_objection", "2026-02-06T10:00", "2026-02-23"),  # ends Monday 16, Lunar New Year 14-22 -> Monday 23
    ("warning_objection", "2025-01-17T10:00", "2025-02-03"),  # ends Monday 27 Jan, New Year 25 Jan-2 Feb -> Monday 3
    ("warning_objection", "2025-01-29T10:00", "2025-02-08"),  # Saturday 8 Feb 2025 is a make-up working day: no roll
    ("warning_objection", "2024-02-07T10:00", "2024-02-17"),  # Saturday 17 Feb 2024 too
    ("warning_objection", "2025-12-22T10:00", "2026-01-02"),  # ends 1 January -> Friday 2
    # SHPA 4 IV, five days
    ("objection_forward", "2026-03-02T09:00", "2026-03-09"),  # ends Saturday 7 -> Monday 9
    ("objection_forward", "2026-03-03T09:00", "2026-03-09"),  # ends Sunday 8 -> Monday 9
    ("objection_forward", "2026-03-04T09:00", "2026-03-09"),  # ends Monday 9
    ("objection_forward", "2026-04-29T09:00", "2026-05-04"),  # month's end
    ("objection_forward", "2026-04-26T09:00", "2026-05-04"),  # ends 1 May, Labour Day (Friday) -> Monday 4
    # SHPA 11, ten days
    ("substitute_petitioner", "2026-06-09T12:00", "2026-06-22"),  # ends Friday 19 (Dragon Boat) -> Monday 22
    ("substitute_petitioner", "2024-02-19T12:00", "2024-02-29"),  # leap day is a Thursday
    # SHPA 16, DVPA 27, ten days
    ("enforcement_objection", "2026-09-15T12:00", "2026-09-29"),  # ends Friday 25 (Mid-Autumn); Monday 28 off -> 29
    # D0050073 5, seven days
    ("database_transfer", "2026-10-02T08:00", "2026-10-12"),  # ends Friday 9 (observed), 10 and 11 off -> Monday 12
    ("database_transfer", "2026-03-11T08:00", "2026-03-18"),
    # DVPA 50-2, 180 days: a keeping, never moved to another day
    ("image_retention", "2026-01-01T00:00", "2026-06-30"),
    ("image_retention", "2024-01-01T00:00", "2024-06-29"),  # leap year, a Saturday, stays
    # SHPA 5 I with ER 14: two years FROM the day of service, which counts; never moved
    ("repeat_window", "2024-03-15T10:00", "2026-03-14"),  # a Saturday, stays
    ("repeat_window", "2024-02-29T10:00", "2026-02-28"),  # no 29 February 2026: the month's last day
    ("repeat_window", "2022-03-01T10:00", "2024-02-29"),  # the day before 1 March of a leap year
    ("repeat_window", "2024-01-01T10:00", "2025-12-31"),
    # DVPA ER 3, six months after the day of the last meeting
    ("coordination_meeting", "2026-01-15T14:00", "2026-07-15"),
    ("coordination_meeting", "2026-01-13T14:00", "2026-07-13"),
    (
        "coordination_meeting",
        "2025-08-30T14:00",
        "2026-03-02",
    ),  # counted from 31; no 31 Feb: 28 Feb, Saturday -> 2 March
    ("coordination_meeting", "2025-12-31T14:00", "2026-06-30"),  # counted from 1 January
    # DVPA 5(9), four years after the day of the last survey
    (
        "survey",
        "2024-02-28T09:00",
        "2028-02-29",
    ),  # counted from 29 Feb 2024 to the day before 29 Feb 2028 = 28, holiday
    ("survey", "2022-05-10T09:00", "2026-05-11"),  # ends Sunday 10 -> Monday 11
    # D0050073 11, at least seven years, never moved
    ("retention", "2024-02-29T09:00", "2031-02-28"),
    ("retention", "2024-02-28T09:00", "2031-02-28"),  # counted from 29 Feb; none in 2031: the month's last day
    ("retention", "2019-12-31T09:00", "2026-12-31"),
    # guideline: working days, the first left out
    ("high_risk_meeting", "2026-03-02T09:00", "2026-03-16"),
    ("high_risk_meeting", "2026-02-10T09:00", "2026-03-04"),  # 11 12 13 | 23 24 25 26 | (27 off) 2 3 4 March
    ("high_risk_meeting", "2025-01-22T09:00", "2025-02-11"),  # 23 24 | 3 4 5 6 7 and Saturday 8 | 10 11
    ("minutes", "2025-02-05T09:00", "2025-02-08"),  # 6, 7 and the make-up Saturday
    ("minutes", "2025-12-30T09:00", "2026-01-05"),  # 31 | 2 | 5
    ("report_back", "2026-01-30T09:00", "2026-03-02"),  # counted from 31; none in February: 28, Saturday -> 2 March
    ("attestation", "2026-03-31T09:00", "2026-09-30"),
    ("capacity_attestation", "2026-03-06T09:00", "2026-03-13"),
]


@pytest.mark.parametrize(("code", "event", "expected"), BY_THE_DAY)
def test_last_day_counted_by_hand(code: str, event: str, expected: str) -> None:
    moment = due(CLOCKS[code], at(event), TAIWAN, TAIPEI)
    assert last_day(moment, TAIPEI) == date.fromisoformat(expected)
    assert moment.astimezone(TAIPEI).time().isoformat() == "00:00:00"  # the midnight that ends the day
    assert moment.tzinfo is UTC


BY_THE_HOUR = [
    ("report", None, 24),
    ("report_supplement", None, 24),
    ("emergency_order", None, 4),
    ("order_service", None, 24),
    ("release_victim_notice", None, 0),
    ("referral_answer", Urgency.IMMEDIATE, 4),
    ("referral_answer", Urgency.URGENT, 24),
    ("first_contact", Urgency.IMMEDIATE, 4),
    ("first_contact", Urgency.URGENT, 24),
]


@pytest.mark.parametrize(("code", "urgency", "hours"), BY_THE_HOUR)
def test_hours_run_at_once_through_holidays(code: str, urgency: Urgency | None, hours: int) -> None:
    start = at("2026-02-14T22:17")  # the eve of nine days off
    assert due(CLOCKS[code], start, TAIWAN, TAIPEI, urgency) == start + timedelta(hours=hours)


def test_hours_are_elapsed_hours_over_a_change_of_the_clock() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 28, 12, tzinfo=berlin)
    assert due(CLOCKS["report"], start, TAIWAN, berlin) == datetime(2026, 3, 29, 11, tzinfo=UTC)


def test_a_normal_referral_has_three_working_days() -> None:
    moment = due(CLOCKS["referral_answer"], at("2026-02-12T15:00"), TAIWAN, TAIPEI, Urgency.NORMAL)
    assert last_day(moment, TAIPEI) == date(2026, 2, 24)  # 13 | Lunar New Year | 23 24
    moment = due(CLOCKS["first_contact"], at("2026-02-12T15:00"), TAIWAN, TAIPEI, Urgency.NORMAL)
    assert last_day(moment, TAIPEI) == date(2026, 2, 23)
    with pytest.raises(UrgencyNeeded):
        due(CLOCKS["referral_answer"], at("2026-02-12T15:00"), TAIWAN, TAIPEI)


@pytest.mark.parametrize(
    ("code", "start", "term", "allowed"),
    [
        ("order_expiry", "2024-03-15T10:00", "2026-03-15T00:00", True),
        ("order_expiry", "2024-03-15T10:00", "2026-03-15T10:00", True),  # to the same minute
        ("order_expiry", "2024-03-15T10:00", "2026-03-15T10:01", False),
        ("order_expiry", "2024-02-29T10:00", "2026-03-01T10:00", True),
        ("order_expiry", "2024-02-29T10:00", "2026-03-02T00:00", False),
        ("release_conditions", "2025-06-01T18:00", "2026-06-01T18:00", True),
        ("release_conditions", "2025-06-01T18:00", "2026-06-02T00:00", False),
        ("training", "2026-08-01T00:00", "2027-08-01T00:00", True),
        ("training", "2026-08-01T00:00", "2027-08-02T00:00", False),
        ("action_item", "2026-03-02T10:00", "2030-01-01T00:00", True),
        ("release_notice", "2026-03-02T10:00", "2026-03-02T11:30", True),
        ("reassessment", "2026-03-02T10:00", "2026-03-20T09:00", True),
    ],
)
def test_a_term_of_its_own(code: str, start: str, term: str, allowed: bool) -> None:
    with pytest.raises(TermNeeded):
        due(CLOCKS[code], at(start), TAIWAN, TAIPEI)
    if allowed:
        assert due(CLOCKS[code], at(start), TAIWAN, TAIPEI, term=at(term)) == at(term)
    else:
        with pytest.raises(TermTooLong):
            due(CLOCKS[code], at(start), TAIWAN, TAIPEI, term=at(term))


def test_a_release_learned_of_too_late_is_due_at_once() -> None:
    start = at("2026-03-02T10:00")
    assert due(CLOCKS["release_notice"], start, TAIWAN, TAIPEI, term=at("2026-03-01T10:00")) == start


def test_times_without_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        due(CLOCKS["report"], datetime(2026, 1, 1), TAIWAN, TAIPEI)  # noqa: DTZ001 - what is tested
    with pytest.raises(ValueError, match="zone"):
        due(CLOCKS["action_item"], at("2026-01-01T00:00"), TAIWAN, TAIPEI, term=datetime(2026, 1, 1))  # noqa: DTZ001


def test_every_clock_is_tested_by_hand() -> None:
    own = {code for code, clock in CLOCKS.items() if clock.limit.counting in (Counting.OWN_TERM, Counting.BEFORE)}
    tested = {row[0] for row in BY_THE_DAY} | {row[0] for row in BY_THE_HOUR} | own
    assert tested == set(CLOCKS)
    assert own == {
        "order_expiry", "release_conditions", "training", "action_item", "release_notice", "reassessment",
        "stock_taking_opening", "stock_taking",
    }  # fmt: skip


# The limits as the texts state them, typed a second time from the articles.
ARTICLES = {
    "report": ("DVPA 50", 24, Counting.HOURS),
    "report_supplement": ("DVPA ER 21", 24, Counting.HOURS),
    "warning_objection": ("SHPA 4 III", 10, Counting.DAYS),
    "objection_forward": ("SHPA 4 IV", 5, Counting.DAYS),
    "repeat_window": ("SHPA 5 I; SHPA ER 14", 2, Counting.YEARS),
    "substitute_petitioner": ("SHPA 11", 10, Counting.DAYS),
    "emergency_order": ("DVPA 16", 4, Counting.HOURS),
    "order_service": ("DVPA 18; SHPA 14", 24, Counting.HOURS),
    "order_expiry": ("DVPA 15; SHPA 13", 2, Counting.OWN_TERM),
    "enforcement_objection": ("DVPA 27; SHPA 16", 10, Counting.DAYS),
    "release_conditions": ("DVPA 31", 1, Counting.OWN_TERM),
    "release_notice": ("DVPA 34-1, 42", 0, Counting.BEFORE),
    "release_victim_notice": ("DVPA 34-1 II", 0, Counting.HOURS),
    "image_retention": ("DVPA 50-2", 180, Counting.DAYS),
    "database_transfer": ("D0050073 5", 7, Counting.DAYS),
    "coordination_meeting": ("DVPA ER 3", 6, Counting.MONTHS),
    "survey": ("DVPA 5(9)", 4, Counting.YEARS),
    "training": ("DVPA 60", 1, Counting.OWN_TERM),
    "retention": ("D0050073 11", 7, Counting.YEARS),
}


def test_the_statutes_are_the_statutes() -> None:
    statutes = {code: clock for code, clock in CLOCKS.items() if clock.kind is Kind.STATUTE}
    assert {
        code: (clock.article, clock.limit.amount, clock.limit.counting) for code, clock in statutes.items()
    } == ARTICLES


@pytest.mark.parametrize("code", sorted(CLOCKS))
def test_every_row_is_whole(code: str) -> None:
    clock = CLOCKS[code]
    assert clock.code == code
    assert clock.article
    assert clock.kind is Kind.STATUTE or (clock.article.startswith("cooperation guideline") and clock.note)
    for text in filter(None, (clock.title, clock.starts_when, clock.who, clock.note)):
        assert all(text[lang] for lang in ("zh-Hant", "en", "ko"))
        assert len({text[lang] for lang in ("zh-Hant", "en", "ko")}) == 3
    assert list(clock.warn) == sorted(clock.warn, reverse=True)
    assert clock.escalate_after >= timedelta(0)


ZONES = st.sampled_from([TAIPEI, ZoneInfo("Asia/Seoul"), ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")])
MOMENTS = st.datetimes(datetime(2015, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
COUNTED = st.sampled_from([c for c in CLOCKS.values() if c.limit.counting not in (Counting.OWN_TERM, Counting.BEFORE)])


@settings(max_examples=60, deadline=None)
@given(COUNTED, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)), ZONES)
def test_never_before_its_start_and_never_earlier_for_a_later_one(
    clock: Clock, start: datetime, later: timedelta, zone: ZoneInfo
) -> None:
    first = due(clock, start, TAIWAN, zone, Urgency.NORMAL)
    assert first >= start
    assert due(clock, start + later, TAIWAN, zone, Urgency.NORMAL) >= first


@settings(max_examples=60, deadline=None)
@given(COUNTED, MOMENTS, ZONES)
def test_a_rolling_clock_ends_on_a_working_day_and_at_a_midnight(clock: Clock, start: datetime, zone: ZoneInfo) -> None:
    moment = due(clock, start, TAIWAN, zone, Urgency.NORMAL)
    if clock.by_urgency or clock.limit.counting is not Counting.HOURS:
        assert moment.astimezone(zone).time() == datetime.min.time()
        assert not clock.roll or TAIWAN.is_working(last_day(moment, zone))
        unrolled = due(replace(clock, roll=False), start, TAIWAN, zone, Urgency.NORMAL)
        passed = (last_day(moment, zone) - last_day(unrolled, zone)).days
        assert not any(TAIWAN.is_working(last_day(unrolled, zone) + timedelta(days=n)) for n in range(passed))


@settings(max_examples=60, deadline=None)
@given(MOMENTS, st.integers(1, 30))
def test_working_days_are_counted_one_by_one(start: datetime, amount: int) -> None:
    clock = replace(CLOCKS["minutes"], limit=Limit(amount, Counting.WORKING_DAYS))
    first = start.astimezone(TAIPEI).date()
    last = last_day(due(clock, start, TAIWAN, TAIPEI), TAIPEI)
    days = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(map(TAIWAN.is_working, days)) == amount
    assert TAIWAN.is_working(last)


@settings(max_examples=60, deadline=None)
@given(MOMENTS, st.integers(1, 60))
def test_months_follow_the_civil_code(start: datetime, amount: int) -> None:
    """Civil Code 121 II, said another way: the day after the last is the matching day, or there is none that month."""
    clock = replace(CLOCKS["attestation"], limit=Limit(amount, Counting.MONTHS), roll=False)
    counted = start.astimezone(TAIPEI).date() + timedelta(days=1)
    after = last_day(due(clock, start, TAIWAN, TAIPEI), TAIPEI) + timedelta(days=1)
    months = (after.year - counted.year) * 12 + after.month - counted.month
    if after.day == counted.day:
        assert months == amount
    else:
        assert (months, after.day) == (amount + 1, 1)
        assert counted.day > 28
