"""When can they meet: the best slots for a set of people, ranked, with who would be missing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduling.availability import Attendee, Grid, Span
from scheduling.counting import WorkingDays

REQUIRED_WEIGHT = 1000  # one required person missing weighs more than any number of others


@dataclass(frozen=True, slots=True)
class Slot:
    """A time for a meeting. `score` 0 is perfect, lower is better; `reasons` are message codes that explain it."""

    starts_at: datetime
    ends_at: datetime
    missing: tuple[UUID, ...]
    score: int
    reasons: tuple[str, ...]


def find_slots(
    attendees: Sequence[Attendee],
    window: Span,
    duration: timedelta,
    grid_minutes: int = 15,
    *,
    tz: ZoneInfo,
    calendar: WorkingDays,
    limit: int = 20,
    overlapping: bool = False,
) -> list[Slot]:
    """The best `limit` slots: fewest required missing first, then fewest missing, then the earliest. Times are UTC.

    A slot at which nobody at all could come is none. Unless `overlapping`, a slot that overlaps a better one is left
    out, so that the answer is a choice of times and not one morning in quarter hours. Exact, whatever the grid.
    """
    grid = Grid(window, duration, grid_minutes, tz, calendar)
    free = [grid.free(person) for person in attendees]
    whole = (1 << grid.count) - 1
    required = _levels([~mask & whole for mask, who in zip(free, attendees, strict=True) if who.required], whole)
    optional = _levels([~mask & whole for mask, who in zip(free, attendees, strict=True) if not who.required], whole)
    slots: list[Slot] = []
    open_starts = whole
    for lacking, among in enumerate(required):
        for others, level in enumerate(optional):
            if lacking + others == len(attendees):
                continue
            left = among & level & open_starts
            while left and len(slots) < limit:
                start = (left & -left).bit_length() - 1
                taken = 1 << start if overlapping else grid.near(start)
                open_starts &= ~taken
                left &= ~taken
                missing = tuple(who.id for who, mask in zip(attendees, free, strict=True) if not mask >> start & 1)
                begins = grid.moment(start)
                score = lacking * REQUIRED_WEIGHT + others
                slots.append(Slot(begins, begins + duration, missing, score, tuple(_reasons(lacking, others))))
    return slots


def _reasons(lacking: int, others: int) -> Iterator[str]:
    if not lacking and not others:
        yield "everyone_free"
    elif not lacking:
        yield "required_free"
    if lacking:
        yield "required_missing"
    if others:
        yield "optional_missing"


def _levels(missing: Sequence[int], whole: int) -> list[int]:
    """For n = 0, 1, ... the starts at which exactly n are missing: a binary counter in each bit column."""
    planes: list[int] = []
    for mask in missing:
        carry = mask
        for position, plane in enumerate(planes):
            planes[position], carry = plane ^ carry, plane & carry
            if not carry:
                break
        else:
            planes.append(carry)
    levels = []
    for count in range(len(missing) + 1):
        level = whole
        for position, plane in enumerate(planes):
            level &= plane if count >> position & 1 else ~plane
        if count >> len(planes):
            level = 0
        levels.append(level)
    return levels
