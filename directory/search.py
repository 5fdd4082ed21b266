"""Finding services, and reading what the directory holds: rows, not entities; hoisted statements; keyset pages."""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .refresh import COVERS, NEED, NETWORK, WITHIN
from .taxonomy import NEEDS, NETWORKS
from .words import text_query

COUNT_CAP = 1001
MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is looked for; parts left out do not narrow. An unknown need, area or network finds nothing."""

    text: str | None = None
    need: str | None = None
    area: str | None = None
    network: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """A service as lists show it. `latitude` and `longitude` are of an open location or the area, never a shelter's."""

    id: UUID
    organization_id: UUID
    name: str
    name_i18n: dict[str, str]
    description: str
    status: str
    url: str
    email: str
    application_process: str
    fees_description: str
    eligibility_description: str
    minimum_age: int | None
    maximum_age: int | None
    genders: tuple[str, ...]
    organization_name: str
    organization_name_i18n: dict[str, str]
    network: str | None
    organization_status: str
    needs: tuple[str, ...]
    areas: tuple[str, ...]
    languages: tuple[str, ...]
    phones: tuple[str, ...]
    confidential: bool
    available: int | None
    unit: str | None
    capacity_updated: Any
    capacity_expires: Any

    def title(self, language: str) -> str:
        """The service's name in a language, or as its agency wrote it."""
        return self.name_i18n.get(language) or self.name

    def agency(self, language: str) -> str:
        """The agency's name in a language, or as it wrote it."""
        return self.organization_name_i18n.get(language) or self.organization_name


@dataclass(frozen=True, slots=True)
class OrganizationRow:
    """An agency as lists show it."""

    id: UUID
    name: str
    name_i18n: dict[str, str]
    description: str
    network: str | None
    status: str
    email: str
    website: str
    source: str
    source_id: str
    services: int


@dataclass(frozen=True, slots=True)
class AreaRow:
    """An area and its names by language."""

    code: str
    parent: str | None
    kind: str
    names: dict[str, str]
    latitude: float | None
    longitude: float | None

    def title(self, language: str) -> str:
        """The area's name in a language, or in any."""
        return self.names.get(language) or next(iter(self.names.values()), self.code)


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page. `total_capped` counts up to COUNT_CAP: 1,001 means "1,000+"; None where it was not asked."""

    rows: tuple[ServiceRow, ...]
    end_cursor: str | None
    has_next: bool
    total_capped: int | None = None
    cursors: tuple[str, ...] = ()
    """One for each row, to read on after it."""
    distances: dict[UUID, int] = field(default_factory=dict)
    """Metres from the middle of the area asked for, where both are known."""


# A service's place in the order: how well it fits (name hit, covers the area itself), then metres, then id.
_FAR = 2**31 - 1
_HITS = """
SELECT q.service_id,
  CASE WHEN CAST(:first AS text) IS NULL OR q.name LIKE :first THEN 0 ELSE 4 END
  + CASE WHEN CAST(:area AS text) IS NULL OR :area = ANY(q.areas) THEN 0
         WHEN q.areas && CAST(:chain AS text[]) THEN 1 ELSE 2 END AS rank,
  COALESCE(CAST(round(2 * 6371008.8 * asin(sqrt(least(1, power(sin(radians(q.latitude - :lat) / 2), 2)
    + cos(radians(:lat)) * cos(radians(q.latitude)) * power(sin(radians(q.longitude - :lon) / 2), 2))))) AS integer),
    2147483647) AS metres
FROM service_search q WHERE q.document @@ CAST(:tsquery AS tsquery)
  AND (CAST(:patterns AS text[]) IS NULL OR q.haystack LIKE ALL (CAST(:patterns AS text[])))
"""
_SEARCH = text(
    f"SELECT * FROM ({_HITS}) h WHERE (rank, metres, service_id) > (:after_rank, :after_metres, "  # noqa: S608 - built of constants, values are bound
    "CAST(:after_id AS uuid)) ORDER BY rank, metres, service_id LIMIT :rows"
)
_COUNT = text(
    "SELECT count(*) FROM (SELECT FROM service_search q WHERE q.document @@ CAST(:tsquery AS tsquery) "
    "AND (CAST(:patterns AS text[]) IS NULL OR q.haystack LIKE ALL (CAST(:patterns AS text[]))) LIMIT 1001) x"
)
_ALL = text(
    "SELECT service_id, 0 AS rank, 2147483647 AS metres FROM service_search "
    "WHERE service_id > CAST(:after_id AS uuid) ORDER BY service_id LIMIT :rows"
)
_COUNT_ALL = text("SELECT count(*) FROM (SELECT FROM service_search LIMIT 1001) x")

_CHAIN = text(
    "WITH RECURSIVE up AS (SELECT code, parent, latitude, longitude FROM area WHERE code = :area "
    "UNION SELECT a.code, a.parent, a.latitude, a.longitude FROM up JOIN area a ON a.code = up.parent) "
    "SELECT code, latitude, longitude FROM up"
)

_SERVICES = text(
    """
