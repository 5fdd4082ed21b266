"""What routing and search hold of services, gathered from the entities for both, a batch at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from .derived import MINUTES_A_WEEK, MOST_RANGES
from .sql import sql, statement

# Of RFC 5545 only what recurs each week for good is an hour of the week.
_WEEKLY = sql(
    "h.valid_to IS NULL AND h.until IS NULL AND h.count IS NULL AND COALESCE(h.freq, 'WEEKLY') = 'WEEKLY' "
    "AND COALESCE(h.interval, 1) = 1 AND h.byweekno = '' AND h.bymonthday = '' AND h.byyearday = ''"
)
# Each table is looked up for one service at a time, in a subquery that OFFSET keeps apart: freshly filled tables have
# no statistics, and nothing is left to guess. What was found is small, and is brought together by hashing.
_GATHER = statement(
    """
WITH RECURSIVE sv AS MATERIALIZED (SELECT id, nth FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS u(id, nth)),
spot AS MATERIALIZED (
  SELECT sv.id, k.location_id FROM sv CROSS JOIN LATERAL (
    SELECT k.location_id FROM service_at_location k WHERE k.service_id = sv.id OFFSET 0) k),
own AS MATERIALIZED (
  SELECT sv.id, h.opens_at, h.closes_at, h.byday, h.weekly FROM sv CROSS JOIN LATERAL (
    SELECT h.opens_at, h.closes_at, h.byday, {weekly} AS weekly FROM schedule h
    WHERE h.service_id = sv.id OFFSET 0) h),
hour AS (
  SELECT id, opens_at, closes_at, byday FROM own WHERE weekly
  UNION ALL
  SELECT spot.id, h.opens_at, h.closes_at, h.byday FROM spot CROSS JOIN LATERAL (
    SELECT h.opens_at, h.closes_at, h.byday, h.service_id, {weekly} AS weekly FROM schedule h
    WHERE h.location_id = spot.location_id OFFSET 0) h
  WHERE h.service_id IS NULL AND h.weekly AND spot.id NOT IN (SELECT id FROM own)),
minute AS MATERIALIZED (
  SELECT id, m AS opens, m + CASE WHEN len > 0 THEN len ELSE len + 1440 END AS closes FROM (
    SELECT id, (strpos('MOTUWETHFRSASU', d) - 1) / 2 * 1440 + extract(epoch FROM opens_at)::int / 60 AS m,
      extract(epoch FROM closes_at - opens_at)::int / 60 AS len
    FROM hour, unnest(string_to_array(byday, ',')) AS d
    WHERE opens_at IS NOT NULL AND closes_at IS NOT NULL AND length(d) = 2) x),
hours AS (
  SELECT id, CASE WHEN count(*) <= {most} THEN CAST(range_agg(r) AS text) END AS hours FROM (
    SELECT id, int4range(opens, least(closes, {week})) AS r FROM minute
    UNION SELECT id, int4range(0, closes - {week}) FROM minute WHERE closes > {week}) x
  GROUP BY id),
lang AS (
  SELECT id, (array_agg(DISTINCT code ORDER BY code))[1:20] AS codes FROM (
    SELECT sv.id, g.code FROM sv CROSS JOIN LATERAL (
      SELECT g.code FROM language g WHERE g.service_id = sv.id OFFSET 0) g
    UNION ALL
    SELECT spot.id, g.code FROM spot CROSS JOIN LATERAL (
      SELECT g.code, g.service_id FROM language g WHERE g.location_id = spot.location_id OFFSET 0) g
    WHERE g.service_id IS NULL) x
  WHERE code IS NOT NULL
  GROUP BY id),
acc AS (
  SELECT spot.id, (array_agg(DISTINCT a.code ORDER BY a.code))[1:20] AS codes FROM spot CROSS JOIN LATERAL (
    SELECT a.code FROM accessibility a WHERE a.location_id = spot.location_id OFFSET 0) a
  WHERE a.code IS NOT NULL GROUP BY spot.id),
position AS (
  SELECT DISTINCT ON (spot.id) spot.id, l.latitude, l.longitude FROM spot CROSS JOIN LATERAL (
    SELECT l.latitude, l.longitude FROM location l WHERE l.id = spot.location_id OFFSET 0) l
  WHERE l.latitude IS NOT NULL AND l.longitude IS NOT NULL ORDER BY spot.id, spot.location_id),
