"""Texts: complete in every language, and the check for it finds what is planted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog

from hub.base.texts import LANGUAGES, PROBLEM, catalogue, message, negotiate, term, understood
from hub.console import dates, texts
from hub.console.texts import Text

ZONE = ZoneInfo("Asia/Taipei")
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)


def test_every_text_is_in_every_language() -> None:
    assert texts.check() == []


def test_the_check_finds_each_kind_of_fault() -> None:
    needed = {
        ("", "Hello %(name)s"): Text("", "Hello %(name)s", where="a.html:1"),
        ("", "Gone"): Text("", "Gone", where="a.html:2"),
        (PROBLEM, "nope"): Text(PROBLEM, "nope", where="b.py:3"),
    }
    catalog = Catalog()
    catalog.add("Hello %(name)s", "您好 %(nmae)s")
    catalog.add("Old", "舊", flags=["fuzzy"])
    catalog.add("nope", "", context=PROBLEM)
    assert texts.faults(needed, "zh-Hant", [catalog]) == [
        "zh-Hant: other placeholders: 'Hello %(name)s' / '您好 %(nmae)s'",
        "zh-Hant: unused: 'Old' ()",
        "zh-Hant: fuzzy: 'Old'",
        "zh-Hant: empty: 'nope'",
        "zh-Hant: missing: 'Gone' (sentence) at a.html:2",
    ]


def test_texts_are_found_where_they_stand(tmp_path: Path) -> None:
    pages = tmp_path / "hub" / "console" / "templates"
    pages.mkdir(parents=True)
    (pages / "a.html").write_text(
        "{% macro m() %}{{ _('In a macro') }}{% endmacro %}{{ ngettext('%(n)s a', '%(n)s as', 2) }}"
    )
    (tmp_path / "hub" / "b.py").write_text(
        "mark('In a table')\n"
        "class Odd(Refusal):\n    code = 'odd_code'\n"
        "def f(p, c):\n    raise InvalidInput(FieldError(p, 'field_code'), code='whole_code')\n"
        "def g():\n    raise Conflict('conflict_code')\n"
    )
    found = texts.needed(tmp_path)
    assert {key for context, key in found if not context} == {"In a macro", "%(n)s a", "In a table"}
    assert found["", "%(n)s a"].plural == "%(n)s as"
    codes = {key for context, key in found if context == PROBLEM}
    assert codes == {"odd_code", "field_code", "whole_code", "conflict_code"}


def test_the_contracts_enums_are_terms(tmp_path: Path) -> None:
    schema = tmp_path / "schema.graphql"
    schema.write_text("type Query { a: State } enum State { SENT DONE } enum SortDirection { ASC }")
    assert {(t.context, t.key) for t in texts.terms(schema)} >= {("State", "SENT"), ("State", "DONE")}
    assert not any(t.context == "SortDirection" for t in texts.terms(schema))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_codes_and_terms_are_said(lang: str) -> None:
    assert message("not_found", lang) != message("refused", lang)
    assert message("a_code_nobody_knows", lang) == message("refused", lang)
    assert term("Role", "coordinator", lang) == term("Role", "COORDINATOR", lang)
    assert len({message("not_found", other) for other in LANGUAGES}) == 3


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="no catalogue"):
        catalogue("../etc")


def test_languages_are_understood() -> None:
    assert [understood(tag) for tag in ("zh", "zh-TW", "zh_Hans", "EN-us", "ko", "fr", "")] == [
        "zh-Hant",
        "zh-Hant",
        "zh-Hant",
        "en",
        "ko",
        None,
        None,
    ]
    assert negotiate("fr, de;q=0.5") is None
    assert negotiate("en;q=0") is None
    assert negotiate(None) is None


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("zh-Hant", "2026年3月1日 12:00（民國115年）"),
        ("en", "1 March 2026 12:00"),
        ("ko", "2026년 3월 1일 12:00"),
    ],
)
def test_moments_are_said_in_the_zone_with_the_roc_year_in_chinese(lang: str, expected: str) -> None:
    assert dates.moment(NOW.isoformat(), lang, ZONE) == expected
    assert dates.day(NOW, lang, ZONE) == expected.replace(" 12:00", "")
    assert dates.day("2026-03-01", lang, ZONE) == dates.day(NOW.date(), lang, ZONE)


def test_days_turn_at_midnight_of_the_zone_and_short_dates_have_weekdays() -> None:
    late = datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
    assert dates.day(late, "zh-Hant", ZONE) == "2026年1月1日（民國115年）"
    assert dates.short(late, "zh-Hant", ZONE) == "1月1日 週四 00:30"
    assert dates.short(late, "en", ZONE) == "Thu 1 Jan 00:30"
    assert dates.short(late, "ko", ZONE) == "1월 1일(목) 00:30"


def test_a_moment_without_offset_is_no_moment() -> None:
    with pytest.raises(ValueError, match="offset"):
        dates.moment("2026-03-01T12:00:00", "en", ZONE)


@pytest.mark.parametrize(
    ("left", "tone", "zh", "en"),
    [
        (timedelta(seconds=59), "soon", "剩 0 分鐘", "0 minutes left"),
        (timedelta(minutes=1), "soon", "剩 1 分鐘", "1 minute left"),
        (timedelta(minutes=119), "soon", "剩 1 小時", "1 hour left"),
        (timedelta(hours=24), "soon", "剩 24 小時", "24 hours left"),
        (timedelta(hours=24, seconds=1), "later", "剩 24 小時", "24 hours left"),
        (timedelta(hours=47, minutes=59), "later", "剩 47 小時", "47 hours left"),
        (timedelta(hours=71), "later", "剩 2 天", "2 days left"),
        (timedelta(0), "overdue", "逾期 0 分鐘", "0 minutes overdue"),
        (-timedelta(hours=3, minutes=59), "overdue", "逾期 3 小時", "3 hours overdue"),
    ],
)
def test_a_clock_never_promises_time_that_is_not_there(left: timedelta, tone: str, zh: str, en: str) -> None:
    assert dates.due((NOW + left).isoformat(), NOW, "zh-Hant") == dates.Due(tone, zh)
    assert dates.due(NOW + left, NOW, "en") == dates.Due(tone, en)
