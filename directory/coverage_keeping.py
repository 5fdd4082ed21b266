"""Keeping the sums of coverage in step with the directory: what a service put in is taken out, what it gives is put in.

Only what has changed is touched, so a second import of the same package writes nothing here. Sums change by addition
in one statement a cell, which is right however many people write at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlmodel.ext.asyncio.session import AsyncSession

from .coverage_tables import NEVER
from .sql import Fragment, listed, sql, statement

_BY_IDS = sql("SELECT unnest(CAST(:ids AS uuid[])) AS id")
# An import forgets details of its source it has not seen again, and may have moved areas: all these may have changed.
_BY_RUN = sql("""SELECT s.id FROM service s JOIN organization o ON o.id = s.organization_id
  WHERE s.seen = :run OR o.seen = :run OR s.source IN (SELECT source FROM organization WHERE seen = :run)
  UNION SELECT service_id FROM coverage_service WHERE touched && CAST(:moved AS text[])""")
_ALL = sql("SELECT id FROM service UNION SELECT service_id FROM coverage_service")

_MOVED = text(
    "WITH moved AS (SELECT a.code, a.parent, k.code IS NOT NULL AS known FROM area a LEFT JOIN coverage_area k "
    "ON k.code = a.code WHERE k.code IS NULL OR k.parent IS DISTINCT FROM a.parent), "
    "kept AS (INSERT INTO coverage_area (code, parent) SELECT code, parent FROM moved "
    "ON CONFLICT (code) DO UPDATE SET parent = excluded.parent) SELECT code FROM moved WHERE known"
)
# The code of a derived area names a town: where nobody uses it any more, nothing stays under it.
_GONE = text(
    "WITH gone AS (SELECT k.code FROM coverage_area k WHERE k.code LIKE '~%' "
    "AND NOT EXISTS (SELECT FROM area a WHERE a.code = k.code) "
    "AND NOT EXISTS (SELECT FROM coverage c WHERE c.area = k.code AND c.until <> '{}')), "
    "sums AS (DELETE FROM coverage c USING gone g WHERE c.area = g.code) "
    "DELETE FROM coverage_area k USING gone g WHERE k.code = g.code"
)
_LOCK_ROWS = text("SELECT id FROM service WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE")
_ONE_OF_MANY = text("SELECT pg_advisory_xact_lock_shared(hashtext('directory.coverage'))")
_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('directory.coverage'))")
# Fresh tables and CTEs have no statistics: loops would be chosen where everything must be read once.
# A dozen sorts and hashes may hold `work_mem` at once, each twice: what is not here goes to disk.
_WHOLE = text(
    "SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true), "
    "set_config('work_mem', '16MB', true)"
)
_SINGLE = text("SELECT set_config('enable_nestloop', 'on', true)")  # the rest ends with the transaction
_SAME = sql("network, day, needs, whole, touched, units, until, free")


def _weights(row: Fragment) -> Fragment:
    """What each moment adds, from sums of what lasts at least so long."""
    return sql(
        "SELECT k, {later} FROM unnest({row}.until, {row}.said, {row}.free, {row}.whole, {row}.whole_free) "
        "AS u(k, said, free, whole, whole_free) WINDOW w AS (ORDER BY k)",
        later=listed(("said", "free", "whole", "whole_free"), "{name} - COALESCE(lead({name}) OVER w, 0)"),
        row=row,
    )


def _keep(asked: Fragment) -> TextClause:
    return statement(
        """
WITH RECURSIVE asked AS MATERIALIZED ({asked}),
sv AS MATERIALIZED (
  SELECT s.id, COALESCE(o.network, '') AS network, COALESCE(s.assured_date - DATE '1970-01-01', -{never}) AS day
  FROM asked JOIN service s ON s.id = asked.id JOIN organization o ON o.id = s.organization_id
  WHERE s.status = 'active' AND o.status = 'active'),
declared AS MATERIALIZED (
  SELECT DISTINCT x.service_id AS id, x.area_code AS code FROM sv JOIN service_area x ON x.service_id = sv.id
  WHERE x.area_code IS NOT NULL),
up(code, above) AS (
  SELECT a.code, a.parent FROM area a WHERE a.code IN (SELECT code FROM declared) AND a.parent IS NOT NULL
  UNION SELECT up.code, a.parent FROM up JOIN area a ON a.code = up.above
  WHERE a.parent IS NOT NULL AND a.parent <> up.code),
