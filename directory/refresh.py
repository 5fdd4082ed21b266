"""Keeping what routing and search read in step with the entities: called by every write, set-based."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from .derived import MINUTES_A_WEEK, MOST_RANGES
from .taxonomy import NEEDS
from .words import normal, tokens

_BATCH = 1000
_BY_IDS = "s.id = ANY(CAST(:ids AS uuid[]))"
_BY_RUN = (
    "(s.seen = :run OR EXISTS (SELECT FROM organization o WHERE o.id = s.organization_id AND o.seen = :run) "
    "OR EXISTS (SELECT FROM service_at_location k JOIN location l ON l.id = k.location_id "
    "WHERE k.service_id = s.id AND l.seen = :run))"
)

# Places named by the addresses of services that say nowhere where they serve; `~` marks what nobody declared.
_PLACES = """
WITH bare AS (
  SELECT s.id FROM service s WHERE s.seen = :run
  AND NOT EXISTS (SELECT FROM service_area x WHERE x.service_id = s.id AND NOT x.derived)),
spot AS (
  SELECT b.id AS service_id, l.latitude, l.longitude, upper(trim(a.country)) AS country,
    upper(trim(a.state_province)) AS state, regexp_replace(trim(a.city), '\\s+', ' ', 'g') AS city
  FROM bare b JOIN service_at_location k ON k.service_id = b.id
  JOIN location l ON l.id = k.location_id AND l.area_code IS NULL
  JOIN address a ON a.location_id = l.id AND a.address_type = 'physical'
  WHERE trim(a.state_province) <> '' OR trim(a.country) <> ''),
coded AS (
  SELECT *, '~' || country AS c0, '~' || country || '/' || state AS c1,
    '~' || country || '/' || state || '/' || lower(city) AS c2 FROM spot)
"""

_INSERT_PLACES = text(
    _PLACES  # noqa: S608 - built of constants, values are bound
    + """,
place AS (
  SELECT c0 AS code, NULL AS parent, 'country' AS kind, max(country) AS name, avg(latitude) AS lat,
    avg(longitude) AS lon FROM coded WHERE country <> '' GROUP BY c0
  UNION ALL SELECT c1, CASE WHEN max(country) <> '' THEN max(c0) END, 'state', max(state), avg(latitude),
    avg(longitude) FROM coded WHERE state <> '' GROUP BY c1
  UNION ALL SELECT c2, CASE WHEN max(state) <> '' THEN max(c1) ELSE max(c0) END, 'city', max(city), avg(latitude),
    avg(longitude) FROM coded WHERE city <> '' GROUP BY c2)
INSERT INTO area AS t (code, parent, kind, names, latitude, longitude)
SELECT code, parent, kind, jsonb_build_object('en', name), lat, lon FROM place
ON CONFLICT (code) DO UPDATE SET latitude = COALESCE(excluded.latitude, t.latitude),
  longitude = COALESCE(excluded.longitude, t.longitude)"""
)

_INSERT_DERIVED = text(
    _PLACES  # noqa: S608 - built of constants, values are bound
    + """,
target AS (
  SELECT DISTINCT service_id, CASE WHEN city <> '' THEN c2 WHEN state <> '' THEN c1 ELSE c0 END AS area FROM coded
  UNION
  SELECT b.id, l.area_code FROM bare b JOIN service_at_location k ON k.service_id = b.id
  JOIN location l ON l.id = k.location_id WHERE l.area_code IS NOT NULL)
