"""What is done to the directory: a package imported, capacity set, a status changed. Each keeps routes and search."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from .coverage_keeping import keep, keep_run
from .exporting import PackageFormat, export_tables
from .forms import opened
from .history import said_by
from .json_export import export_json
from .loading import before, changed_since, finish, load, refused_value
from .packages import Limits, PackageRefused
from .refresh import (
    AS_PLANNED,
    LOOK_UPS,
    WHOLE_TABLES,
    derive_areas,
    displaced,
    refresh_run,
    refresh_services,
    standing,
)
from .reports import ImportReport, Problem, Progress, Step

_NAMES_NOBODY = ("", "human_services_data", "hub-directory")
"""What a package may declare without saying whose it is: nothing, HSDS's own template, any hub's export."""

LONGEST_SOURCE = 200
"""Characters of a source's name."""
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('directory.import'))")
_COUNT = text(
    "SELECT count(*), count(*) FILTER (WHERE x.service_id IS NULL), count(*) FILTER (WHERE n.service_id IS NULL) "
    "FROM service s LEFT JOIN (SELECT DISTINCT service_id FROM service_area WHERE area_code IS NOT NULL) x "
    "ON x.service_id = s.id LEFT JOIN (SELECT DISTINCT b.service_id FROM attribute b "
    "JOIN taxonomy_term t ON t.id = b.taxonomy_term_id WHERE t.need IS NOT NULL) n ON n.service_id = s.id "
    "WHERE s.source = :source AND s.seen = :run"
)


