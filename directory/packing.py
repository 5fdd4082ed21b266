"""Columns of a batch as one text each, which PostgreSQL takes apart: many times cheaper to send than arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .sql import Fragment, joined, listed, name, sql, type_name

SEPARATOR, NOTHING, INNER = "\x1f", "\x1e", "\x1d"
"""Between the values of a packed column, for a null, and between the texts of one value: control characters, which no
value of a package and no normalised text holds."""


def pack(values: Sequence[object]) -> str:
    """A column of a batch as one text.

    Raises ValueError where a value holds the separator: better no import than values in the wrong rows.
    """
    found = SEPARATOR.join([NOTHING if v is None else v if type(v) is str else str(v) for v in values])
    if found.count(SEPARATOR) != len(values) - 1 or found.count(NOTHING) != sum(v is None for v in values):
        raise ValueError("a value holds a separator")
    return found + SEPARATOR + NOTHING  # the end is said, else a lone empty text would be no value at all


def inner(texts: Iterable[str] | None) -> str:
    """A list of texts as one value: `several` reads it."""
    return INNER.join(texts or ())


def unpacked(columns: Iterable[tuple[str, str]]) -> Fragment:
    """The rows `s` of packed columns `:c_name` with their number `nth`, and after them one of nulls."""
    columns = list(columns)
    given = [
        sql(
            "CAST(string_to_array(CAST(:c_{name} AS text), chr(31), chr(30)) AS {type}[])",
            name=name(column),
            type=type_name(type_),
        )
        for column, type_ in columns
    ]
    names = listed((column for column, _ in columns), '"{name}"')
    return sql("unnest({given}) WITH ORDINALITY AS s({names}, nth)", given=joined(", ", given), names=names)


def several(value: Fragment) -> Fragment:
    """The array of texts that travelled as one value."""
    return sql("string_to_array({value}, chr(29))", value=value)