term AS (
  SELECT b.id, array_agg(DISTINCT t.name) AS terms,
    array_agg(DISTINCT t.need) FILTER (WHERE t.need IS NOT NULL) AS needs
  FROM (SELECT sv.id, b.taxonomy_term_id FROM sv CROSS JOIN LATERAL (
    SELECT b.taxonomy_term_id FROM attribute b WHERE b.service_id = sv.id OFFSET 0) b) b
  CROSS JOIN LATERAL (SELECT t.name, t.need FROM taxonomy_term t WHERE t.id = b.taxonomy_term_id OFFSET 0) t
  GROUP BY b.id),
declared AS MATERIALIZED (
  SELECT DISTINCT sv.id, x.area_code AS code FROM sv CROSS JOIN LATERAL (
    SELECT x.area_code FROM service_area x WHERE x.service_id = sv.id OFFSET 0) x
  WHERE x.area_code IS NOT NULL),
up(code, above) AS (
  SELECT d.code, a.parent FROM (SELECT DISTINCT code FROM declared) d CROSS JOIN LATERAL (
    SELECT a.parent FROM area a WHERE a.code = d.code AND a.parent IS NOT NULL OFFSET 0) a
  UNION
  SELECT up.code, a.parent FROM up CROSS JOIN LATERAL (
    SELECT a.parent FROM area a WHERE a.code = up.above AND a.parent IS NOT NULL OFFSET 0) a),
areas AS (SELECT id, array_agg(code ORDER BY code) AS codes FROM declared GROUP BY id),
wide AS (
  SELECT id, array_agg(code) AS codes FROM (
    SELECT id, code FROM declared UNION SELECT d.id, up.above FROM declared d JOIN up ON up.code = d.code) x
  GROUP BY id),
room AS (
  SELECT sv.id, c.available, c.updated, c.expires FROM sv CROSS JOIN LATERAL (
    SELECT c.available, c.updated, c.expires FROM service_capacity c WHERE c.service_id = sv.id
    ORDER BY c.updated DESC, c.available DESC, c.id LIMIT 1) c),
price AS (
  SELECT sv.id, array_agg(c.amount) AS amounts,
    string_agg(concat_ws(' ', c.option, c.amount_description), ' / ') AS prices FROM sv CROSS JOIN LATERAL (
    SELECT c.amount, c.option, c.amount_description FROM cost_option c
    WHERE c.service_id = sv.id AND (c.valid_to IS NULL OR c.valid_to >= CURRENT_DATE) OFFSET 0) c
  GROUP BY sv.id),
base AS MATERIALIZED (
  SELECT sv.nth, s.*, o.* FROM sv CROSS JOIN LATERAL (
    SELECT s.id, s.organization_id, s.status, s.name, s.name_i18n, s.alternate_name, s.description,
      s.eligibility_description, s.fees_description, s.minimum_age, s.maximum_age, s.genders
    FROM service s WHERE s.id = sv.id OFFSET 0) s
  CROSS JOIN LATERAL (
    SELECT o.network, o.status AS standing, o.name AS owner, o.name_i18n AS owner_i18n, o.alternate_name AS owner_other
    FROM organization o WHERE o.id = s.organization_id OFFSET 0) o)
SELECT base.*, term.terms, term.needs, areas.codes AS areas, wide.codes AS wide, position.latitude, position.longitude,
  middle.latitude AS middle_latitude, middle.longitude AS middle_longitude, hours.hours, lang.codes AS languages,
  acc.codes AS accessibility, room.available, room.updated, room.expires, price.amounts, price.prices
FROM base
LEFT JOIN term ON term.id = base.id
LEFT JOIN areas ON areas.id = base.id
LEFT JOIN wide ON wide.id = base.id
LEFT JOIN position ON position.id = base.id
LEFT JOIN LATERAL (
  SELECT a.latitude, a.longitude FROM area a WHERE a.code = areas.codes[1] OFFSET 0) middle ON true
LEFT JOIN hours ON hours.id = base.id
LEFT JOIN lang ON lang.id = base.id
LEFT JOIN acc ON acc.id = base.id
LEFT JOIN room ON room.id = base.id
LEFT JOIN price ON price.id = base.id
ORDER BY base.nth""",
    weekly=_WEEKLY,
    week=MINUTES_A_WEEK,
    most=MOST_RANGES,
)


async def gather(session: AsyncSession, ids: Sequence[UUID]) -> Sequence[Any]:
    """What is here of these services, in their order; one that is not here is left out."""
    return (await session.execute(_GATHER, {"ids": list(ids)})).all()
