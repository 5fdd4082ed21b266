"""How a cell is read: numbers in any digits, days of either calendar; or what is wrong with it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from uuid import UUID

from .hsds import Column

_DAY = re.compile(
    r"(?P<era>民國|民国|中華民國)?\s*(?P<year>\d{2,4})\s*(?P<by>[-/.年])\s*(?P<month>\d{1,2})\s*(?P<by2>[-/.月])\s*"
    r"(?P<day>\d{1,2})\s*日?"
)
_REPUBLIC = 1911
"""Year 1 of the Republic is 1912; its years are written with three digits since 2011."""


def uuid_of(value: str) -> UUID | None:
    """A UUID in its canonical form, or None."""
    try:
        found = UUID(value) if len(value) == 36 else None
    except ValueError:
        return None
    return found if str(found) == value else None


def iso_day(cell: str) -> str:
    """A day as ISO 8601 has it, from `2024/5/1`, `2024年5月1日`, `113/5/1` or `民國113年5月1日`.

    A three-digit year is the Republic's, as is any with its name; two digits alone could be either, and `5/1/2024` a
    day or a month first: these are given back as they are, for the reader of days to refuse.
    """
    found = _DAY.fullmatch(cell)
    if found is None or (found["by"] == "年") != (found["by2"] == "月"):
        return cell
    if found["by"] != "年" and found["by"] != found["by2"]:
        return cell
    year = int(found["year"])
    if found["era"] or len(found["year"]) == 3:
        year += _REPUBLIC
    elif len(found["year"]) != 4:
        return cell
    return f"{year:04d}-{int(found['month']):02d}-{int(found['day']):02d}"


def _plain(column: Column, cell: str) -> str:
    """What a column that is no text is read from: full-width digits and signs made plain, days made ISO 8601."""
    if column.sql in {"text", "text[]", "jsonb"}:
        return cell
    plain = cell if cell.isascii() else unicodedata.normalize("NFKC", cell).strip()
    if column.sql == "date":
        return iso_day(plain)
    if column.sql == "timestamptz" and ("/" in plain or "年" in plain):
        day, _, clock = plain.replace("日", "日 ").partition(" ")
        return f"{iso_day(day)}T{clock.strip()}" if clock.strip() else iso_day(day)
    return plain


def read_value(column: Column, cell: str) -> tuple[Any, str]:
    """The value of a cell, and what is wrong: '' nothing, 'aside' keep the cell in `extra`, else why the row falls."""
    if not cell:
        return column.default, "missing_value" if column.required and column.default in ("", None) else ""
    if column.choices and cell not in column.choices:
        return (None, "not_in_list") if column.required else (column.default, "aside")
    if column.read is str:
        return cell, ""
    try:
        return column.read(_plain(column, cell)), ""
    except (ValueError, KeyError, OverflowError, RecursionError):
        bad = "bad_date" if column.sql in DAYS else "bad_value"
        return (None, bad) if column.required else (column.default, "aside")


DAYS = {"date", "timestamptz"}
"""Types whose problems are told with how a day is written."""
