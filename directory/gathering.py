"""SQL that gathers what routing and search both hold of the services `sv`: opening hours, languages, accessibility."""

from __future__ import annotations

from .derived import MINUTES_A_WEEK, MOST_RANGES
from .sql import sql

# Of RFC 5545 only what recurs each week for good is an hour of the week.
_WEEKLY = sql(
    "h.valid_to IS NULL AND h.until IS NULL AND h.count IS NULL AND COALESCE(h.freq, 'WEEKLY') = 'WEEKLY' "
    "AND COALESCE(h.interval, 1) = 1 AND h.byweekno = '' AND h.bymonthday = '' AND h.byyearday = ''"
)
GATHERED = sql(
    """\
hour AS (
  SELECT sv.id, h.opens_at, h.closes_at, h.byday FROM sv JOIN schedule h ON h.service_id = sv.id AND {weekly}
  UNION ALL
  SELECT sv.id, h.opens_at, h.closes_at, h.byday FROM sv JOIN service_at_location k ON k.service_id = sv.id
  JOIN schedule h ON h.location_id = k.location_id AND h.service_id IS NULL AND {weekly}
  WHERE NOT EXISTS (SELECT FROM schedule own WHERE own.service_id = sv.id)),
minute AS (
  SELECT id, m AS opens, m + CASE WHEN len > 0 THEN len ELSE len + 1440 END AS closes FROM (
    SELECT id, (strpos('MOTUWETHFRSASU', d) - 1) / 2 * 1440 + extract(epoch FROM opens_at)::int / 60 AS m,
      extract(epoch FROM closes_at - opens_at)::int / 60 AS len
    FROM hour, unnest(string_to_array(byday, ',')) AS d
    WHERE opens_at IS NOT NULL AND closes_at IS NOT NULL AND length(d) = 2) x),
hours AS (
  SELECT id, CASE WHEN count(*) <= {most} THEN range_agg(r) END AS hours FROM (
    SELECT id, int4range(opens, least(closes, {week})) AS r FROM minute
    UNION SELECT id, int4range(0, closes - {week}) FROM minute WHERE closes > {week}) x
  GROUP BY id),
lang AS (
  SELECT id, (array_agg(DISTINCT code ORDER BY code))[1:20] AS codes FROM (
    SELECT sv.id, g.code FROM sv JOIN language g ON g.service_id = sv.id WHERE g.code IS NOT NULL
    UNION SELECT sv.id, g.code FROM sv JOIN service_at_location k ON k.service_id = sv.id
    JOIN language g ON g.location_id = k.location_id AND g.service_id IS NULL WHERE g.code IS NOT NULL) x GROUP BY id),
acc AS (
  SELECT sv.id, (array_agg(DISTINCT a.code ORDER BY a.code))[1:20] AS codes FROM sv
  JOIN service_at_location k ON k.service_id = sv.id JOIN accessibility a ON a.location_id = k.location_id
  WHERE a.code IS NOT NULL GROUP BY sv.id)""",
    weekly=_WEEKLY,
    week=MINUTES_A_WEEK,
    most=MOST_RANGES,
)
"""Common table expressions `hours`, `lang` and `acc`, each with the service's `id`."""
