"""The shape of a table of HSDS as it comes and goes: its columns under all their names, and what it points to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .sql import Fragment


@dataclass(frozen=True, slots=True)
class Column:
    """A column of ours, the names it comes under, its PostgreSQL type, and how a cell that is not empty is read."""

    name: str
    also: tuple[str, ...] = ()
    sql: str = "text"
    read: Callable[[str], Any] = str
    default: Any = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    out: str = ""
    """The standard's name of it, where ours is another."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A column that points to another table by that table's source id. A missing optional one is cleared and told."""

    column: str
    table: str
    required: bool = True
    also: tuple[str, ...] = ()
    by: str = ""
    """The column that names the table, where it is not always the same one."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One table of the directory and how its rows come. `says`: of these at least one must hold something."""

    table: str
    columns: tuple[Column, ...]
    relations: tuple[Relation, ...] = ()
    says: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    """Columns that make the row's identity where its own id is empty (always, with `natural`)."""
    natural: bool = False
    one_owner: bool = False
    """At least one of the optional relations must be found."""
    tells: Fragment | None = None
    """SQL over the row `s`: whether it would tell where its place is. A confidential place takes no such row."""
    exports: Mapping[str, Fragment] = field(default_factory=dict)
    """Column of the export -> SQL over the row `t`, in place of the columns of that name."""

    @property
    def at_service(self) -> bool:
        """Whether its place may be that of a service given there."""
        return any(r.table == "service_at_location" for r in self.relations)


def text(name: str, *also: str, required: bool = False, out: str = "") -> Column:
    """A text column."""
    return Column(name, also, required=required, out=out)


def optional(name: str, sql: str, read: Callable[[str], Any], *also: str, required: bool = False) -> Column:
    """A column of another type, null when nothing is said."""
    return Column(name, also, sql, read, None, required)


def choice(name: str, values: tuple[str, ...], default: str | None = None, *, required: bool = False) -> Column:
    """A column of a closed list."""
    return Column(name, (), default=default, choices=values, required=required)
