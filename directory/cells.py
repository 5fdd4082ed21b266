"""How a cell of an HSDS table is read: days, hours, ages, money, names. What cannot be read raises ValueError."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

import orjson

from .columns import GENDERS, WEEKDAYS

_DAY_NAMES = {d: d for d in WEEKDAYS} | {
    name: day
    for day, names in zip(
        WEEKDAYS,
        ("monday mon 1 週一 星期一", "tuesday tue 2 週二 星期二", "wednesday wed 3 週三 星期三",
         "thursday thu 4 週四 星期四", "friday fri 5 週五 星期五", "saturday sat 6 週六 星期六",
         "sunday sun 7 0 週日 星期日"),
        strict=True,
    )
    for name in names.split()
}  # fmt: skip

_LANGUAGES = {
    name: code
    for code, names in {
        "zh": "chinese mandarin 中文 國語 華語 중국어", "nan": "taiwanese hokkien 臺語 台語", "hak": "hakka 客語",
        "yue": "cantonese 粵語", "en": "english 英語 英文 영어", "ko": "korean 韓語 한국어",
        "ja": "japanese 日語", "vi": "vietnamese 越南語 베트남어", "id": "indonesian 印尼語", "th": "thai 泰語",
        "fil": "tagalog filipino 菲律賓語", "es": "spanish español", "ht": "creole haitian", "fr": "french",
        "pt": "portuguese", "ru": "russian", "de": "german", "it": "italian", "ar": "arabic", "he": "hebrew",
        "sgn": "asl 手語 수어",
    }.items()
    for name in names.split()
}  # fmt: skip
_ACCESS = (
    ("wheelchair", "wheelchair"), ("handicap", "wheelchair"), ("ramp", "wheelchair"), ("輪椅", "wheelchair"),
    ("無障礙", "wheelchair"), ("휠체어", "wheelchair"), ("sign language", "sign_language"), ("手語", "sign_language"),
    ("수어", "sign_language"), ("braille", "braille"), ("點字", "braille"), ("elevator", "wheelchair"),
)  # fmt: skip


def language_code(name: str) -> str | None:
    """The BCP 47 tag of a language name, if known; a tag is given back as it is."""
    first = re.split(r"[\s,(/-]", name.strip().casefold(), maxsplit=1)[0]
    if first in _LANGUAGES:
        return _LANGUAGES[first]
    if "sign" in name.casefold():
        return "sgn"
    return name.strip() if re.fullmatch(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", name.strip()) else None


def access_code(words: str) -> str | None:
    """Our code of an accessibility, if the words are known."""
    lowered = words.casefold()
    return next((code for word, code in _ACCESS if word in lowered), None)


def whole(cell: str) -> int:
    """A number that is not negative, written with or without decimals that say nothing."""
    value = float(cell)
    if not 0 <= value < 1 << 31 or not value.is_integer():
        raise ValueError
    return int(value)


def age(cell: str) -> int:
    """A whole age in years."""
    value = int(float(cell))
    if not 0 <= value <= 150:
        raise ValueError
    return value


def latitude(cell: str) -> float:
    """Degrees north."""
    value = float(cell)
    if not -90 <= value <= 90:
        raise ValueError
    return value


def longitude(cell: str) -> float:
    """Degrees east."""
    value = float(cell)
    if not -180 <= value <= 180:
        raise ValueError
    return value


def clock(cell: str) -> time:
    """A local time; its offset, if any, is left out: hours are local."""
    found = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?(?::\d{2})?\s*([ap]\.?m\.?)?(?:Z|[+-]\d{2}:\d{2})?", cell.lower())
    if not found:
        raise ValueError
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").replace(".", "")
    if half and not 1 <= hour <= 12:
        raise ValueError
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(0 if (hour, minute) == (24, 0) else hour, minute)


def moment(cell: str) -> datetime:
    """An aware moment; without an offset it is UTC."""
    value = datetime.fromisoformat(cell)
    if not 1 < value.year < 9999:  # near the ends another zone would leave the calendar
        raise ValueError
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def byday(cell: str) -> str:
    """Days of the week by any of their names, each with a place in the month (`2TU`, `-1FR`) or without."""
    return ",".join(_day_of_week(part.strip()) for part in cell.split(","))


def _day_of_week(said: str) -> str:
    if found := re.fullmatch(r"([+-]?[1-9][0-9]?)(MO|TU|WE|TH|FR|SA|SU)", said.upper()):
        return found[1] + found[2]
    return _DAY_NAMES[said.upper() if len(said) == 2 and said.isascii() else said.lower()]


def names(cell: str) -> str:
    """Language -> name, as JSON."""
    value = orjson.loads(cell)
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise ValueError
    return orjson.dumps(value).decode()


def genders(cell: str) -> str:
    """Genders, as a PostgreSQL array."""
    values = sorted({v.strip() for v in cell.replace(";", ",").split(",") if v.strip()})
    if not set(values) <= set(GENDERS):
        raise ValueError
    return "{" + ",".join(values) + "}"


def yes_or_no(cell: str) -> bool:
    """True or false."""
    return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}[cell.lower()]


def day(cell: str) -> date:
    """A date, alone or at the head of a moment."""
    return date.fromisoformat(cell[:10] if len(cell) > 10 and cell[10] in "T " else cell)


def times(cell: str) -> int:
    """A number of times, at least once."""
    value = whole(cell)
    if value < 1:
        raise ValueError
    return value


def numbers(cell: str) -> str:
    """Numbers of days or weeks, negative from the end, with commas."""
    said = ",".join(part.strip() for part in cell.split(","))
    if not re.fullmatch(r"-?\d{1,3}(,-?\d{1,3})*", said, re.ASCII):
        raise ValueError
    return said


def offset(cell: str) -> float:
    """Hours from UTC, as a number or as `+08:00`."""
    if cell.upper() == "Z":
        return 0.0
    found = re.fullmatch(r"([+-]?)(\d{1,2}):(\d{2})", cell, re.ASCII)
    value = (int(found[2]) + int(found[3]) / 60) * (-1 if found[1] == "-" else 1) if found else float(cell)
    if not -14 <= value <= 14:
        raise ValueError
    return value


def amount(cell: str) -> Decimal:
    """An amount of money, to a ten-thousandth."""
    try:
        value = Decimal(cell)
    except InvalidOperation as error:
        raise ValueError from error
    exponent = value.as_tuple().exponent
    if not value.is_finite() or abs(value) >= 10**12 or not isinstance(exponent, int) or exponent < -4:
        raise ValueError
    return value


def currency(cell: str) -> str:
    """An ISO 4217 code."""
    if not re.fullmatch("[A-Za-z]{3}", cell):
        raise ValueError
    return cell.upper()
