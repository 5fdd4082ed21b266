"""Reading the standard's objects: a page, one, or all in turn. One statement each; the database makes the JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from directory.search import SearchQuery
from directory.sql import Fragment, joined, name, replaced, sql, statement
from directory.understanding import understood

from .changes import CHANGED
from .wholes import SHAPES as SHAPES
from .wholes import Form as Form

_FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What narrows a collection; parts left out do not. `proximity` is metres from the middle of `postcode`."""

    search: str | None = None
    taxonomy_term_id: UUID | None = None
    taxonomy_id: UUID | None = None
    organization_id: UUID | None = None
    modified_after: datetime | None = None
    postcode: str | None = None
    proximity: float | None = None
    parent_id: UUID | None = None
    top_only: bool | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """How many objects there are in all, and the JSON of those of the page."""

    total: int
    items: tuple[str, ...]


_OF_SERVICE = {
    "taxonomy_term_id": sql("EXISTS (SELECT FROM attribute a WHERE a.service_id = # AND a.taxonomy_term_id = :term)"),
    "taxonomy_id": sql(
        "EXISTS (SELECT FROM attribute a JOIN taxonomy_term w ON w.id = a.taxonomy_term_id "
        "WHERE a.service_id = # AND w.taxonomy_id = :taxonomy)"
    ),
    "modified_after": sql("# IN ({changed})", changed=CHANGED),
    "search": sql(
        "# IN (SELECT q.service_id FROM service_search q WHERE q.document @@ CAST(:words AS tsquery) "
        "AND (CAST(:patterns AS text[]) IS NULL OR q.haystack LIKE ALL (CAST(:patterns AS text[]))))"
    ),
}
_LIKE = sql("ILIKE :like ESCAPE '!'")
# Where a postcode lies is known of the addresses that have it; confidential places have none, and no coordinates.
_SPOTS = sql("FROM address a JOIN location l ON l.id = a.location_id WHERE a.postal_code = :postcode")
_NEAR = sql(
    "EXISTS (SELECT FROM location l, (SELECT avg(l.latitude) AS lat, avg(l.longitude) AS lon "
    "{spots}) c WHERE l.id = t0.location_id AND 2 * 6371008.8 * asin(sqrt(least(1, "
    "power(sin(radians(l.latitude - c.lat) / 2), 2) + cos(radians(c.lat)) * cos(radians(l.latitude)) "
    "* power(sin(radians(l.longitude - c.lon) / 2), 2)))) <= :metres)",
    spots=_SPOTS,
)
_COVERS = sql(
    "EXISTS (SELECT FROM service_area x WHERE x.service_id = t0.service_id AND x.area_code IN ("
    "WITH RECURSIVE up AS (SELECT l.area_code AS code {spots} AND l.area_code IS NOT NULL "
    "UNION SELECT r.parent FROM up JOIN area r ON r.code = up.code WHERE r.parent IS NOT NULL) SELECT code FROM up))",
    spots=_SPOTS,
)


def _of_service(key: Fragment) -> dict[str, Fragment]:
    return {part: replaced(where, "#", key) for part, where in _OF_SERVICE.items()}


_FILTERS: dict[str, dict[str, Fragment]] = {
    "services": {
        **_of_service(sql("t0.id")),
        "organization_id": sql("t0.organization_id = :organization"),
    },
    "service_at_locations": {
        **_of_service(sql("t0.service_id")),
        "organization_id": sql("t0.service_id IN (SELECT s.id FROM service s WHERE s.organization_id = :organization)"),
        "postcode": _COVERS,
        "proximity": _NEAR,
    },
    "organizations": {
        "search": sql(
            "(t0.name {like} OR CAST(t0.name_i18n AS text) {like} OR t0.alternate_name {like} "
            "OR t0.description {like})",
            like=_LIKE,
        )
    },
    "taxonomies": {"search": sql("(t0.name {like} OR t0.description {like})", like=_LIKE)},
    "taxonomy_terms": {
        "search": sql("(t0.name {like} OR t0.description {like} OR t0.code {like})", like=_LIKE),
        "taxonomy_id": sql("t0.taxonomy_id = :taxonomy"),
        "parent_id": sql("t0.parent_id = :parent"),
        "top_only": sql("t0.parent_id IS NULL"),
    },
}
FILTERS: dict[str, tuple[str, ...]] = {name: tuple(found) for name, found in _FILTERS.items()}
"""Collection -> the parts of `Asked` it can be narrowed by."""