SELECT s.id, s.organization_id, s.name, s.name_i18n, s.description, s.status, s.url, s.email, s.application_process,
  s.fees_description, s.eligibility_description, s.minimum_age, s.maximum_age, s.genders, o.name, o.name_i18n,
  o.network, o.status,
  ARRAY(SELECT DISTINCT t.need FROM attribute b JOIN taxonomy_term t ON t.id = b.taxonomy_term_id
    WHERE b.service_id = s.id AND t.need IS NOT NULL ORDER BY 1),
  ARRAY(SELECT DISTINCT area_code FROM service_area WHERE service_id = s.id AND area_code IS NOT NULL ORDER BY 1),
  ARRAY(SELECT DISTINCT code FROM language WHERE service_id = s.id AND code IS NOT NULL ORDER BY 1),
  ARRAY(SELECT number FROM phone WHERE service_id = s.id ORDER BY id),
  EXISTS (SELECT FROM service_at_location k JOIN location l ON l.id = k.location_id
    WHERE k.service_id = s.id AND l.location_type = 'confidential'),
  c.available, c.unit, c.updated, c.expires
FROM service s JOIN organization o ON o.id = s.organization_id
LEFT JOIN LATERAL (SELECT * FROM service_capacity WHERE service_id = s.id
  ORDER BY updated DESC, available DESC, id LIMIT 1) c ON true
