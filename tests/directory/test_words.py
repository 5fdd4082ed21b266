"""Search tokens find whatever LIKE finds, for two characters and more."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.words import loosened, name_tokens, normal, shortened, slips, text_query, tokens

_TEXT = st.text(alphabet="家暴防治中心庇護 安置abC1-（）가정폭", max_size=40)


def _finds(query: str, said: str) -> bool:
    """What PostgreSQL does with the tsquery and the patterns, in Python; the text is a name too."""
    asked = text_query(query)
    assert asked is not None
    have = tokens(normal(said)) | name_tokens(normal(said))
    for part in asked.tsquery.split(" & "):
        if not any(lexeme in have for lexeme in re.findall(r"'([^']+)'", part)):
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


def test_case_width_accents_variants_and_single_characters() -> None:
    assert _finds("ＳＨＥＬＴＥＲ", "Women's Shelter")
    assert _finds("24小時", "全年２４小時專線")
    assert not _finds("elter", "Women's Shelter")
    assert _finds("庇", "庇護")
    assert _finds("護", "庇護")
    assert _finds("臺北", "台北市")
    assert _finds("Nguyen ayudame", "Nguyễn: ¡Ayúdame!")


def test_korean_compounds_are_found_apart_and_together() -> None:
    assert _finds("가정폭력", "가정 폭력 상담")
    assert _finds("가정 폭력", "가정폭력 상담")
    assert not _finds("가정상담", "가정 폭력 상담")
    assert loosened("심리상담") == "심리 상담"
    assert loosened("상담 cafe") is None


@pytest.mark.parametrize(("typed", "meant", "count"), [
    ("sheltre", "shelter", 1), ("counsellng", "counselling", 1), ("abot", "about", 1), ("legal", "legal", 0),
    ("polise", "police", 1), ("xyz", "abc", 3),
])  # fmt: skip
def test_slips_are_counted(typed: str, meant: str, count: int) -> None:
    assert slips(typed, meant) == count
    if count == 1:
        assert {*shortened(typed)} & {*shortened(meant)}


def test_nothing_to_search_is_said() -> None:
    assert text_query("（）! ' \\ & |") is None


@given(st.text(max_size=60))
def test_no_text_breaks_the_query_language(text: str) -> None:
    asked = text_query(text)
    if asked is not None:
        term = r"(?:'[^' \\&|!]+'|\('[^' \\&|!]+'(?: \| '[^' \\&|!]+')*\))"
        assert re.fullmatch(f"{term}(?: & {term})*", asked.tsquery)
