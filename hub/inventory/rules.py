"""Pure rules of stock-taking: which days a round may have, and which answers can be taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from directory.inventory import Said, TaskRow
from directory.rounds import Scope, TaskAnswer
from directory.taxonomy import NEEDS, NETWORKS
from hub.base.errors import FieldError, InvalidInput
from scheduling.calendar import Calendar

FEWEST_WORKING_DAYS = 5
"""A round shorter than this asks too much of small agencies."""
LONGEST = timedelta(days=366)
FURTHEST = timedelta(days=731)
"""How far ahead a round may be planned."""
LONGEST_NOTE = 500
MOST_SCOPE = 500
UNITS = ("place", "bed", "hour")
"""What free capacity is counted in when it is said here."""
MOST_FREE = 100_000
LIVE = ("active", "temporarily closed")
"""Statuses of a service that is still offered."""


def days(opens: date, closes: date, today: date, calendar: Calendar) -> tuple[date, date]:
    """The first and last day of a round: a day off moves to the next working day (as Civil Code 122 ends terms).

    Raises `InvalidInput` for days in the past, fewer than five working days, more than a year, or too far ahead.
    """
    wrong = []
    if opens < today:
        wrong.append(FieldError("opensOn", "day_in_the_past"))
    elif opens - today > FURTHEST:
        wrong.append(FieldError("opensOn", "too_far_ahead"))
    if closes < opens:
        wrong.append(FieldError("closesOn", "ends_before_it_begins"))
    elif closes - opens > LONGEST:
        wrong.append(FieldError("closesOn", "longer_than_a_year"))
    if wrong:
        raise InvalidInput(*wrong)
    first, last = calendar.next_working(opens), calendar.next_working(closes)
    span = (last - first).days + 1
    if sum(calendar.is_working(first + timedelta(days=n)) for n in range(max(span, 0))) < FEWEST_WORKING_DAYS:
        raise InvalidInput(FieldError("closesOn", "too_few_working_days"))
    return first, last


def end_of(day: date, zone: ZoneInfo) -> datetime:
    """The midnight that ends a day: an answer before it is in time."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def check_scope(scope: Scope, areas: Collection[str], note: str) -> None:
    """`InvalidInput` for a code nobody knows or a note that is too long."""
    wrong = []
    if not set(scope.networks) <= set(NETWORKS):
        wrong.append(FieldError("networks", "network_unknown"))
    if not set(scope.areas) <= set(areas) or len(scope.areas) > MOST_SCOPE:
        wrong.append(FieldError("areas", "area_unknown"))
    if not set(scope.needs) <= set(NEEDS):
        wrong.append(FieldError("needs", "unknown_need"))
    if len(note) > LONGEST_NOTE:
        wrong.append(FieldError("note", "too_long"))
    if wrong:
        raise InvalidInput(*wrong)


def check_answer(said: Said, today: date, closes_on: date | None) -> list[FieldError]:
    """What is wrong with an answer. `closes_on` is the last day of the round that ends first; None: no round asks."""
    match said.answer:
        case TaskAnswer.LATER:
            return _later(said, today, closes_on)
        case TaskAnswer.NO_LONGER_OFFERED:
            wrong = [] if said.reason is not None else [FieldError("reason", "reason_needed")]
            if said.day is None:
                return [FieldError("day", "day_needed"), *wrong]
            return [FieldError("day", "day_not_yet_come"), *wrong] if said.day > today else wrong
        case _:
            wrong = [] if said.day is None else [FieldError("day", "no_day_needed")]
            return wrong if said.reason is None else [*wrong, FieldError("reason", "no_reason_needed")]


def can_be_unchanged(status: str, asked: Sequence[TaskRow]) -> bool:
    """Whether its agency may say that a service is unchanged: it is offered, or its own answer closed it in this round.

    What somebody else closed must be opened again by changing it: nobody attests that a closed service is offered.
    """
    return status in LIVE or any(task.answer is TaskAnswer.NO_LONGER_OFFERED for task in asked)


def _later(said: Said, today: date, closes_on: date | None) -> list[FieldError]:
    wrong = [] if said.reason is None else [FieldError("reason", "no_reason_needed")]
    if closes_on is None:
        return [FieldError("answer", "no_round_asks"), *wrong]
    if said.day is None:
        return [FieldError("day", "day_needed"), *wrong]
    if said.day <= today:
        return [FieldError("day", "day_in_the_past"), *wrong]
    return [FieldError("day", "after_the_round"), *wrong] if said.day > closes_on else wrong


def check_capacity(available: int | None, unit: str | None) -> list[FieldError]:
    """What is wrong with a capacity; both or neither must be said."""
    if available is None and unit is None:
        return []
    if available is None or not 0 <= available <= MOST_FREE:
        return [FieldError("available", "free_places_form")]
    return [] if unit in UNITS else [FieldError("unit", "unit_unknown")]
