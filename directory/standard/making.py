"""How an object of HSDS 3.0 is made in SQL: which field comes of which column, what lies in it, what is hidden.

What is not said is left out. What the standard's type cannot hold is left out too (an address that is no URI), or said
beside it (an extension that is no number).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from directory.sql import Fragment, joined, literal, name, replaced, sql

_URI = sql(r"'^[A-Za-z][A-Za-z0-9+.-]*:[][A-Za-z0-9._~:/?#@!$&''()*+,;=%-]+$'")
_HOST = sql(r"'^([A-Za-z0-9-]+\.)+[A-Za-z]{{2,}}(/[][A-Za-z0-9._~:/?#@!$&''()*+,;=%-]*)?$'")
_EMAIL = sql(r"'^[A-Za-z0-9.!#$%&''*+/=?^_`{{|}}~-]+@([A-Za-z0-9-]+\.)+[A-Za-z0-9-]+$'")

Field = tuple[str, Fragment]
"""A name of the standard, and SQL over the row `@`."""


@dataclass(frozen=True, slots=True)
class Within:
    """Objects inside an object: `@` is the row inside, `^` the row around. `many` are a list, empty if there are none;
    `bare` leaves an empty list out."""

    name: str
    part: Part
    where: Fragment
    many: bool = True
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of object: the table of its rows, its fields, what lies inside, what is shown of a confidential one."""

    table: str
    fields: tuple[Field, ...]
    inside: tuple[Within, ...] = ()
    hidden: Part | None = None
    secret: Fragment | None = None
    """SQL over `@`: whether this row is of a confidential place and shown as `hidden` says."""

    def json(self, depth: int = 0) -> Fragment:
        """SQL of the JSON of a row `t<depth>`."""
        shown = self._object(depth)
        if self.hidden is None:
            return shown
        assert self.secret is not None
        return sql(
            "CASE WHEN {secret} THEN {hidden} ELSE {shown} END",
            secret=replaced(self.secret, "@.", _row(depth)),
            hidden=self.hidden.json(depth),
            shown=shown,
        )

    def _object(self, depth: int) -> Fragment:
        said = [(key, replaced(what, "@.", _row(depth))) for key, what in self.fields]
        said += [(within.name, _inside(within, depth)) for within in self.inside]
        pairs = [sql("{key}, {what}", key=literal(key), what=what) for key, what in said]
        return sql("json_build_object({pairs})", pairs=joined(", ", pairs))

    def plus(self, *inside: Within) -> Part:
        """The same with more inside."""
        return replace(self, inside=(*self.inside, *inside))


def _row(depth: int) -> Fragment:
    return sql("t{depth}.", depth=depth)


def _inside(within: Within, depth: int) -> Fragment:
    made = within.part.json(depth + 1)
    if within.many:
        made = sql("json_agg({made} ORDER BY {row}id)", made=made, row=_row(depth + 1))
    found = sql(
        "(SELECT {made} FROM {table} t{depth} WHERE {where})",
        made=made,
        table=name(within.part.table),
        depth=depth + 1,
        where=replaced(replaced(within.where, "@.", _row(depth + 1)), "^.", _row(depth)),
    )
    return sql("COALESCE({found}, '[]'::json)", found=found) if within.many and not within.bare else found


def ids(*names: str) -> tuple[Field, ...]:
    return always("id", *names)


def always(*names: str) -> tuple[Field, ...]:
    """Columns the standard asks for: empty rather than absent."""
    return tuple((column, sql("@.{column}", column=name(column))) for column in names)


def texts(*names: str) -> tuple[Field, ...]:
    return tuple((column, sql("NULLIF(@.{column}, '')", column=name(column))) for column in names)


def uris(*names: str) -> tuple[Field, ...]:
    """URIs; a bare host is what a browser makes of it (RFC 3986, 4.5)."""
    return tuple(
        (
            column,
            sql(
                "CASE WHEN @.{column} ~ {uri} THEN @.{column} "
                "WHEN @.{column} ~ {host} THEN 'http://' || @.{column} END",
                column=name(column),
                uri=_URI,
                host=_HOST,
            ),
        )
        for column in names
    )


def emails(*names: str) -> tuple[Field, ...]:
    return tuple(
        (column, sql("CASE WHEN @.{column} ~ {email} THEN @.{column} END", column=name(column), email=_EMAIL))
        for column in names
    )


def of(owner: str, names: Iterable[tuple[str, Part]]) -> tuple[Within, ...]:
    where = sql("@.{owner}_id = ^.id", owner=name(owner))
    return tuple(Within(inside, part, where) for inside, part in names)