INSERT INTO service_area AS t (source, source_id, seen, service_id, area_code, derived)
SELECT :source, '~' || service_id || '@' || area, CAST(:run AS uuid), service_id, area, true FROM target
ON CONFLICT (source, source_id) DO UPDATE SET seen = excluded.seen"""
)

_FORGET_DERIVED = text(
    "DELETE FROM service_area x USING service s WHERE s.id = x.service_id AND s.seen = :run AND x.derived "
    "AND x.seen IS DISTINCT FROM :run"
)


# Freshly filled tables have no statistics, and only their owner may gather them: without this the planner loops.
WHOLE_TABLES = text("SELECT set_config('enable_nestloop', 'off', true)")
SINGLE_ROWS = text("SELECT set_config('enable_nestloop', 'on', true)")


async def derive_areas(session: AsyncSession, source: str, run: UUID) -> None:
    """Give services of this import that declare no area the places of their open locations."""
    given = {"source": source, "run": run}
    for statement in (_INSERT_PLACES, _INSERT_DERIVED, _FORGET_DERIVED):
        await session.execute(statement, given)


def _routes(scope: str) -> TextClause:
    return text(
        f"""
WITH sv AS (
  SELECT s.*, o.network, CASE WHEN o.status = 'suspended' THEN 'suspended'
    WHEN o.status <> 'active' OR s.status <> 'active' THEN 'closed' ELSE '' END AS closed
  FROM service s JOIN organization o ON o.id = s.organization_id WHERE {scope}),
spot AS (
  SELECT DISTINCT ON (sv.id) sv.id, l.latitude, l.longitude FROM sv
  JOIN service_at_location k ON k.service_id = sv.id JOIN location l ON l.id = k.location_id
  WHERE l.latitude IS NOT NULL AND l.longitude IS NOT NULL ORDER BY sv.id, l.id),
cap AS (
  SELECT DISTINCT ON (sv.id) sv.id, c.available, c.updated, c.expires FROM sv
  JOIN service_capacity c ON c.service_id = sv.id ORDER BY sv.id, c.updated DESC, c.available DESC, c.id),
hour AS (
  SELECT sv.id, h.opens_at, h.closes_at, h.byday FROM sv JOIN schedule h ON h.service_id = sv.id AND h.valid_to IS NULL
  UNION ALL
  SELECT sv.id, h.opens_at, h.closes_at, h.byday FROM sv JOIN service_at_location k ON k.service_id = sv.id
  JOIN schedule h ON h.location_id = k.location_id AND h.service_id IS NULL AND h.valid_to IS NULL
  WHERE NOT EXISTS (SELECT FROM schedule own WHERE own.service_id = sv.id)),
minute AS (
  SELECT id, m AS opens, m + CASE WHEN len > 0 THEN len ELSE len + 1440 END AS closes FROM (
    SELECT id, (strpos('MOTUWETHFRSASU', d) - 1) / 2 * 1440 + extract(epoch FROM opens_at)::int / 60 AS m,
      extract(epoch FROM closes_at - opens_at)::int / 60 AS len
    FROM hour, unnest(string_to_array(byday, ',')) AS d
    WHERE opens_at IS NOT NULL AND closes_at IS NOT NULL AND d <> '') x),
hours AS (
  SELECT id, CASE WHEN count(*) <= {MOST_RANGES} THEN range_agg(r) END AS hours FROM (
    SELECT id, int4range(opens, least(closes, {MINUTES_A_WEEK})) AS r FROM minute
    UNION SELECT id, int4range(0, closes - {MINUTES_A_WEEK}) FROM minute WHERE closes > {MINUTES_A_WEEK}) x
  GROUP BY id),
lang AS (
  SELECT id, (array_agg(DISTINCT code ORDER BY code))[1:20] AS codes FROM (
    SELECT sv.id, g.code FROM sv JOIN language g ON g.service_id = sv.id WHERE g.code IS NOT NULL
    UNION SELECT sv.id, g.code FROM sv JOIN service_at_location k ON k.service_id = sv.id
    JOIN language g ON g.location_id = k.location_id AND g.service_id IS NULL WHERE g.code IS NOT NULL) x GROUP BY id),
acc AS (
  SELECT sv.id, (array_agg(DISTINCT a.code ORDER BY a.code))[1:20] AS codes FROM sv
  JOIN service_at_location k ON k.service_id = sv.id JOIN accessibility a ON a.location_id = k.location_id
  WHERE a.code IS NOT NULL GROUP BY sv.id)
