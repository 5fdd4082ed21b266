"""Gaps: every area and need for which a network that owes it offers nothing; and how many people live there."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .coverage import duties
from .search import AreaRow
from .taxonomy import NEEDS

MOST = 100


@dataclass(frozen=True, slots=True)
class Gap:
    """A network owes a need in an area and offers nothing there; `others` counts services of other networks."""

    area: AreaRow
    need: str
    network: str
    articles: tuple[str, ...]
    population: int | None
    population_year: int | None
    others: int


@dataclass(frozen=True, slots=True)
class GapPage:
    """One page of gaps, how many there are in all, and how many stand before this page."""

    rows: tuple[Gap, ...]
    total: int
    skipped: int


@dataclass(frozen=True, slots=True)
class GapQuery:
    """What to list. `inside`: within this area. `kind`: areas of this kind each; empty: the widest areas alone, a gap
    of a whole county standing for those of its townships."""

    inside: str | None = None
    need: str | None = None
    network: str | None = None
    kind: str | None = None


_GAPS = text(
    """
WITH RECURSIVE within AS (
  SELECT code FROM area WHERE CASE WHEN CAST(:inside AS text) IS NULL THEN parent IS NULL ELSE parent = :inside END
  UNION SELECT a.code FROM within w JOIN area a ON a.parent = w.code),
scope AS MATERIALIZED (
  SELECT a.* FROM within w JOIN area a ON a.code = w.code WHERE CAST(:kind AS text) IS NULL OR a.kind = :kind),
up(code, above) AS (
  SELECT code, parent FROM scope WHERE parent IS NOT NULL
  UNION SELECT up.code, a.parent FROM up JOIN area a ON a.code = up.above
  WHERE a.parent IS NOT NULL AND a.parent <> up.code),
duty AS (
  SELECT * FROM unnest(CAST(:needs AS text[]), CAST(:networks AS text[])) WITH ORDINALITY AS d(need, network, n)),
offered AS MATERIALIZED (
  SELECT area, need, network, said[1] AS said, whole[1] AS whole FROM coverage
  WHERE measure = '' AND said[1] > 0 AND need = ANY(CAST(:needs AS text[]))),
reached AS MATERIALIZED (
  SELECT area AS code, need, network, said FROM offered
  UNION ALL SELECT up.code, o.need, o.network, o.whole FROM up JOIN offered o ON o.area = up.above AND o.whole > 0),
gap AS MATERIALIZED (
  SELECT s.code, d.need, d.network FROM scope s CROSS JOIN duty d
  EXCEPT SELECT code, need, network FROM reached),
listed AS (
  SELECT g.*, s.parent FROM gap g JOIN scope s ON s.code = g.code LEFT JOIN gap p
    ON p.code = s.parent AND p.need = g.need AND p.network = g.network WHERE p.code IS NULL),
others AS (SELECT code, need, sum(said) AS services FROM reached GROUP BY 1, 2),
unmet AS (
  SELECT * FROM unnest(CAST(:u_areas AS text[]), CAST(:u_needs AS text[]), CAST(:u_counts AS integer[]))
  AS u(code, need, cases))
SELECT l.code, s.parent, s.kind, s.names, s.latitude, s.longitude, l.need, l.network, p.population, p.year,
  CAST(COALESCE(o.services, 0) AS integer), count(*) OVER ()
