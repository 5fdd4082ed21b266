"""SQL made of our own words alone: what comes from outside is bound to a statement, and never becomes part of one.

Every statement of the directory is either a literal or a `Fragment`, and a fragment is made here, of literals and of
other fragments. What is not one is refused when the module is loaded; that no one goes around it, `tests/house` holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from string import Formatter
from typing import LiteralString

from sqlalchemy import TextClause, text

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_TYPE = re.compile(r"[a-z][a-z0-9]{0,62}(?:\[\])?")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\\]|(?<!\w):\w")
"""What no literal of ours has: control characters, backslashes, and what a statement would take for a bound value."""


class Fragment(str):
    """SQL nothing from outside went into."""

    __slots__ = ()


def sql(template: LiteralString, /, **parts: Fragment | int) -> Fragment:
    """A literal with fragments (or whole numbers that are not negative) in its `{holes}`; other braces are doubled.

    Raises TypeError for any other part, a part without a hole and a hole without a part.
    """
    made, holes = list[str](), set[str]()
    for said, hole, spec, conversion in Formatter().parse(template):
        made.append(said)
        if hole is None:
            continue
        part = parts.get(hole)
        if spec or conversion or not (type(part) is Fragment or (type(part) is int and part >= 0)):
            raise TypeError(f"not of our own words: {hole}")
        holes.add(hole)
        made.append(str(part))
    if holes != parts.keys():
        raise TypeError(f"no hole for {sorted(parts.keys() - holes)}")
    return Fragment("".join(made))


def statement(template: LiteralString, /, **parts: Fragment | int) -> TextClause:
    """`sql` to be executed: `:names` are bound."""
    return text(sql(template, **parts))


def joined(between: LiteralString, parts: Iterable[Fragment]) -> Fragment:
    """Fragments one after another, a literal between them; nothing where there are none."""
    found = list(parts)
    if any(type(part) is not Fragment for part in found):
        raise TypeError("not of our own words")
    return Fragment(between.join(found))


def replaced(where: Fragment, mark: LiteralString, by: Fragment) -> Fragment:
    """A fragment with another one in the place of each `mark`, a literal."""
    if type(where) is not Fragment or type(by) is not Fragment:
        raise TypeError("not of our own words")
    return Fragment(where.replace(mark, by))


def name(word: str) -> Fragment:
    """An identifier as it stands: of a table, a column, a bound value. Raises ValueError for what cannot be one."""
    if not _NAME.fullmatch(word):
        raise ValueError(word)
    return Fragment(word)


def listed(words: Iterable[str], template: LiteralString = "{name}") -> Fragment:
    """Identifiers with commas between them, each as the template's `{name}`; `count` and `interval` need quotes."""
    return Fragment(", ".join([sql(template, name=name(word)) for word in words]))


def type_name(word: str) -> Fragment:
    """A type of PostgreSQL, or an array of one. Raises ValueError for what cannot be one."""
    if not _TYPE.fullmatch(word):
        raise ValueError(word)
    return Fragment(word)


def literal(word: str) -> Fragment:
    """A text of ours as SQL writes it. Raises ValueError for control characters, backslashes and `:name`."""
    if _UNFIT.search(word):
        raise ValueError(word)
    return Fragment("'" + word.replace("'", "''") + "'")
