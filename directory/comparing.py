"""Frozen results of rounds: read row by row, written as CSV or a workbook, and two of them compared."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import openpyxl
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from .progress import KEYS, RoundGroup
from .sheets import harmless
from .sql import sql, statement

COLUMNS = (
    "service_id", "name", "organization_id", "organization", "network", "asked", "status", "assured_date", "needs",
    "areas", "counties", "answer", "answered_at", "answered_by", "answered_for", "later_on", "stopped_on", "reason",
    "available", "unit", "capacity_updated",
)  # fmt: skip
"""Columns of a result as it is handed out: codes and ids, the same in every language."""

_ROWS = text(
    "SELECT service_id, name, organization_id, organization, network, asked, status, assured_date, needs, areas, "
    "counties, answer, answered_at, answered_by, answered_for, later_on, stopped_on, reason, available, unit, "
    "capacity_updated FROM inventory_result WHERE round_id = :id AND (CAST(:after AS uuid) IS NULL OR "
    "service_id > CAST(:after AS uuid)) ORDER BY service_id LIMIT 5000"
)


async def result(session: AsyncSession, round_id: UUID) -> AsyncIterator[Any]:
    """The rows of a frozen result in the order of service ids."""
    after: UUID | None = None
    while rows := (await session.execute(_ROWS, {"id": round_id, "after": after})).all():
        for row in rows:
            yield row
        after = rows[-1].service_id


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless(value.isoformat() if hasattr(value, "isoformat") else str(value))


def as_csv(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """A table as CSV in UTF-8, with the mark that makes Excel read it so; no cell is run as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_workbook(title: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """The same table as a workbook of one sheet; whole numbers stay numbers."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    sheet.append(list(columns))
    for row in rows:
        sheet.append([value if type(value) is int else _cell(value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Difference:
    """One group in an earlier and a later round. `attested`: unchanged or changed; `silent`: no answer, or later."""

    attested_before: int
    attested: int
    changed_before: int
    changed: int
    stopped_before: int
    stopped: int
    silent_before: int
    silent: int
    new_since: int
    """Services of the later round that the earlier did not ask about."""
    gone_since: int
    """Services of the earlier round that the later did not ask about."""
    fell_silent: int
    """Attested in the earlier round, without an answer in the later."""


_PAIRS = sql("""
 FROM (
  SELECT COALESCE(l.network, e.network) AS network, COALESCE(l.organization_id, e.organization_id) AS organization_id,
    COALESCE(l.counties, e.counties) AS counties, e.answer AS was, l.answer AS is_, e.service_id IS NOT NULL AS before,
    l.service_id IS NOT NULL AS after
  FROM (SELECT * FROM inventory_result WHERE round_id = :earlier) e
  FULL JOIN (SELECT * FROM inventory_result WHERE round_id = :later) l ON l.service_id = e.service_id) x""")
_TALLY = sql("""
count(*) FILTER (WHERE was IN ('unchanged', 'changed')), count(*) FILTER (WHERE is_ IN ('unchanged', 'changed')),
count(*) FILTER (WHERE was = 'changed'), count(*) FILTER (WHERE is_ = 'changed'),
count(*) FILTER (WHERE was = 'no_longer_offered'), count(*) FILTER (WHERE is_ = 'no_longer_offered'),
count(*) FILTER (WHERE before AND (was IS NULL OR was = 'later')),
count(*) FILTER (WHERE after AND (is_ IS NULL OR is_ = 'later')),
count(*) FILTER (WHERE after AND NOT before), count(*) FILTER (WHERE before AND NOT after),
count(*) FILTER (WHERE was IN ('unchanged', 'changed') AND after AND (is_ IS NULL OR is_ = 'later'))""")
_COMPARE = {
    by: statement(
        "SELECT {key}, {tally}{pairs}{more} GROUP BY 1 ORDER BY 1", key=key, tally=_TALLY, pairs=_PAIRS, more=more
    )
    for by, (key, more) in KEYS.items()
}


async def compare(session: AsyncSession, earlier: UUID, later: UUID, by: RoundGroup) -> dict[str, Difference]:
    """How two frozen results differ, by network, county or organization (keys as in `inventory.progress`).

    A service is counted where the later round has it, else where the earlier had it; in several counties, in each.
    """
    rows = (await session.execute(_COMPARE[by], {"earlier": earlier, "later": later})).all()
    return {str(row[0]): Difference(*row[1:]) for row in rows}


_NAMES = text(
    "SELECT organization_id, organization, organization_names FROM inventory_result WHERE round_id = ANY(:rounds) "
    "UNION ALL SELECT t.organization_id, o.name, o.name_i18n FROM inventory_task t "
    "JOIN organization o ON o.id = t.organization_id WHERE t.round_id = ANY(:rounds)"
)


async def organization_names(session: AsyncSession, rounds: Iterable[UUID]) -> dict[str, tuple[str, dict[str, str]]]:
    """Name and names by language of the organizations of these rounds, by id as text; as they are now, if known."""
    rows = (await session.execute(_NAMES, {"rounds": list(rounds)})).all()
    return {str(row[0]): (row[1], row[2]) for row in rows}