async def import_package(
    session: AsyncSession,
    path: Path,
    *,
    dry_run: bool,
    progress: Progress | None = None,
    source: str | None = None,
    limits: Limits | None = None,
    listen: Callable[[Problem], None] | None = None,
    begun: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Import an HSDS package (1.1 to 3.x as CSV or JSON, Ohana, a workbook: `forms`) and tell what became of every row.

    `source` names whose data it is: a second import under the same name updates by the source's own ids. None: the
    name the package declares. Where it declares none, or one that names nobody, the package is refused: two agencies'
    files are called alike, and one would overwrite the other. `hub`, what people write here, is nobody's to import.
    A dry run does all of it and takes it back, so it tells exactly what would happen. `begun` is called before the
    first row is written, when the report knows the source and how much of it is here. A package that cannot be used as
    a whole leaves nothing behind: `report.refused` says why, also that another import is under way. The report keeps
    some thousands of problems and counts all; `listen` is given each.
    """
    started = time.perf_counter()
    report = ImportReport((source or "").strip(), dry_run, listen=listen)
    savepoint = await session.begin_nested()
    try:
        if not await claim(session):
            raise PackageRefused("busy")
        with await asyncio.to_thread(opened, path, limits or Limits()) as package:
            report.source = _whose(report.source, package.declared_name)
            await said_by(session, f"import:{report.source}")
            report.known, past = await before(session, report.source)
            stood = await standing(session)
            if begun is not None:
                begun(report)
            await session.execute(LOOK_UPS)
            loaded = await load(session, package, report, progress)
        run = loaded.id
        await session.execute(WHOLE_TABLES)
        if progress is not None:
            progress(Step("finishing", 0, 0.0))
        await finish(session, report, run)
        report.changed = await changed_since(session, report.source, past)
        await derive_areas(session, report.source, run)
        around = {*loaded.around, *await displaced(session, stood, run)}
        counts = (await session.execute(_COUNT, {"source": report.source, "run": run})).one()
        report.services, report.services_without_area, report.services_without_need = counts
        await session.execute(AS_PLANNED)
        if not dry_run:
            await refresh_run(session, run, progress, report.services, sorted(around))
            await keep_run(session, run)
    except (PackageRefused, DBAPIError) as error:
        await savepoint.rollback()
        report.tables.clear()  # nothing became of any row
        refusal = error if isinstance(error, PackageRefused) else refused_value(error)
        report.refused = Problem(refusal.file, refusal.row, "", refusal.code, refusal.detail)
        report.tell(report.refused)
    except BaseException:
        await savepoint.rollback()
        raise
    else:
        await (savepoint.rollback() if dry_run else savepoint.commit())
    report.seconds = time.perf_counter() - started
    return report


async def claim(session: AsyncSession) -> bool:
    """Take for this transaction the right to import, of which there is one; False: another import is under way."""
    return bool((await session.execute(_LOCK)).scalar_one())


def _whose(given: str, declared: str) -> str:
    """Whose data it is. Raises PackageRefused where that is not said, or is said to be ours."""
    found = given or ("" if declared.strip() in _NAMES_NOBODY else declared.strip())
    if not found:
        raise PackageRefused("source_needed")
    if len(found) > LONGEST_SOURCE or not found.isprintable():
        raise PackageRefused("source_form")
    if found.casefold() == "hub":
        raise PackageRefused("source_reserved")
    return found


_SET_CAPACITY = text(
    "INSERT INTO service_capacity AS t (source, source_id, service_id, available, unit, updated, expires) "
    "SELECT 'hub', CAST(s.id AS text) || '/' || :unit, s.id, :available, :unit, :now, :expires FROM service s "
    "WHERE s.id = :service_id "
    "ON CONFLICT (service_id, unit) DO UPDATE SET available = excluded.available, updated = excluded.updated, "
    "expires = excluded.expires, source = excluded.source, source_id = excluded.source_id RETURNING t.id"
)
_ROUTE_CAPACITY = text(
    "UPDATE service_route SET available = c.available, updated = c.updated, expires = c.expires FROM ("
    "SELECT available, updated, expires FROM service_capacity WHERE service_id = :service_id "
    "ORDER BY updated DESC, available DESC, id LIMIT 1) c WHERE service_id = :service_id"
)


async def set_capacity(
    session: AsyncSession, service_id: UUID, available: int, unit: str, now: datetime, expires: datetime
) -> bool:
    """Say how many `unit`s a service has free, from `now` until `expires`. False: no such service.

    Raises ValueError for a negative number, an empty unit, or an expiry not after `now`.
    """
    if available < 0 or not unit.strip() or expires <= now:
        raise ValueError("capacity")
    given = {"service_id": service_id, "available": available, "unit": unit.strip(), "now": now, "expires": expires}
    if (await session.execute(_SET_CAPACITY, given)).first() is None:
        return False
    await session.execute(_ROUTE_CAPACITY, {"service_id": service_id})
    await keep(session, [service_id])
    return True


_SET_STATUS = text(
    "UPDATE service SET status = :status WHERE id = ANY(CAST(:ids AS uuid[])) AND status <> :status RETURNING id"
)


async def set_status(session: AsyncSession, services: Sequence[UUID], status: str) -> int:
    """Give services an HSDS status, and keep routing and search in step; how many had another one before."""
    rows = await session.execute(_SET_STATUS, {"ids": list(services), "status": status})
    changed = list(rows.scalars().all())
    if changed:
        await refresh_services(session, changed)
        await keep(session, changed)
    return len(changed)


_ASSURE = text("UPDATE service SET assured_date = :day WHERE id = ANY(CAST(:ids AS uuid[]))")


async def assure(session: AsyncSession, services: Sequence[UUID], day: date) -> None:
    """Services were looked at by their agency on `day` and hold as they are (HSDS `assured_date`)."""
    await session.execute(_ASSURE, {"ids": list(services), "day": day})
    await keep(session, services)


async def export_package(session: AsyncSession, path: Path, form: PackageFormat = "zip") -> dict[str, int]:
    """Write the directory as an HSDS 3 package (`folder`, `zip`), JSON or a workbook (`xlsx`); answers rows a table.

    A confidential location is exported as such, with nothing that tells where it is: there is nothing.
    """
    if form == "json":
        return await export_json(session, path)
    return await export_tables(session, path, form)