inner_ones AS (
  SELECT d.id, d.code FROM declared d JOIN up ON up.code = d.code JOIN declared e ON e.id = d.id AND e.code = up.above),
covers AS MATERIALIZED (SELECT id, code FROM declared EXCEPT SELECT id, code FROM inner_ones),
wide AS (SELECT id, code FROM covers UNION SELECT c.id, up.above FROM covers c JOIN up ON up.code = c.code),
now_in AS MATERIALIZED (
  SELECT sv.id AS service_id, sv.network, sv.day, n.needs, c.whole, w.touched, COALESCE(f.units, '{{}}') AS units,
    COALESCE(f.until, '{{}}') AS until, COALESCE(f.free, '{{}}') AS free
  FROM sv
  JOIN (SELECT b.service_id, array_agg(DISTINCT t.need ORDER BY t.need) AS needs FROM sv
    JOIN attribute b ON b.service_id = sv.id JOIN taxonomy_term t ON t.id = b.taxonomy_term_id
    WHERE t.need IS NOT NULL GROUP BY 1) n ON n.service_id = sv.id
  JOIN (SELECT id, array_agg(code ORDER BY code) AS whole FROM covers GROUP BY 1) c ON c.id = sv.id
  JOIN (SELECT id, array_agg(code ORDER BY code) AS touched FROM wide GROUP BY 1) w ON w.id = sv.id
  LEFT JOIN (SELECT k.service_id, array_agg(k.unit ORDER BY k.unit) AS units,
    array_agg(CAST(extract(epoch FROM k.expires) * 1000000 AS bigint) ORDER BY k.unit) AS until,
    array_agg(k.available ORDER BY k.unit) AS free
    FROM sv JOIN service_capacity k ON k.service_id = sv.id GROUP BY 1) f ON f.service_id = sv.id),
was_in AS MATERIALIZED (SELECT c.* FROM asked JOIN coverage_service c ON c.service_id = asked.id),
put_in AS MATERIALIZED (SELECT service_id, {same} FROM now_in EXCEPT SELECT service_id, {same} FROM was_in),
taken_out AS MATERIALIZED (SELECT service_id, {same} FROM was_in EXCEPT SELECT service_id, {same} FROM now_in),
forgotten AS (
  DELETE FROM coverage_service c USING taken_out o WHERE c.service_id = o.service_id
  AND NOT EXISTS (SELECT FROM put_in p WHERE p.service_id = o.service_id)),
remembered AS (
  INSERT INTO coverage_service (service_id, {same}) SELECT service_id, {same} FROM put_in
  ON CONFLICT (service_id) DO UPDATE SET network = excluded.network, day = excluded.day, needs = excluded.needs,
    whole = excluded.whole, touched = excluded.touched, units = excluded.units, until = excluded.until,
    free = excluded.free),
one AS (
  SELECT 1 AS sign, {same} FROM put_in UNION ALL SELECT -1, {same} FROM taken_out),
point AS (
  SELECT a.area, n.need, one.network, m.measure, m.until, CAST(sum(sign) AS integer) AS said,
    CAST(sum(sign * m.free) AS bigint) AS free,
    CAST(COALESCE(sum(sign) FILTER (WHERE a.area = ANY(one.whole)), 0) AS integer) AS whole,
    CAST(COALESCE(sum(sign * m.free) FILTER (WHERE a.area = ANY(one.whole)), 0) AS bigint) AS whole_free
  FROM one, unnest(one.needs) AS n(need), unnest(one.touched) AS a(area),
    LATERAL (SELECT '' AS measure, CAST(one.day AS bigint) AS until, 0 AS free
      UNION ALL SELECT '=' || u.unit, u.until, u.free
      FROM unnest(one.units, one.until, one.free) AS u(unit, until, free)) m
  GROUP BY 1, 2, 3, 4, 5),
lasting AS (
  SELECT area, need, network, measure, until, said + sum(said) OVER every - sum(said) OVER w AS said,
    free + sum(free) OVER every - sum(free) OVER w AS free,
    whole + sum(whole) OVER every - sum(whole) OVER w AS whole,
    whole_free + sum(whole_free) OVER every - sum(whole_free) OVER w AS whole_free
  FROM point WHERE said <> 0 OR free <> 0 OR whole <> 0 OR whole_free <> 0
  WINDOW every AS (PARTITION BY area, need, network, measure), w AS (every ORDER BY until))
