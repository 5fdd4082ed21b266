"""Days and moments as a person reads them: Gregorian, with the ROC year beside it in Traditional Chinese."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date

from hub.base.texts import catalogue, mark_plural

SOON = timedelta(hours=24)
"""A clock that ends within this time is shown as urgent."""
_ROC = 1911
_DAY = {"zh-Hant": "y年M月d日", "en": "d MMMM y", "ko": "y년 M월 d일"}
_LEFT = (
    mark_plural("%(n)s minute left", "%(n)s minutes left"),
    mark_plural("%(n)s hour left", "%(n)s hours left"),
    mark_plural("%(n)s day left", "%(n)s days left"),
)
_OVERDUE = (
    mark_plural("%(n)s minute overdue", "%(n)s minutes overdue"),
    mark_plural("%(n)s hour overdue", "%(n)s hours overdue"),
    mark_plural("%(n)s day overdue", "%(n)s days overdue"),
)
_SHORT = {"zh-Hant": "M月d日 EEE", "en": "EEE d MMM", "ko": "M월 d일(EEE)"}


@dataclass(frozen=True, slots=True)
class Due:
    """A clock in words: `tone` is overdue, soon or later."""

    tone: str
    text: str


def as_moment(value: str | datetime) -> datetime:
    """A GraphQL DateTime (ISO 8601 with offset) as a datetime. ValueError when it has no offset."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset")
    return moment


def as_day(value: str | date, zone: ZoneInfo) -> date:
    """A GraphQL Date or DateTime as the day it is in `zone`."""
    if isinstance(value, str) and len(value) == 10:
        return date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    return as_moment(value).astimezone(zone).date()


def day(value: str | date, lang: str, zone: ZoneInfo) -> str:
    """The full day: 2026年11月22日（民國115年）, 22 November 2026, 2026년 11월 22일."""
    return _with_roc(format_date(as_day(value, zone), _DAY[lang], locale=lang.replace("-", "_")), value, lang, zone)


def moment(value: str | datetime, lang: str, zone: ZoneInfo) -> str:
    """The full day and the time in `zone`, 24 hours."""
    local = as_moment(value).astimezone(zone)
    text = f"{format_date(local, _DAY[lang], locale=lang.replace('-', '_'))} {local:%H:%M}"
    return _with_roc(text, local, lang, zone)


def short(value: str | datetime, lang: str, zone: ZoneInfo) -> str:
    """Day, weekday and time for dense lists; the year is left out."""
    local = as_moment(value).astimezone(zone)
    return f"{format_date(local, _SHORT[lang], locale=lang.replace('-', '_'))} {local:%H:%M}"


def due(value: str | datetime, now: datetime, lang: str) -> Due:
    """How long until a clock ends, or since it ended. Rounded down: never promises time that is not there."""
    left = as_moment(value) - now
    minutes = int(abs(left).total_seconds() // 60)
    unit, n = (0, minutes) if minutes < 60 else (1, minutes // 60) if minutes < 48 * 60 else (2, minutes // (24 * 60))
    over = left <= timedelta(0)
    text = catalogue(lang).ngettext(*(_OVERDUE if over else _LEFT)[unit], n) % {"n": n}
    return Due("overdue" if over else "soon" if left <= SOON else "later", text)


def _with_roc(text: str, value: str | date, lang: str, zone: ZoneInfo) -> str:
    return f"{text}（民國{as_day(value, zone).year - _ROC}年）" if lang == "zh-Hant" else text
