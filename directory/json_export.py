"""Giving the directory away as HSDS 3 JSON: one object of lists, services and what belongs to them nested, streamed."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import TextClause
from sqlmodel.ext.asyncio.session import AsyncSession

from .exporting import at_one_moment, cell, chosen, columns_of, rows_of
from .hsds import ENTITIES, plural
from .sql import joined, name, sql, statement

_PAGE = 500
_OWNERS = (
    "contact", "phone", "service_at_location", "location", "organization", "service",
)  # fmt: skip
"""Where a row with several owners stands: with the first of these it has; the others it names by their ids."""
_WHOLE = ("location",)
"""What a row points to and shows whole; an organization or program only by its own fields."""
_SHOWN = {"service": ("organization", "program"), "service_at_location": ("location",), "attribute": ("taxonomy_term",)}
_KEYS = {"source_metadata": "metadata", "funding": "funding", "accessibility": "accessibility",
         "service_capacity": "capacities", "attribute": "attributes"}  # fmt: skip
LISTS = (
    "area", "taxonomy", "taxonomy_term", "unit", "meta_table_description", "organization", "location", "service",
    "attribute", "source_metadata",
)  # fmt: skip
"""Tables that are lists of their own; every other stands inside one of these, as do attributes of services."""

_Object = dict[str, Any]


def key_of(table: str) -> str:
    """The standard's name of a list of rows of a table."""
    return _KEYS.get(table) or plural(table)


def _value(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    if isinstance(value, datetime | date | time | UUID):
        return cell(value)
    return value


def _object(columns: Sequence[str], row: Sequence[Any]) -> _Object:
    """A row as an object: what says nothing is left out."""
    return {c: _value(v) for c, v in zip(columns, row, strict=True) if v not in (None, "", [], {})}


def _owners(table: str) -> list[str]:
    """The tables whose rows hold rows of `table`, the first to be asked first."""
    if table in {"attribute", "service_at_location"}:
        return ["service"]
    if table in LISTS:
        return []
    to = {r.table for r in ENTITIES[table].relations if r.column == f"{r.table}_id"}
    return [owner for owner in _OWNERS if owner in to and owner != table]


@lru_cache
def _below(owner: str) -> tuple[str, ...]:
    return tuple(t for t in ENTITIES if owner in _owners(t))


@lru_cache
def _statement(table: str, owner: str) -> TextClause:
    """Rows of `table` that stand with these rows of `owner`; with `owner` the table itself, these rows."""
    if table == owner:
        where = [sql("t.id = ANY(CAST(:ids AS uuid[]))")]
    else:
        earlier = _owners(table)[: _owners(table).index(owner)]
        where = [sql("t.{owner}_id = ANY(CAST(:ids AS uuid[]))", owner=name(owner))]
        where += [sql("t.{owner}_id IS NULL", owner=name(e)) for e in earlier]
    return statement(
        "SELECT {chosen} FROM {table} t WHERE {where} ORDER BY t.id",
        chosen=chosen(table),
        table=name(table),
        where=joined(" AND ", where),
    )


async def _fetch(session: AsyncSession, table: str, owner: str, ids: Sequence[str]) -> list[_Object]:
    rows = (await session.execute(_statement(table, owner), {"ids": list(ids)})).all()
    columns = list(columns_of(table))
    return [_object(columns, row) for row in rows]


async def _fill(session: AsyncSession, table: str, found: Sequence[_Object], counts: Counter[str]) -> None:
    """Put into objects of `table` what belongs to them, and what that belongs to."""
    by_id = {one["id"]: one for one in found}
    for child in _below(table) if by_id else ():
        inside = await _fetch(session, child, table, list(by_id))
        counts[child] += len(inside)
        await _fill(session, child, inside, counts)
        await _show(session, child, inside)
        for one in inside:
            owner = by_id[one.pop("link_id" if child == "attribute" else f"{table}_id")]
            owner.setdefault(key_of(child), []).append(one)


async def _show(session: AsyncSession, table: str, found: Sequence[_Object]) -> None:
    """Put into objects of `table` those they point to, which have lists of their own too."""
    for shown in _SHOWN.get(table, ()):
        ids = sorted({one[f"{shown}_id"] for one in found if f"{shown}_id" in one})
        if not ids:
            continue
        others = await _fetch(session, shown, shown, ids)
        if shown in _WHOLE:
            await _fill(session, shown, others, Counter())
        by_id = {one["id"]: one for one in others}
        for one in found:
            if f"{shown}_id" in one:
                one[shown] = by_id[one[f"{shown}_id"]]


async def _pages(session: AsyncSession, table: str) -> AsyncIterator[list[_Object]]:
    columns, page = list(columns_of(table)), list[_Object]()
    async for row in rows_of(session, table, columns):
        one = _object(columns, row)
        if table != "attribute" or one["link_entity"] != "service":
            page.append(one)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page


async def export_json(session: AsyncSession, path: Path) -> dict[str, int]:
    """Write the directory to `path`; answers rows a table. The same content gives the same bytes.

    Read again by `import_package`, it is the directory it was written from. Memory: some hundred services at a time.
    """
    await at_one_moment(session)
    counts: Counter[str] = Counter()
    with path.open("wb") as out:
        out.write(b"{")
        for number, table in enumerate(LISTS):
            out.write((b",\n" if number else b"\n") + orjson.dumps(key_of(table)) + b": [")
            first = True
            async for page in _pages(session, table):
                counts[table] += len(page)
                if table != "area":
                    await _fill(session, table, page, counts)
                    await _show(session, table, page)
                for one in page:
                    out.write((b"\n" if first else b",\n") + orjson.dumps(one))
                    first = False
            out.write(b"\n]")
        out.write(b"\n}\n")
    return {table: counts[table] for table in ("area", *ENTITIES)}