INSERT INTO service_route (need, area, service_id, organization_id, mandated, closed, latitude, longitude, available,
  updated, expires, hours, languages, accessibility, minimum_age, maximum_age, genders)
SELECT n.need, x.area_code, sv.id, sv.organization_id,
  COALESCE((n.need, sv.network) IN (SELECT * FROM unnest(CAST(:needs AS text[]), CAST(:networks AS text[]))), false),
  sv.closed, COALESCE(spot.latitude, a.latitude), COALESCE(spot.longitude, a.longitude), cap.available, cap.updated,
  cap.expires, hours.hours, COALESCE(lang.codes, '{{}}'), COALESCE(acc.codes, '{{}}'), sv.minimum_age, sv.maximum_age,
  sv.genders
FROM sv
JOIN (SELECT DISTINCT b.service_id, t.need FROM attribute b JOIN taxonomy_term t ON t.id = b.taxonomy_term_id
  WHERE t.need IS NOT NULL) n ON n.service_id = sv.id
JOIN (SELECT DISTINCT service_id, area_code FROM service_area WHERE area_code IS NOT NULL) x ON x.service_id = sv.id
JOIN area a ON a.code = x.area_code
LEFT JOIN spot ON spot.id = sv.id LEFT JOIN cap ON cap.id = sv.id LEFT JOIN hours ON hours.id = sv.id
LEFT JOIN lang ON lang.id = sv.id LEFT JOIN acc ON acc.id = sv.id"""  # noqa: S608 - built of constants, values are bound
    )


def _texts(scope: str) -> TextClause:
    return text(
        f"""
SELECT s.id, s.organization_id, s.name, s.name_i18n, s.alternate_name, s.description, s.eligibility_description,
  o.name, o.name_i18n, o.alternate_name, w.terms, w.needs, x.areas, x.wide, p.latitude, p.longitude, o.network
FROM (SELECT * FROM service s WHERE s.id > :after AND {scope} ORDER BY s.id LIMIT {_BATCH}) s
JOIN organization o ON o.id = s.organization_id
LEFT JOIN LATERAL (SELECT array_agg(DISTINCT t.name) AS terms, array_agg(DISTINCT t.need) AS needs
  FROM attribute b JOIN taxonomy_term t ON t.id = b.taxonomy_term_id WHERE b.service_id = s.id) w ON true
LEFT JOIN LATERAL (
  WITH RECURSIVE up AS (
    SELECT area_code AS code FROM service_area WHERE service_id = s.id AND area_code IS NOT NULL
    UNION SELECT a.parent FROM up JOIN area a ON a.code = up.code WHERE a.parent IS NOT NULL)
  SELECT (SELECT array_agg(DISTINCT area_code) FROM service_area WHERE service_id = s.id AND area_code IS NOT NULL)
    AS areas, (SELECT array_agg(code) FROM up) AS wide) x ON true
LEFT JOIN LATERAL (
  SELECT l.latitude, l.longitude FROM service_at_location k JOIN location l ON l.id = k.location_id
  WHERE k.service_id = s.id AND l.latitude IS NOT NULL AND l.longitude IS NOT NULL
  UNION ALL
  SELECT a.latitude, a.longitude FROM area a WHERE a.code = x.areas[1] AND a.latitude IS NOT NULL
  LIMIT 1) p ON true