INSERT INTO coverage AS t (area, need, network, measure, until, said, free, whole, whole_free)
SELECT area, need, network, measure, array_agg(until ORDER BY until), array_agg(CAST(said AS integer) ORDER BY until),
  array_agg(CAST(free AS bigint) ORDER BY until), array_agg(CAST(whole AS integer) ORDER BY until),
  array_agg(CAST(whole_free AS bigint) ORDER BY until)
FROM lasting GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
ON CONFLICT (area, need, network, measure) DO UPDATE SET (until, said, free, whole, whole_free) = (
  SELECT COALESCE(array_agg(k ORDER BY k), '{{}}'), COALESCE(array_agg(CAST(said AS integer) ORDER BY k), '{{}}'),
    COALESCE(array_agg(CAST(free AS bigint) ORDER BY k), '{{}}'),
    COALESCE(array_agg(CAST(whole AS integer) ORDER BY k), '{{}}'),
    COALESCE(array_agg(CAST(whole_free AS bigint) ORDER BY k), '{{}}')
  FROM (SELECT k, sum(sum(said)) OVER w AS said, sum(sum(free)) OVER w AS free, sum(sum(whole)) OVER w AS whole,
      sum(sum(whole_free)) OVER w AS whole_free
    FROM (({old}) UNION ALL ({added})) AS weights(k, said, free, whole, whole_free)
    GROUP BY k HAVING sum(said) <> 0 WINDOW w AS (ORDER BY k DESC)) kept)""",
        asked=asked,
        never=-NEVER,
        same=_SAME,
        old=_weights(sql("t")),
        added=_weights(sql("excluded")),
    )


CHUNK = 50_000
"""Services whose sums are kept by one statement: the server holds some hundred bytes of each while it runs."""


def _between(asked: Fragment) -> Fragment:
    return sql(
        "SELECT id FROM ({asked}) x WHERE id > CAST(:after AS uuid) "
        "AND (CAST(:upto AS uuid) IS NULL OR id <= CAST(:upto AS uuid))",
        asked=asked,
    )


def _edge(asked: Fragment) -> TextClause:
    """The last service of the chunk that begins after `:after`; none where the chunk is the last."""
    return statement(
        "SELECT id FROM ({asked}) x WHERE id > CAST(:after AS uuid) ORDER BY id OFFSET CAST(:many AS integer) LIMIT 1",
        asked=asked,
    )


_KEEP_IDS = _keep(_BY_IDS)
_RUN, _EVERY = ((_edge(asked), _keep(_between(asked))) for asked in (_BY_RUN, _ALL))


async def keep(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Bring the sums in step with these services, whatever was done to them, deletion included."""
    if not ids:
        return
    given = {"ids": list(ids)}
    # Rows first, then the gate: an import holds its rows before it asks for the gate alone.
    await session.execute(_LOCK_ROWS, given)
    await session.execute(_ONE_OF_MANY)
    await session.execute(_KEEP_IDS, given)
    await session.execute(_GONE)


async def keep_run(session: AsyncSession, run: UUID) -> None:
    """Bring the sums in step with everything an import touched: its services, agencies, words and areas."""
    await session.execute(_ALONE)
    moved = [row[0] for row in (await session.execute(_MOVED)).all()]
    await _in_chunks(session, *_RUN, {"run": run, "moved": moved})


async def keep_all(session: AsyncSession) -> None:
    """Bring the sums in step with the whole directory, as after areas or words were changed by hand."""
    await session.execute(_ALONE)
    await session.execute(_MOVED)
    await _in_chunks(session, *_EVERY, {})


async def _in_chunks(session: AsyncSession, edge: TextClause, keeping: TextClause, given: dict[str, Any]) -> None:
    await session.execute(_WHOLE)
    after: UUID | None = UUID(int=0)
    while after is not None:
        upto = (await session.execute(edge, {**given, "after": after, "many": CHUNK - 1})).scalar()
        await session.execute(keeping, {**given, "after": after, "upto": upto})
        after = upto
    await session.execute(_GONE)
    await session.execute(_SINGLE)
