"""The ranking in SQL: candidates by one index-only scan, the points of each reason, who is left out and why."""

from __future__ import annotations

from sqlalchemy import text

from .facts import ACT, NATIONALITY, UNSAID
from .hot import Hot
from .sql import Fragment, literal, name, sql

CANDIDATES = sql("""
WITH c AS (
  SELECT r.service_id, r.organization_id,
    max(CASE WHEN r.area = :area THEN 3 WHEN r.area = ANY(CAST(:chain AS text[])) THEN 2
      WHEN r.area = ANY(CAST(:inside AS text[])) THEN 1 ELSE 0 END) AS cover,
    bool_or(r.mandated) AS mandated, max(r.closed) AS closed, max(r.available) AS available, max(r.updated) AS updated,
    max(r.expires) AS expires,
    bool_or(r.hours @> CAST(:minute AS integer)) AS open, bool_or(:language = ANY(r.languages)) AS speaks,
    bool_or(:accessibility = ANY(r.accessibility)) AS accessible,
    bool_and(CAST(:age AS integer) IS NULL
      OR :age BETWEEN COALESCE(r.minimum_age, 0) AND COALESCE(r.maximum_age, 999)) AS age_fits,
    bool_and(CAST(:gender AS text) IS NULL OR r.genders = '{{}}' OR :gender = ANY(r.genders)) AS gender_fits,
    -- least() passes over NULLs: an unknown position would be the other side of the earth
    min(CASE WHEN r.latitude IS NOT NULL AND r.longitude IS NOT NULL AND CAST(:lat AS float8) IS NOT NULL
      THEN CAST(round(2 * 6371.0088 * asin(sqrt(least(1, power(sin(radians(r.latitude - :lat) / 2), 2)
      + cos(radians(:lat)) * cos(radians(r.latitude)) * power(sin(radians(r.longitude - :lon) / 2), 2))))) AS integer)
      END) AS km
  FROM service_route r WHERE r.need = :need AND r.area = ANY(CAST(:areas AS text[]))
    AND NOT r.service_id = ANY(CAST(:exclude AS uuid[]))
  GROUP BY r.service_id, r.organization_id)
""")


def _names(asked: str, mark: str) -> Fragment:
    """SQL: 1 where a service names the value asked for, -1 where it names others alone, 0 where it names none."""
    return sql(
        "CASE WHEN CAST(:{asked} AS text) IS NULL THEN NULL ELSE (SELECT CASE "
        "WHEN q.document @@ quote_literal({mark} || :{asked})::tsquery THEN 1 "
        "WHEN q.document @@ quote_literal({unsaid})::tsquery THEN 0 ELSE -1 END "
        "FROM service_search q WHERE q.service_id = c.service_id) END",
        asked=name(asked),
        mark=literal(mark),
        unsaid=literal(mark + UNSAID),
    )


_SCORED = sql(
    """{candidates}, n AS (SELECT c.*, {act} AS act, {nation} AS nation FROM c), s AS (SELECT c.*,
  CASE WHEN closed <> '' THEN closed WHEN NOT age_fits THEN 'age' WHEN NOT gender_fits THEN 'gender'
    WHEN available = 0 AND expires > :now THEN 'no_capacity' ELSE '' END AS why,
  CASE WHEN mandated THEN CAST(:w_mandate AS integer) ELSE 0 END
  + CASE cover WHEN 3 THEN CAST(:w_area AS integer) WHEN 2 THEN CAST(:w_county AS integer)
      WHEN 1 THEN CAST(:w_part AS integer) ELSE CAST(:w_elsewhere AS integer) END
  + CAST(:w_per_km AS integer) * least(COALESCE(km, CAST(:w_most_km AS integer)), CAST(:w_most_km AS integer))
  + CASE WHEN available IS NULL THEN CAST(:w_capacity_unknown AS integer)
      WHEN expires <= :now THEN CAST(:w_capacity_stale AS integer) ELSE CAST(:w_capacity_free AS integer) END
  + CASE WHEN NOT :pressing OR open IS NULL THEN 0 WHEN open THEN CAST(:w_open_now AS integer)
      ELSE CAST(:w_closed_now AS integer) END
  + CASE WHEN CAST(:language AS text) IS NULL THEN 0 WHEN speaks THEN CAST(:w_language_spoken AS integer)
      ELSE CAST(:w_language_missing AS integer) END
  + CASE WHEN CAST(:accessibility AS text) IS NULL THEN 0 WHEN accessible THEN CAST(:w_accessible AS integer)
      ELSE CAST(:w_accessible_unknown AS integer) END
  + CASE act WHEN 1 THEN CAST(:w_act_named AS integer) WHEN -1 THEN CAST(:w_act_other AS integer) ELSE 0 END
  + CASE nation WHEN 1 THEN CAST(:w_nationality_named AS integer)
      WHEN -1 THEN CAST(:w_nationality_other AS integer) ELSE 0 END
  + CASE WHEN p.answered IS NULL OR p.answered < CAST(:w_fewest_answers AS integer) THEN 0
      WHEN p.median_minutes <= CAST(:w_quick_hours AS integer) * 60 THEN CAST(:w_answers_quickly AS integer)
      WHEN p.median_minutes > CAST(:w_slow_hours AS integer) * 60 THEN CAST(:w_answers_slowly AS integer) ELSE 0 END
  + CASE WHEN p.in_hub THEN 0 ELSE CAST(:w_not_in_hub AS integer) END AS score,
  p.answered, p.median_minutes, COALESCE(p.in_hub, false) AS in_hub
  FROM n AS c LEFT JOIN organization_pace p USING (organization_id))
""",
    candidates=CANDIDATES,
    act=_names("act", ACT),
    nation=_names("nationality", NATIONALITY),
)
_FIELDS = sql(
    "service_id, cover, mandated, available, updated, expires, open, speaks, accessible, km, why, score, answered, "
    "median_minutes, in_hub, act, nation"
)
RANKED = Hot(
    sql(
        "{scored}SELECT {read} FROM ("
        "(SELECT * FROM s WHERE why = '' ORDER BY score DESC, service_id LIMIT :rows) UNION ALL "
        "(SELECT * FROM s WHERE why <> '' ORDER BY score DESC, service_id LIMIT :rows)) r "
        "ORDER BY why <> '', score DESC, service_id",
        scored=_SCORED,
        read=_FIELDS,
    )
)
"""The best that can be taken, then the best of those that fell out: every candidate is scored once."""

NEAREST = text(
    "SELECT code FROM area WHERE NOT code = ANY(CAST(:chain AS text[])) AND latitude IS NOT NULL "
    "ORDER BY power(latitude - :lat, 2) + power((longitude - :lon) * cos(radians(:lat)), 2), code LIMIT :rows"
)
INSIDE = Hot(
    sql(
        "WITH RECURSIVE down AS (SELECT code FROM area WHERE code = :area "
        "UNION SELECT a.code FROM down JOIN area a ON a.parent = down.code) SELECT code FROM down WHERE code <> :area"
    )
)
