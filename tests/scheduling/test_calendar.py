"""Working days: the library's holidays, make-up days, and the official list laid over them."""

from __future__ import annotations

from datetime import date

import pytest

from scheduling.calendar import BadOfficialList, Calendar, read_official_list


@pytest.mark.parametrize(
    ("country", "day", "worked"),
    [
        ("TW", "2025-02-08", True),  # the Saturday that made up for 27 January
        ("TW", "2025-01-27", False),
        ("TW", "2024-02-17", True),
        ("TW", "2025-02-15", False),  # an ordinary Saturday
        ("TW", "2026-02-20", False),  # Lunar New Year, observed
        ("TW", "2026-02-23", True),
        ("TW", "2026-04-06", False),
        ("TW", "2025-09-29", False),
        ("KR", "2026-09-25", False),  # Chuseok
        ("KR", "2026-10-05", False),  # substitute holiday
        ("KR", "2026-10-10", False),  # Saturday
        ("KR", "2026-10-12", True),
        ("KR", "2026-02-28", False),  # Taiwan's holiday is no Korean one, but it is a Saturday
        ("KR", "2025-02-28", True),
    ],
)
def test_known_days(country: str, day: str, worked: bool) -> None:
    calendar = Calendar("TW" if country == "TW" else "KR")
    assert calendar.is_working(date.fromisoformat(day)) is worked


def test_the_official_list_wins() -> None:
    text = "西元日期,星期,是否放假,備註\n20260302,一,2,颱風假(虛構)\n20260228,六,0,補行上班(虛構)\n"
    calendar = Calendar("TW", read_official_list("\ufeff" + text))
    assert not calendar.is_working(date(2026, 3, 2))
    assert calendar.is_working(date(2026, 2, 28))
    assert calendar.is_working(date(2026, 3, 3))
    assert calendar.next_working(date(2026, 3, 1)) == date(2026, 3, 3)
    plain = read_official_list("date,working\n2026-03-02,0\n\n2026-02-28,yes\n")
    assert plain == {date(2026, 3, 2): False, date(2026, 2, 28): True}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "day,kind\n2026-01-01,1\n",
        "date,working\n",
        "date,working\n2026-02-30,1\n",
        "date,working\n2026-01-01,perhaps\n",
        "date,working\n2026-01-01\n",
        "date,working\n2026-01-01,1\n2026-01-01,0\n",
        "西元日期,星期,是否放假,備註\n2026-01-01,四,2,\n",
        "西元日期,星期,是否放假,備註\n20260101,四,1,\n",
        "西元日期,星期,是否放假,備註\n２０２６０１０１,四,2,\n",
    ],
)
def test_a_wrong_list_is_refused(text: str) -> None:
    with pytest.raises(BadOfficialList):
        read_official_list(text)