ORDER BY s.id"""  # noqa: S608 - built of constants, values are bound
    )


def _forget_routes(scope: str) -> TextClause:
    return text(f"DELETE FROM service_route r USING service s WHERE s.id = r.service_id AND {scope}")  # noqa: S608 - built of constants, values are bound


_ROUTES = {scope: (_forget_routes(scope), _routes(scope)) for scope in (_BY_IDS, _BY_RUN)}
_TEXTS = {scope: _texts(scope) for scope in (_BY_IDS, _BY_RUN)}
_DUTIES = [(need.code, network) for need in NEEDS.values() for network in need.networks]

_WRITE_SEARCH = text(
    "INSERT INTO service_search (service_id, organization_id, name, haystack, areas, latitude, longitude, document) "
    "SELECT s.id, s.organization, s.name, s.haystack, string_to_array(s.areas, chr(31)), s.latitude, s.longitude, "
    "array_to_tsvector(string_to_array(s.document, chr(31))) "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:organizations AS uuid[]), CAST(:names AS text[]), "
    "CAST(:haystacks AS text[]), CAST(:areas AS text[]), CAST(:latitudes AS float8[]), CAST(:longitudes AS float8[]), "
    "CAST(:documents AS text[])) AS s(id, organization, name, haystack, areas, latitude, longitude, document) "
    "ON CONFLICT (service_id) DO UPDATE SET organization_id = excluded.organization_id, name = excluded.name, "
    "haystack = excluded.haystack, areas = excluded.areas, latitude = excluded.latitude, "
    "longitude = excluded.longitude, document = excluded.document"
)

# Tokens that are no words: they hold characters no word token can. `@` need in area, `*` what contains a covered area.
COVERS, WITHIN, NEED, NETWORK = "@", "*", "!", "#"


def place_tokens(needs: Sequence[str], areas: Sequence[str], wide: Sequence[str], network: str | None) -> set[str]:
    """Tokens of the needs a service meets, of the areas it covers and lies within, and of each need in each area."""
    found = {NEED + n for n in needs}
    if network:
        found.add(NETWORK + network)
    for mark, codes in ((COVERS, areas), (WITHIN, wide)):
        found.update(mark + code for code in codes)
        found.update(n + mark + code for n in needs for code in codes)
    return found


async def _write_search(session: AsyncSession, scope: str, given: dict[str, object]) -> None:
    after = UUID(int=0)
    while rows := (await session.execute(_TEXTS[scope], {**given, "after": after})).all():
        after = rows[-1][0]
        columns: dict[str, list[object]] = {
            k: []
            for k in ("ids", "organizations", "names", "haystacks", "areas", "latitudes", "longitudes", "documents")
        }
        for row in rows:
            (service, organization, name, names, other, said, eligible, owner, owner_names, owner_other) = row[:10]
            terms, needs, areas, wide, latitude, longitude, network = row[10:]
            title = normal(" / ".join(dict.fromkeys([name, *names.values(), other, owner, *owner_names.values()])))
            needs = [n for n in needs or [] if n]
            named = [v for n in needs for v in NEEDS[n].names.values()]
            haystack = normal(" / ".join([title, owner_other, said, eligible, *(terms or []), *named]))
            document = tokens(haystack) | place_tokens(needs, areas or [], wide or [], network)
            for key, value in zip(
                columns,
                (service, organization, title, haystack, "\x1f".join(areas or []), latitude, longitude,
                 "\x1f".join(document)),
                strict=True,
            ):  # fmt: skip
                columns[key].append(value)
        await session.execute(_WRITE_SEARCH, columns)


async def _write_routes(session: AsyncSession, scope: str, given: dict[str, object]) -> None:
    forget, write = _ROUTES[scope]
    await session.execute(forget, given)
    await session.execute(write, {**given, "needs": [d[0] for d in _DUTIES], "networks": [d[1] for d in _DUTIES]})


async def refresh_services(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Rebuild the routes and search rows of these services."""
    await _write_routes(session, _BY_IDS, {"ids": list(ids)})
    await _write_search(session, _BY_IDS, {"ids": list(ids)})


async def refresh_run(session: AsyncSession, run: UUID) -> None:
    """Rebuild the routes and search rows of every service an import touched, itself or through its agency or place."""
    await session.execute(WHOLE_TABLES)
    await _write_routes(session, _BY_RUN, {"run": run})
    await session.execute(SINGLE_ROWS)
    await _write_search(session, _BY_RUN, {"run": run})
