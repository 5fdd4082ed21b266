"""SQL of our own words alone: nothing outside gets into a fragment."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from directory.hot import Hot
from directory.sql import Fragment, joined, listed, literal, name, replaced, sql, statement, type_name
from hub.base.db import Database

_ANY = st.text() | st.sampled_from(["a'; DROP TABLE service; --", "a b", "a\x00", "é", "a\n", "A", "", "1a", "a" * 64])


def test_fragments_fill_the_holes_of_a_literal() -> None:
    """Names, numbers and fragments go in; doubled braces are braces."""
    where = sql("a = {low} AND extra <> '{{}}'", low=3)
    assert where == "a = 3 AND extra <> '{}'"
    assert type(where) is Fragment
    assert (
        sql("SELECT {a}, {a} FROM {b} WHERE {c}", a=name("x"), b=name("t"), c=where)
        == f"SELECT x, x FROM t WHERE {where}"
    )


@pytest.mark.parametrize("part", ["id", "", None, 1.5, True, -1, b"id", ["id"], text("id")])
def test_what_is_no_fragment_is_refused(part: object) -> None:
    """Most of all plain text; and numbers with a sign, which next to another would begin a comment."""
    given_ = cast(Any, part)
    with pytest.raises(TypeError):
        sql("SELECT {part}", part=given_)
    with pytest.raises(TypeError):
        statement("SELECT {part}", part=given_)
    with pytest.raises(TypeError):
        joined(", ", [name("a"), given_])
    with pytest.raises(TypeError):
        replaced(sql("@"), "@", given_)
    with pytest.raises(TypeError):
        replaced(given_, "@", sql("a"))


@pytest.mark.parametrize(
    "derived",
    [name("a") + name("b"), name("a").upper(), name("a") * 2, f"{name('a')}", name("ab")[:1], ", ".join([name("a")])],
)
def test_what_is_derived_of_a_fragment_is_none(derived: str) -> None:
    """Text put together by other means is text."""
    assert type(derived) is str
    with pytest.raises(TypeError):
        sql("{part}", part=cast(Any, derived))


def test_a_subclass_is_no_fragment() -> None:
    """The type itself is asked for."""
    other = type("Other", (Fragment,), {})("id")
    with pytest.raises(TypeError):
        sql("{part}", part=other)


@pytest.mark.parametrize("template", ["{a.b}", "{a[0]}", "{a!r}", "{a:>3}", "{}", "{0}", "{b}", "nothing"])
def test_a_hole_is_a_name_and_every_part_has_one(template: str) -> None:
    """Neither attributes, nor formats, nor parts that are not asked for."""
    with pytest.raises(TypeError):
        sql(template, a=name("a"))  # type: ignore[arg-type, unused-ignore]


@given(_ANY)
def test_a_name_is_an_identifier_or_nothing(word: str) -> None:
    """Lower-case ASCII letters, digits and underscores, no more than PostgreSQL keeps."""
    try:
        made = name(word)
    except ValueError:
        return
    assert made == word
    assert word.isascii()
    assert 0 < len(word) <= 63
    assert word.replace("_", "a").isalnum()
    assert word == word.lower()
    assert not word[0].isdigit()


@given(_ANY)
def test_a_type_is_one_word_or_an_array_of_it(word: str) -> None:
    """Nothing with a space, a quote or a bracket that is not the array's."""
    try:
        made = type_name(word)
    except ValueError:
        return
    bare = made.removesuffix("[]")
    assert bare.isascii()
    assert bare.isalnum()
    assert made == word


@given(_ANY)
def test_a_literal_is_one_text_and_binds_nothing(word: str) -> None:
    """Read as SQL reads it, it is the word; a statement finds no bound value in it."""
    try:
        made = literal(word)
    except ValueError:
        return
    assert made[0] == made[-1] == "'"
    inside = made[1:-1]
    assert inside.replace("''", "").count("'") == 0
    assert inside.replace("''", "'") == word
    assert "\\" not in word
    prepared = statement("SELECT {word} AS a, :b", word=made).compile()
    assert set(prepared.params) == {"b"}


@given(st.lists(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), max_size=5))
def test_names_are_listed(words: list[str]) -> None:
    """With commas, each in the place a template gives it."""
    assert listed(words) == ", ".join(words)
    assert listed(words, 's."{name}"') == ", ".join(f's."{word}"' for word in words)


@pytest.mark.parametrize("words", [["a", "b c"], ["a; DROP"], ["a", "A"]])
def test_no_other_words_are_listed(words: list[str]) -> None:
    """One that is no identifier refuses them all."""
    with pytest.raises(ValueError, match=words[-1]):
        listed(words)


async def test_the_database_reads_a_literal_as_it_was_said(db: Database) -> None:
    """Quotes, percent signs and colons too."""
    async with db.work() as session:
        for word in ("", "it's", "''", "100 %", "a: b", "保密", "$1", "--", "/* */", "{}"):
            made = statement("SELECT {word}, CAST(:one AS integer)", word=literal(word))
            assert tuple((await session.execute(made, {"one": 1})).one()) == (word, 1)


def test_a_hot_statement_takes_fragments_alone() -> None:
    assert Hot(sql("SELECT :one, :two, :one")).sql == "SELECT $1, $2, $1"
    with pytest.raises(TypeError):
        Hot("SELECT 1")  # type: ignore[arg-type] # that is the point