@lru_cache(maxsize=512)
def _listing(collection: str, form: Form, narrowed: frozenset[str]) -> TextClause:
    """A page of the collection and its total in one statement: a row without an object where the page is empty."""
    part, where = SHAPES[collection][form], _where(collection, narrowed)
    return statement(
        "WITH hits AS MATERIALIZED (SELECT t0.id FROM {table} t0 WHERE {where} ORDER BY t0.id "
        "LIMIT :rows OFFSET :skip) SELECT n.total, CAST(json_strip_nulls(x.item) AS text) "
        "FROM (SELECT count(*) AS total FROM {table} t0 WHERE {where}) n LEFT JOIN "
        "(SELECT t0.id, {item} AS item FROM hits h JOIN {table} t0 ON t0.id = h.id) x ON true ORDER BY x.id",
        table=name(part.table),
        where=where,
        item=part.json(),
    )


@lru_cache(maxsize=512)
def _following(collection: str, form: Form, narrowed: frozenset[str]) -> TextClause:
    part, where = SHAPES[collection][form], _where(collection, narrowed)
    return statement(
        "WITH hits AS MATERIALIZED (SELECT t0.id FROM {table} t0 WHERE {where} AND t0.id > :after "
        "ORDER BY t0.id LIMIT :rows) SELECT t0.id, CAST(json_strip_nulls({item}) AS text) "
        "FROM hits h JOIN {table} t0 ON t0.id = h.id ORDER BY t0.id",
        table=name(part.table),
        where=where,
        item=part.json(),
    )


@lru_cache(maxsize=64)
def _single(collection: str, form: Form) -> TextClause:
    part = SHAPES[collection][form]
    return statement(
        "SELECT CAST(json_strip_nulls({item}) AS text) FROM {table} t0 WHERE t0.id = :id",
        item=part.json(),
        table=name(part.table),
    )


_MANY = text(
    "SELECT count(*) FROM (SELECT FROM service WHERE organization_id = ANY(CAST(:ids AS uuid[])) LIMIT :most) s"
)


def _where(collection: str, narrowed: frozenset[str]) -> Fragment:
    known = _FILTERS[collection]
    return joined(" AND ", [known[part] for part in sorted(narrowed)] or [sql("true")])


async def _given(session: AsyncSession, collection: str, asked: Asked) -> tuple[frozenset[str], dict[str, Any]] | None:
    """Which filters apply and their values; None where nothing can be found."""
    by_service = collection in {"services", "service_at_locations"}
    values: dict[str, Any] = {
        "term": asked.taxonomy_term_id, "taxonomy": asked.taxonomy_id, "organization": asked.organization_id,
        "modified": asked.modified_after, "parent": asked.parent_id, "metres": asked.proximity,
        "postcode": asked.postcode,
    }  # fmt: skip
    narrowed = {part for part in FILTERS[collection] if getattr(asked, part) not in (None, False)}
    if "proximity" in narrowed:  # then the postcode only says from where
        narrowed.discard("postcode")
    if asked.search is not None and by_service:
        words = await understood(session, SearchQuery(text=asked.search))
        if words is None or words.known.words is None:
            return None
        values |= {"words": words.known.words.tsquery, "patterns": words.given["patterns"]}
    elif asked.search is not None:
        escaped = asked.search.replace("!", "!!").replace("%", "!%").replace("_", "!_")
        values["like"] = f"%{escaped}%"
    return frozenset(narrowed), values


def _bound(prepared: TextClause, values: dict[str, Any]) -> dict[str, Any]:
    return {bound: values[bound] for bound in prepared.compile().params}


async def page(session: AsyncSession, collection: str, asked: Asked, form: Form, rows: int, skip: int) -> Page:
    """`rows` objects after the first `skip`, in the order of their ids, and how many there are in all."""
    given = await _given(session, collection, asked)
    if given is None:
        return Page(0, ())
    narrowed, values = given
    prepared = _listing(collection, form, narrowed)
    found = (await session.execute(prepared, _bound(prepared, values | {"rows": rows, "skip": skip}))).all()
    return Page(found[0][0], tuple(row[1] for row in found if row[1] is not None))


async def following(
    session: AsyncSession, collection: str, asked: Asked, form: Form, rows: int, after: UUID = _FIRST
) -> Sequence[tuple[UUID, str]]:
    """(id, JSON) of up to `rows` objects whose ids come after `after`."""
    given = await _given(session, collection, asked)
    if given is None:
        return []
    narrowed, values = given
    prepared = _following(collection, form, narrowed)
    found = (await session.execute(prepared, _bound(prepared, values | {"rows": rows, "after": after}))).all()
    return [(row[0], row[1]) for row in found]


async def one(session: AsyncSession, collection: str, id_: UUID, form: Form) -> str | None:
    """The JSON of one object, or None."""
    found: str | None = (await session.execute(_single(collection, form), {"id": id_})).scalar_one_or_none()
    return found


async def services_of(session: AsyncSession, organizations: Sequence[UUID], most: int) -> int:
    """How many services these agencies have together, counted up to `most`."""
    return int((await session.execute(_MANY, {"ids": list(organizations), "most": most})).scalar_one())
