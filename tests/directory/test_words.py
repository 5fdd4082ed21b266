"""Search tokens find whatever LIKE finds, for two characters and more."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from directory.words import normal, text_query, tokens

_TEXT = st.text(alphabet="家暴防治中心庇護 安置abC1-（）가정폭", max_size=40)


def _finds(query: str, said: str) -> bool:
    """What PostgreSQL does with the tsquery and the patterns, in Python."""
    asked = text_query(query)
    assert asked is not None
    have = tokens(normal(said))
    for lexeme, prefix in re.findall(r"'([^']+)'(:\*)?", asked.tsquery):
        if not any(t.startswith(lexeme) for t in have) if prefix else lexeme not in have:
            return False
    return all(p.strip("%") in normal(said) for p in asked.patterns)


@given(_TEXT, st.integers(0, 38), st.integers(2, 6))
def test_any_part_of_a_chinese_run_is_found(said: str, start: int, length: int) -> None:
    part = normal(said)[start : start + length]
    if re.fullmatch("[家暴防治中心庇護安置가정폭]{2,}", part):
        assert _finds(part, said)


@given(_TEXT, st.text(alphabet="家暴防治中心", min_size=2, max_size=5))
def test_what_is_not_there_is_not_found(said: str, query: str) -> None:
    assert _finds(query, said) is (query in normal(said))


def test_case_width_and_prefixes() -> None:
    assert _finds("ＳＨＥＬ", "Women's Shelter")
    assert _finds("24小時", "全年２４小時專線")
    assert not _finds("elter", "Women's Shelter")
    assert _finds("庇", "庇護")
    assert _finds("護", "庇護")


def test_nothing_to_search_is_said() -> None:
    assert text_query("（）! ' \\ & |") is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_query_language(text: str) -> None:
    asked = text_query(text)
    if asked is not None:
        assert re.fullmatch(r"'[^' \\&|!]+'(:\*)?( & '[^' \\&|!]+'(:\*)?)*", asked.tsquery)