FROM listed l JOIN scope s ON s.code = l.code JOIN duty d ON d.need = l.need AND d.network = l.network
LEFT JOIN area_population p ON p.code = l.code
LEFT JOIN others o ON o.code = l.code AND o.need = l.need
LEFT JOIN unmet u ON u.code = l.code AND u.need = l.need
ORDER BY COALESCE(u.cases, 0) DESC, p.population DESC NULLS LAST, COALESCE(o.services, 0), d.n, l.code
LIMIT :first OFFSET :skip"""
)


async def gaps(
    session: AsyncSession,
    query: GapQuery,
    first: int = 50,
    skip: int = 0,
    unmet: Mapping[tuple[str, str], int] | None = None,
) -> GapPage:
    """Gaps, the gravest first: by `unmet` referrals of (area, need) if given, then by population where it is known,
    then by how little other networks offer there. `first` is cut to MOST."""
    asked = duties(query.need, query.network)
    counts = unmet or {}
    given: dict[str, Any] = {
        "inside": query.inside, "kind": query.kind, "needs": [d[0] for d in asked], "networks": [d[1] for d in asked],
        "u_areas": [k[0] for k in counts], "u_needs": [k[1] for k in counts], "u_counts": list(counts.values()),
        "first": max(1, min(first, MOST)), "skip": max(0, skip),
    }  # fmt: skip
    rows = (await session.execute(_GAPS, given)).all()
    found = tuple(Gap(AreaRow(*r[:6]), r[6], r[7], NEEDS[r[6]].articles, r[8], r[9], r[10]) for r in rows)
    if rows or not skip:
        return GapPage(found, rows[0][11] if rows else 0, skip)
    return GapPage((), (await gaps(session, query, 1)).total, skip)


@dataclass(slots=True)
class PopulationReport:
    """What became of a file of populations; `problems` are (line, code), codes of `directory.messages`."""

    set: int = 0
    problems: list[tuple[int, str]] = field(default_factory=list)


_SET = text(
    "INSERT INTO area_population (code, population, year) "
    "SELECT a.code, s.population, s.year FROM unnest(CAST(:codes AS text[]), CAST(:populations AS integer[]), "
    "CAST(:years AS smallint[])) AS s(code, population, year) JOIN area a ON a.code = s.code "
    "ON CONFLICT (code) DO UPDATE SET population = excluded.population, year = excluded.year RETURNING code"
)
_COLUMNS = ("code", "population", "year")


async def set_population(session: AsyncSession, rows: Mapping[str, tuple[int, int]]) -> set[str]:
    """Say how many people live in areas: code -> (people, year of the count). Answers the codes that are areas."""
    given = {
        "codes": list(rows),
        "populations": [p for p, _ in rows.values()],
        "years": [y for _, y in rows.values()],
    }
    return {r[0] for r in (await session.execute(_SET, given)).all()}


async def read_population(session: AsyncSession, content: bytes) -> PopulationReport:
    """Read a CSV with the columns code, population, year (UTF-8, with or without BOM) and set what it says.

    Lines that cannot be used are told and change nothing. ValueError when a column is missing or it is no UTF-8.
    """
    report = PopulationReport()
    rows: dict[str, tuple[int, int]] = {}
    at: dict[str, int] = {}
    try:
        told = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8: save it as CSV UTF-8") from None
    with StringIO(told, newline="") as file:
        lines = csv.DictReader(file)
        names = {(name or "").strip().lower(): name for name in lines.fieldnames or []}
        if missing := [name for name in _COLUMNS if name not in names]:
            raise ValueError(f"missing column: {', '.join(missing)}")
        for line in lines:
            values = [(line[names[name]] or "").strip() for name in _COLUMNS]
            problem = _problem(values, rows)
            if problem:
                report.problems.append((lines.line_num, problem))
            else:
                rows[values[0]], at[values[0]] = (int(values[1].replace(",", "")), int(values[2])), lines.line_num
    known = await set_population(session, rows)
    report.set = len(known)
    report.problems += [(line, "unknown_area") for code, line in at.items() if code not in known]
    report.problems.sort()
    return report


def _problem(values: list[str], rows: Mapping[str, object]) -> str:
    code, people, year = values[0], values[1].replace(",", ""), values[2]
    if not all(values):
        return "missing_value"
    if code in rows:
        return "duplicate"
    plain = people.isascii() and people.isdigit() and year.isascii() and year.isdigit()
    fits = plain and int(people) < 2_000_000_000 and 1900 <= int(year) <= 2200
    return "" if fits else "bad_value"