WHERE s.id = ANY(CAST(:ids AS uuid[]))"""
)

_ORGANIZATION_FIELDS = (
    "o.id, o.name, o.name_i18n, o.description, o.network, o.status, o.email, o.website, o.source, o.source_id, "
    "(SELECT count(*) FROM service s WHERE s.organization_id = o.id)"
)
_ORGANIZATION = text(f"SELECT {_ORGANIZATION_FIELDS} FROM organization o WHERE o.id = ANY(CAST(:ids AS uuid[]))")  # noqa: S608 - built of constants, values are bound
_ORGANIZATIONS = text(
    f"SELECT {_ORGANIZATION_FIELDS} FROM organization o WHERE o.id > CAST(:after AS uuid) "  # noqa: S608 - built of constants, values are bound
    "AND (CAST(:network AS text) IS NULL OR o.network = :network) ORDER BY o.id LIMIT :rows"
)
_AREAS = text(
    "SELECT code, parent, kind, names, latitude, longitude FROM area "
    "WHERE (CAST(:parent AS text) IS NULL OR parent = :parent) AND (CAST(:kind AS text) IS NULL OR kind = :kind) "
    "ORDER BY code"
)


def _cursor(rank: int, metres: int, service_id: UUID) -> str:
    return base64.urlsafe_b64encode(struct.pack(">Bi", rank, metres) + service_id.bytes).decode()


def _after(cursor: str | None) -> tuple[int, int, UUID]:
    if not cursor:
        return -1, 0, UUID(int=0)
    try:
        raw = base64.b64decode(cursor, altchars=b"-_", validate=True)
        rank, metres = struct.unpack(">Bi", raw[:5])
        return rank, metres, UUID(bytes=raw[5:])
    except (ValueError, struct.error, binascii.Error) as error:
        raise ValueError("cursor") from error


def _quoted(token: str) -> str:
    return "'" + token.replace("\\", "\\\\").replace("'", "''") + "'"


async def chain(session: AsyncSession, area: str) -> list[tuple[str, float | None, float | None]]:
    """The area and those that contain it, nearest first: (code, latitude, longitude). Empty: no such area."""
    return [(r[0], r[1], r[2]) for r in (await session.execute(_CHAIN, {"area": area})).all()]


async def search(
    session: AsyncSession, query: SearchQuery, first: int = 20, after: str | None = None, *, count: bool = True
) -> SearchPage:
    """Services that meet the query, best first: name hits, then those that cover the area itself, then the nearest.

    `first` is cut to MOST_ROWS. A cursor that is none of ours raises ValueError.
    """
    rows = max(1, min(first, MOST_ROWS))
    rank, metres, service_id = _after(after)
    given: dict[str, Any] = {
        "first": None, "area": query.area, "chain": None, "lat": None, "lon": None, "tsquery": "", "patterns": None,
        "after_rank": rank, "after_metres": metres, "after_id": service_id, "rows": rows + 1,
    }  # fmt: skip
    parts: list[str] = []
    if {query.need} - {None, *NEEDS} or {query.network} - {None, *NETWORKS}:
        return SearchPage((), None, False, 0)
    if query.area is not None:
        up = await chain(session, query.area)
        if not up:
            return SearchPage((), None, False, 0)
        (_, given["lat"], given["lon"]), given["chain"] = up[0], [code for code, *_ in up[1:]]
        need = query.need or ""
        parts.append(
            "("
            + " | ".join([_quoted(need + WITHIN + query.area), *(_quoted(need + COVERS + c) for c in given["chain"])])
            + ")"
        )
    elif query.need is not None:
        parts.append(_quoted(NEED + query.need))
    if query.network is not None:
        parts.append(_quoted(NETWORK + query.network))
    if query.text and query.text.strip():
        words = text_query(query.text)
        if words is None:
            return SearchPage((), None, False, 0)
        parts.append(words.tsquery)
        given["patterns"], given["first"] = list(words.patterns) or None, words.first
    given["tsquery"] = " & ".join(parts)
    hits = (await session.execute(_SEARCH if parts else _ALL, given)).all()
    total = None
    if count:
        total = (await session.execute(_COUNT if parts else _COUNT_ALL, given)).scalar_one()
    page = hits[:rows]
    return SearchPage(
        tuple(await services(session, [h[0] for h in page])),
        _cursor(page[-1][1], page[-1][2], page[-1][0]) if page else None,
        len(hits) > rows,
        total,
        tuple(_cursor(h[1], h[2], h[0]) for h in page),
        {h[0]: h[2] for h in page if h[2] != _FAR},
    )


async def services(session: AsyncSession, ids: Sequence[UUID]) -> list[ServiceRow]:
    """The services of these ids, in the order of the ids; unknown ids are left out."""
    if not ids:
        return []
    found = {r[0]: _service(r) for r in (await session.execute(_SERVICES, {"ids": list(ids)})).all()}
    return [found[i] for i in ids if i in found]


def _service(row: Sequence[Any]) -> ServiceRow:
    listed = {13, 18, 19, 20, 21}
    values: list[Any] = [tuple(v) if i in listed else v for i, v in enumerate(row)]
    return ServiceRow(*values)


async def service(session: AsyncSession, service_id: UUID) -> ServiceRow | None:
    """One service, or None."""
    return next(iter(await services(session, [service_id])), None)


async def organization(session: AsyncSession, organization_id: UUID) -> OrganizationRow | None:
    """One agency, or None."""
    row = (await session.execute(_ORGANIZATION, {"ids": [organization_id]})).first()
    return OrganizationRow(*row) if row else None


async def organizations(
    session: AsyncSession, *, network: str | None = None, first: int = MOST_ROWS, after: UUID | None = None
) -> list[OrganizationRow]:
    """Agencies in the order of their ids, of one network or of all."""
    given = {"network": network, "rows": max(1, min(first, MOST_ROWS)), "after": after or UUID(int=0)}
    return [OrganizationRow(*row) for row in (await session.execute(_ORGANIZATIONS, given)).all()]


async def organizations_by_id(session: AsyncSession, ids: Sequence[UUID]) -> list[OrganizationRow]:
    """The agencies of these ids, in the order of the ids; unknown ids are left out."""
    rows = (await session.execute(_ORGANIZATION, {"ids": list(ids)})).all() if ids else []
    found = {r[0]: OrganizationRow(*r) for r in rows}
    return [found[i] for i in ids if i in found]


async def areas(session: AsyncSession, *, parent: str | None = None, kind: str | None = None) -> list[AreaRow]:
    """Areas by code, all of them or the children of one, of one kind or of all."""
    rows = (await session.execute(_AREAS, {"parent": parent, "kind": kind})).all()
    return [AreaRow(*row) for row in rows]
