"""Working days of a country: public holidays with make-up days, and an official list laid over them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import holidays

Country = Literal["TW", "KR"]

_NONE: Mapping[date, bool] = {}


class BadOfficialList(ValueError):
    """The official list of working days cannot be read; the message names the line."""


@lru_cache(maxsize=256)
def _year(country: Country, year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Holidays and make-up working days of one year. Beyond the library's years every weekday counts as worked."""
    book = holidays.country_holidays(country, years=year)
    return frozenset(book), frozenset(day for day in book.weekend_workdays if day.year == year)


class Calendar:
    """The working days of a country. `overrides` (day -> worked or not) wins over what the library knows."""

    def __init__(self, country: Country = "TW", overrides: Mapping[date, bool] = _NONE) -> None:
        self.country: Country = country
        self._overrides = dict(overrides)

    def is_working(self, day: date) -> bool:
        """Whether public offices work on that day."""
        told = self._overrides.get(day)
        if told is not None:
            return told
        off, made_up = _year(self.country, day.year)
        return day in made_up or (day.weekday() < 5 and day not in off)

    def next_working(self, day: date) -> date:
        """That day if it is worked, else the next that is."""
        while not self.is_working(day):
            day += timedelta(days=1)
        return day


_MARKS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _compact(text: str) -> date:
    """A day written YYYYMMDD."""
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        raise ValueError(text)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def read_official_list(text: str) -> dict[date, bool]:
    """Day -> worked or not, from an official CSV.

    Two forms: Taiwan's civil-service office calendar (columns `西元日期` as YYYYMMDD and `是否放假`, 0 worked, 2 off),
    and plain `date,working` (ISO day, 1 or 0). Raises `BadOfficialList` naming the first line that is wrong.
    """
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    names = {(name or "").strip() for name in rows.fieldnames or ()}
    taiwan = {"西元日期", "是否放假"} <= names
    if not taiwan and not {"date", "working"} <= names:
        raise BadOfficialList("line 1: columns 西元日期 and 是否放假, or date and working, are needed")
    days: dict[date, bool] = {}
    for row in rows:
        cells = {(key or "").strip(): (value or "").strip() for key, value in row.items() if isinstance(value, str)}
        if not any(cells.values()):
            continue
        try:
            if taiwan:
                day = _compact(cells["西元日期"])
                worked = {"0": True, "2": False}[cells["是否放假"]]
            else:
                day = date.fromisoformat(cells["date"])
                flag = cells["working"].lower()
                worked = _MARKS[flag]
        except (KeyError, ValueError):
            raise BadOfficialList(f"line {rows.line_num}: not a day and a mark") from None
        if days.get(day, worked) != worked:
            raise BadOfficialList(f"line {rows.line_num}: {day} is there twice and differs")
        days[day] = worked
    if not days:
        raise BadOfficialList("no day in the list")
    return days
